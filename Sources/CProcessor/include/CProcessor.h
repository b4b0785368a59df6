// What Swift cannot say: asking the processor what it has, and a square root of a whole vector.
#pragma once

/// Instruction-set level of this processor: 0 none of them, 1 AVX2 with FMA, 2 AVX-512.
int offprint_processor_level(void);

typedef float offprint_vector __attribute__((ext_vector_type(16)));

static inline __attribute__((always_inline)) offprint_vector offprint_sqrt(offprint_vector value) {
  return __builtin_elementwise_sqrt(value);
}
