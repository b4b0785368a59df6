#pragma once
#include <stddef.h>
#include <stdint.h>

/// Room for an error's text, its final zero included.
enum { OFFPRINT_PNG_ERROR_SIZE = 200 };

/// One iTXt chunk: an ASCII keyword and UTF-8 text, both ending in zero.
typedef struct {
  const char *keyword;
  const char *text;
} offprint_png_text;

/// What to encode. `samples` are 1 (an index into `palette`) or 3 (RGB) bytes a pixel.
typedef struct {
  /// The rows, each after its filter byte, as a zlib stream.
  const uint8_t *stream;
  size_t stream_count;
  uint32_t width;
  uint32_t height;
  int samples;
  /// RGB triples, for one sample a pixel.
  const uint8_t *palette;
  int palette_count;
  uint32_t pixels_per_metre;
  const offprint_png_text *texts;
  int text_count;
} offprint_png_image;

/// The file's bytes, to be freed with `free`, or NULL and an error. The same input gives the same bytes; there is no time
/// stamp.
uint8_t *offprint_png_encode(const offprint_png_image *image, size_t *count, char *error);

/// RGBA bytes of any PNG file, to be freed with `free`, or NULL and an error.
uint8_t *offprint_png_decode(const uint8_t *bytes, size_t count, uint32_t *width, uint32_t *height, char *error);
