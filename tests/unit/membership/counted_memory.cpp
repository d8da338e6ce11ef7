#include "tests/unit/membership/counted_memory.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

// A file of its own: where the compiler sees both a `new` and this `free`, it
// takes them for strangers.

namespace {

std::atomic<std::uint64_t> pieces{0};

} // namespace

void* operator new(std::size_t size) {
  ++pieces;
  if (auto* at = std::malloc(size == 0 ? 1 : size))
    return at;
  throw std::bad_alloc{};
}
void operator delete(void* at) noexcept { std::free(at); }
void operator delete(void* at, std::size_t) noexcept { std::free(at); }

std::uint64_t troupe::test::pieces_of_memory() noexcept { return pieces; }
