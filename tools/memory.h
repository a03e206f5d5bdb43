// For programs that make many runs: each run frees all it had, and the next one wants as much
// again.
#pragma once

#include <cstdlib>  // defines __GLIBC__, if it is that

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace tools {

// Freed memory stays the process's, instead of going back to the system to be asked for again, page
// by page. How much that is, is bounded by the largest run.
inline void keep_freed_memory() {
#ifdef __GLIBC__
  constexpr int kMiB = 1 << 20;
  mallopt(M_TRIM_THRESHOLD, 256 * kMiB);
  mallopt(M_MMAP_THRESHOLD, 32 * kMiB);
  mallopt(M_TOP_PAD, 4 * kMiB);
#endif
}

}  // namespace tools
