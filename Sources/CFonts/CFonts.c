// Serves draw: the bytes of the typeface, embedded from the installed font when this file is compiled.
#include "CFonts.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const uint8_t regular[] = {
#embed OFFPRINT_FONT_REGULAR
};

static const uint8_t semibold[] = {
#embed OFFPRINT_FONT_SEMIBOLD
};

static const uint8_t italic[] = {
#embed OFFPRINT_FONT_ITALIC
};

offprint_font offprint_font_regular(void) { return (offprint_font){regular, sizeof regular}; }

offprint_font offprint_font_semibold(void) { return (offprint_font){semibold, sizeof semibold}; }

offprint_font offprint_font_italic(void) { return (offprint_font){italic, sizeof italic}; }
