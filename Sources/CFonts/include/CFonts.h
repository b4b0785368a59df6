#pragma once
#include <stddef.h>
#include <stdint.h>

/// A TrueType file in memory; the bytes live as long as the program.
typedef struct {
  const uint8_t *bytes;
  size_t count;
} offprint_font;

offprint_font offprint_font_regular(void);
offprint_font offprint_font_semibold(void);
offprint_font offprint_font_italic(void);
