// Preloaded into a program, moves its wall clock by as many seconds as the file
// $TROUPE_CLOCK_FILE holds (8 bytes, binary); it may change at any time. The next 8
// bytes, if they are there, tell whether the network keeps that clock right. The
// kernel has no namespace for CLOCK_REALTIME, and setting the machine's clock
// would disturb everybody else on it.
//
// What it cannot do: a wait of the kernel's until a wall-clock time still uses
// the true clock. Nothing in Troupe waits so.

#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

namespace {

struct clock_file {
  std::int64_t seconds;
  std::int64_t synchronised;
};

const volatile clock_file* shift = nullptr;

__attribute__((constructor)) void begin() {
  const char* path = std::getenv("TROUPE_CLOCK_FILE");
  const int fd = path != nullptr ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (fd < 0)
    return;
  void* const page = mmap(nullptr, sizeof *shift, PROT_READ, MAP_SHARED, fd, 0);
  if (page != MAP_FAILED)
    shift = static_cast<const volatile clock_file*>(page);
  close(fd);
}

std::int64_t seconds() { return shift != nullptr ? shift->seconds : 0; }

} // namespace

extern "C" int clock_gettime(clockid_t which, timespec* t) noexcept {
  const auto how = static_cast<int>(syscall(SYS_clock_gettime, which, t));
  if (how == 0 && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE))
    t->tv_sec += seconds();
  return how;
}

extern "C" int gettimeofday(timeval* t, void*) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  t->tv_sec = now.tv_sec;
  t->tv_usec = now.tv_nsec / 1000;
  return 0;
}

extern "C" time_t time(time_t* t) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (t != nullptr)
    *t = now.tv_sec;
  return now.tv_sec;
}

/// Only looking is known here. The rest of the page of a short file is zeros: nobody
/// keeps such a clock right.
extern "C" int adjtimex(timex* t) noexcept {
  *t = {};
  const bool right = shift != nullptr && shift->synchronised != 0;
  t->status = right ? 0 : STA_UNSYNC;
  return right ? TIME_OK : TIME_ERROR;
}
