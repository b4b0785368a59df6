// Offprint
