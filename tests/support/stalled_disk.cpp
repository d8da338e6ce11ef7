// Preloaded into a node: while the file $TROUPE_STALL exists, no sync to the disk
// comes back, as on a card that collects its garbage or an array that rebuilds.
#include <cstdlib>
#include <dlfcn.h>
#include <time.h>
#include <unistd.h>

namespace {

void stall() {
  static const char* const file = std::getenv("TROUPE_STALL");
  const timespec t{0, 5'000'000};
  while (file != nullptr && ::access(file, F_OK) == 0)
    ::nanosleep(&t, nullptr);
}

int through(const char* name, int fd) {
  stall();
  using call = int (*)(int);
  const auto real = reinterpret_cast<call>(dlsym(RTLD_NEXT, name));
  return real(fd);
}

} // namespace

extern "C" int fsync(int fd) { return through("fsync", fd); }
extern "C" int fdatasync(int fd) { return through("fdatasync", fd); }
