// How often the program asked for memory.
#pragma once

#include <cstddef>

namespace bench {

/// Calls of operator new so far.
std::size_t allocations() noexcept;
/// Bytes that the heap holds for the program right now (mallinfo2).
std::size_t heap_in_use() noexcept;

}  // namespace bench
