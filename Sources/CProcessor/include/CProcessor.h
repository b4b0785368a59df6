// What Swift cannot say: asking the processor what it has, a square root of a whole vector, shuffles within registers,
// prefetching, and choices lane by lane in vectors of many registers, which Swift compiles to one lane after the other.
#pragma once

#pragma STDC FP_CONTRACT OFF

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

/// Asks for memory that will be read and written soon.
static inline __attribute__((always_inline)) void offprint_prefetch(const float *address) {
  __builtin_prefetch(address, 1);
}

/// Asks for memory that will be read soon.
static inline __attribute__((always_inline)) void offprint_prefetch_read(const float *address) {
  __builtin_prefetch(address, 0);
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

// Functions of several registers side by side: the chain of one register alone would wait for itself most of the time.

typedef float offprint_floats __attribute__((ext_vector_type(64)));
typedef int offprint_ints __attribute__((ext_vector_type(64)));
typedef double offprint_doubles __attribute__((ext_vector_type(16)));
typedef long long offprint_longs __attribute__((ext_vector_type(16)));

#define OFFPRINT_INLINE static inline __attribute__((always_inline))

/// exp(x) in place of x, with an error below 2 ulp; 0 below -87.3, infinity above 88.7, NaN for NaN.
///
/// x = n ln 2 + r with |r| <= ln 2 / 2, and the Taylor polynomial of exp(r) to the seventh power.
OFFPRINT_INLINE void offprint_exponential(offprint_floats *value) {
  const offprint_floats x = *value;
  const offprint_floats low = -87.3f, high = 88.7f;
  // Adding 1.5 * 2^23 leaves the nearest whole number in the low bits of the sum.
  const offprint_floats shift = 12582912.0f;
  offprint_floats inside = x > high ? high : x;
  inside = low > inside ? low : inside;
  offprint_floats shifted = inside * 1.44269504f + shift;
  offprint_floats n = shifted - shift;
  offprint_floats r = inside - n * 0.69314575f;
  r = r - n * 1.4286068e-6f;
  offprint_floats p = r * 1.984127e-4f + 1.3888889e-3f;
  p = p * r + 8.3333333e-3f;
  p = p * r + 4.1666666e-2f;
  p = p * r + 1.6666667e-1f;
  p = p * r + 0.5f;
  p = p * (r * r) + r + 1.0f;
  offprint_ints exponent = __builtin_bit_cast(offprint_ints, shifted) - __builtin_bit_cast(offprint_ints, shift) + 127;
  p *= __builtin_bit_cast(offprint_floats, exponent << 23);
  p = x < low ? (offprint_floats)0.0f : p;
  p = x > high ? (offprint_floats)__builtin_inff() : p;
  *value = x != x ? x : p;
}

/// 64 times exp(x), in place.
OFFPRINT_INLINE void offprint_exponentials(float *values) {
  offprint_floats x;
  __builtin_memcpy(&x, values, sizeof x);
  offprint_exponential(&x);
  __builtin_memcpy(values, &x, sizeof x);
}

/// 64 times 1 / (1 + exp(-x)), in place.
OFFPRINT_INLINE void offprint_sigmoids(float *values) {
  offprint_floats x;
  __builtin_memcpy(&x, values, sizeof x);
  x = -x;
  offprint_exponential(&x);
  x = 1.0f / (1.0f + x);
  __builtin_memcpy(values, &x, sizeof x);
}

/// 64 times tanh(x) with an error below 5 ulp, in place: an odd polynomial near zero, (1 - e)/(1 + e) with e = exp(-2|x|)
/// elsewhere.
OFFPRINT_INLINE void offprint_hyperbolic_tangents(float *values) {
  offprint_floats x;
  __builtin_memcpy(&x, values, sizeof x);
  const offprint_ints sign = (int)0x80000000;
  offprint_floats magnitude = __builtin_bit_cast(offprint_floats, __builtin_bit_cast(offprint_ints, x) & ~sign);
  offprint_floats e = magnitude * -2.0f;
  offprint_exponential(&e);
  offprint_floats far = (1.0f - e) / (1.0f + e);
  far = __builtin_bit_cast(
      offprint_floats, __builtin_bit_cast(offprint_ints, far) | (__builtin_bit_cast(offprint_ints, x) & sign));
  offprint_floats square = x * x;
  offprint_floats p = square * 2.1869489e-2f - 5.3968254e-2f;
  p = p * square + 1.3333333e-1f;
  p = p * square - 3.3333333e-1f;
  offprint_floats near = x + x * square * p;
  x = magnitude < 0.125f ? near : (x != x ? x : far);
  __builtin_memcpy(values, &x, sizeof x);
}

/// exp(x) in place of x <= 0, with an error below 2 ulp; 0 below -745, NaN for NaN.
OFFPRINT_INLINE void offprint_small_exponential(offprint_doubles *value) {
  const offprint_doubles x = *value;
  const offprint_doubles shift = 6755399441055744.0;
  // Where the result is zero, an argument whose power of two is smaller than half of the smallest number.
  offprint_doubles inside = x < -745.0 ? (offprint_doubles)-746.0 : x;
  offprint_doubles shifted = inside * 1.4426950408889634 + shift;
  offprint_doubles n = shifted - shift;
  offprint_doubles r = (inside - n * 0x1.62e42fefa0000p-1) - n * 0x1.cf79abc9e3b39p-40;
  offprint_doubles p = r * (1.0 / 6227020800.0) + 1.0 / 479001600.0;
  p = p * r + 1.0 / 39916800.0;
  p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0;
  p = p * r + 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  p = p * (r * r) + r + 1.0;
  // Two factors, so that neither leaves the range of normal numbers.
  offprint_longs exponent = __builtin_bit_cast(offprint_longs, shifted) - __builtin_bit_cast(offprint_longs, shift);
  offprint_longs half = exponent >> 1;
  p *= __builtin_bit_cast(offprint_doubles, (half + 1023) << 52);
  *value = p * __builtin_bit_cast(offprint_doubles, (exponent - half + 1023) << 52);
}

/// log(1 + u)/u in place of 0 <= u <= 1, which is 1 at u = 0: 2/(2 + u) times the series of atanh(s)/s at s = u/(2 + u).
OFFPRINT_INLINE void offprint_logarithm_quotient(offprint_doubles *value) {
  const offprint_doubles u = *value;
  offprint_doubles s = u / (2.0 + u);
  offprint_doubles q = s * s;
  offprint_doubles p = 1.0 / 35.0;
#pragma clang loop unroll(full)
  for (int n = 33; n > 0; n -= 2) p = p * q + 1.0 / n;
  *value = 2.0 / (2.0 + u) * p;
}

/// 16 times 1 / (1 + exp(m)) for a margin m and, where `losses` is not null, log(1 + exp(-m)); both times exp(shift) for a
/// positive shift, which no margin that counts is below.
OFFPRINT_INLINE void offprint_logistic(const double *margins, double shift, double *factors, double *losses) {
  offprint_doubles m;
  __builtin_memcpy(&m, margins, sizeof m);
  offprint_doubles small = m > 0.0 ? -m : m;
  offprint_small_exponential(&small);
  offprint_doubles scaled = small;
  if (shift > 0) {
    scaled = shift - m;
    offprint_small_exponential(&scaled);
  }
  offprint_doubles factor = (m > 0.0 ? scaled : (offprint_doubles)1.0) / (1.0 + small);
  __builtin_memcpy(factors, &factor, sizeof factor);
  if (!losses) return;
  offprint_logarithm_quotient(&small);
  offprint_doubles quotient = scaled * small;
  offprint_doubles loss = m > 0.0 ? quotient : quotient - m;
  __builtin_memcpy(losses, &loss, sizeof loss);
}

/// 16 times cos(x), in place, by the operations of Elementary.cos; NaN where |x| > 10^6.
OFFPRINT_INLINE void offprint_cosines(double *values) {
  offprint_doubles x;
  __builtin_memcpy(&x, values, sizeof x);
  const offprint_doubles shift = 6755399441055744.0;
  offprint_doubles quarters = x * 0.6366197723675814;
  // The nearest whole number, of two the one farther from zero.
  offprint_doubles n = (quarters + shift) - shift;
  offprint_doubles rest = quarters - n;
  n = ((rest == 0.5) & (quarters > 0.0)) ? n + 1.0 : n;
  n = ((rest == -0.5) & (quarters < 0.0)) ? n - 1.0 : n;
  offprint_longs turn = __builtin_bit_cast(offprint_longs, n + shift) - __builtin_bit_cast(offprint_longs, shift) + 1;
  offprint_doubles r = x - n * 0x1.921fb54400000p+0;
  r = r - n * 0x1.0b4611a600000p-34;
  r = r - n * 0x1.3198a2e037073p-69;
  offprint_doubles square = r * r;
  offprint_doubles sine = 1.0 / 355687428096000.0;
  sine = sine * square - 1.0 / 1307674368000.0;
  sine = sine * square + 1.0 / 6227020800.0;
  sine = sine * square - 1.0 / 39916800.0;
  sine = sine * square + 1.0 / 362880.0;
  sine = sine * square - 1.0 / 5040.0;
  sine = sine * square + 1.0 / 120.0;
  sine = sine * square - 1.0 / 6.0;
  sine = r + r * square * sine;
  offprint_doubles cosine = -1.0 / 6402373705728000.0;
  cosine = cosine * square + 1.0 / 20922789888000.0;
  cosine = cosine * square - 1.0 / 87178291200.0;
  cosine = cosine * square + 1.0 / 479001600.0;
  cosine = cosine * square - 1.0 / 3628800.0;
  cosine = cosine * square + 1.0 / 40320.0;
  cosine = cosine * square - 1.0 / 720.0;
  cosine = cosine * square + 1.0 / 24.0;
  cosine = cosine * square - 1.0 / 2.0;
  cosine = 1.0 + square * cosine;
  offprint_doubles value = (turn & 1) == 0 ? sine : cosine;
  value = (turn & 2) == 0 ? value : -value;
  offprint_doubles size = x < 0.0 ? -x : x;
  x = size <= 1000000.0 ? value : (offprint_doubles)__builtin_nan("");
  __builtin_memcpy(values, &x, sizeof x);
}
