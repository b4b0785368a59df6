// Serves draw: encodes figures through libpng. libpng's jumps never leave this file.
#include "CPNG.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  uint8_t *bytes;
  size_t count;
  size_t capacity;
} buffer;

static void keep_message(char *error, const char *message) {
  strncpy(error, message, OFFPRINT_PNG_ERROR_SIZE - 1);
  error[OFFPRINT_PNG_ERROR_SIZE - 1] = 0;
}

static void fail(png_structp png, png_const_charp message) {
  keep_message(png_get_error_ptr(png), message);
  png_longjmp(png, 1);
}

static void ignore_warning(png_structp png, png_const_charp message) {
  (void)png;
  (void)message;
}

static void append(png_structp png, png_bytep bytes, size_t count) {
  buffer *out = png_get_io_ptr(png);
  if (out->count + count > out->capacity) {
    size_t capacity = (out->count + count) * 2;
    uint8_t *grown = realloc(out->bytes, capacity);
    if (!grown) png_error(png, "out of memory");
    out->bytes = grown;
    out->capacity = capacity;
  }
  memcpy(out->bytes + out->count, bytes, count);
  out->count += count;
}

static void flush(png_structp png) { (void)png; }

static void write_image(png_structp png, png_infop info, const offprint_png_image *image) {
  int type = image->samples == 1 ? PNG_COLOR_TYPE_PALETTE : PNG_COLOR_TYPE_RGB;
  png_set_IHDR(
      png, info, image->width, image->height, 8, type, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
      PNG_FILTER_TYPE_DEFAULT);
  png_set_sRGB(png, info, PNG_sRGB_INTENT_RELATIVE);
  png_set_pHYs(png, info, image->pixels_per_metre, image->pixels_per_metre, PNG_RESOLUTION_METER);
  if (image->samples == 1) {
    png_color colors[256];
    for (int i = 0; i < image->palette_count && i < 256; i++) {
      const uint8_t *rgb = image->palette + 3 * i;
      colors[i] = (png_color){rgb[0], rgb[1], rgb[2]};
    }
    png_set_PLTE(png, info, colors, image->palette_count);
  }
  for (int i = 0; i < image->text_count; i++) {
    png_text text = {0};
    text.compression = PNG_ITXT_COMPRESSION_NONE;
    text.key = (char *)image->texts[i].keyword;
    text.text = (char *)image->texts[i].text;
    text.lang = "";
    text.lang_key = "";
    png_set_text(png, info, &text, 1);
  }
  png_write_info(png, info);
  // The rows come compressed, so libpng adds no IDAT of its own.
  png_write_chunk(png, (png_const_bytep) "IDAT", image->stream, image->stream_count);
  png_write_chunk(png, (png_const_bytep) "IEND", NULL, 0);
}

uint8_t *offprint_png_encode(const offprint_png_image *image, size_t *count, char *error) {
  *count = 0;
  error[0] = 0;
  buffer *out = calloc(1, sizeof *out);
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, error, fail, ignore_warning);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  uint8_t *result = NULL;
  if (!out || !info) {
    keep_message(error, "out of memory");
  } else if (!setjmp(png_jmpbuf(png))) {
    png_set_write_fn(png, out, append, flush);
    write_image(png, info, image);
    result = out->bytes;
    *count = out->count;
  }
  png_destroy_write_struct(&png, &info);
  // After a jump only what the heap holds is certain, hence the buffer there.
  if (out && *count == 0) free(out->bytes);
  free(out);
  return *count == 0 ? NULL : result;
}

uint8_t *offprint_png_decode(const uint8_t *bytes, size_t count, uint32_t *width, uint32_t *height, char *error) {
  error[0] = 0;
  png_image image = {.version = PNG_IMAGE_VERSION};
  if (!png_image_begin_read_from_memory(&image, bytes, count)) {
    keep_message(error, image.message);
    return NULL;
  }
  image.format = PNG_FORMAT_RGBA;
  uint8_t *pixels = malloc(PNG_IMAGE_SIZE(image));
  if (!pixels) {
    keep_message(error, "out of memory");
    png_image_free(&image);
    return NULL;
  }
  if (!png_image_finish_read(&image, NULL, pixels, 0, NULL)) {
    keep_message(error, image.message);
    free(pixels);
    return NULL;
  }
  *width = image.width;
  *height = image.height;
  return pixels;
}
