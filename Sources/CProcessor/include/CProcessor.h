// What Swift cannot say: asking the processor what it has, a square root of a whole vector, and shuffles within registers.
#pragma once

/// Instruction-set level of this processor: 0 none of them, 1 AVX2 with FMA, 2 AVX-512.
int offprint_processor_level(void);

typedef float offprint_vector __attribute__((ext_vector_type(16)));
typedef float offprint_four __attribute__((ext_vector_type(4)));
typedef float offprint_eight __attribute__((ext_vector_type(8)));

static inline __attribute__((always_inline)) offprint_vector offprint_sqrt(offprint_vector value) {
  return __builtin_elementwise_sqrt(value);
}

/// Four elements of `low` beside four of `high`.
static inline __attribute__((always_inline)) offprint_eight offprint_pair(const float *low, const float *high) {
  offprint_four a, b;
  __builtin_memcpy(&a, low, sizeof a);
  __builtin_memcpy(&b, high, sizeof b);
  return __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7);
}

#define OFFPRINT_SHUFFLE(name, ...)                                                                            \
  static inline __attribute__((always_inline)) offprint_eight name(offprint_eight a, offprint_eight b) {        \
    return __builtin_shufflevector(a, b, __VA_ARGS__);                                                         \
  }

/// Elements in turn, the first two of each half.
OFFPRINT_SHUFFLE(offprint_low, 0, 8, 1, 9, 4, 12, 5, 13)
/// Elements in turn, the last two of each half.
OFFPRINT_SHUFFLE(offprint_high, 2, 10, 3, 11, 6, 14, 7, 15)
/// The first pair of each half.
OFFPRINT_SHUFFLE(offprint_first, 0, 1, 8, 9, 4, 5, 12, 13)
/// The second pair of each half.
OFFPRINT_SHUFFLE(offprint_second, 2, 3, 10, 11, 6, 7, 14, 15)
