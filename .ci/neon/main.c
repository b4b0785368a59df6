// The beginning of the program that prints the digests of the kernels, and what the Swift runtime asks of its system.
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

extern void print_kernel_digests(void (*print)(const char *name, uint64_t digest));

static void print_digest(const char *name, uint64_t digest) { printf("%s %016" PRIx64 "\n", name, digest); }

int main(void) {
  print_kernel_digests(print_digest);
  return 0;
}
