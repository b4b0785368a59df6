// The streams
