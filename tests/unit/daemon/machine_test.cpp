#undef CAF_SUITE
#define CAF_SUITE machine

#include "apps/daemon/machine.hpp"
#include "apps/daemon/threads/processor_ticks.hpp"
#include "tests/support/temp_folder.hpp"

#include <caf/test/dsl.hpp>

#include <filesystem>
#include <fstream>

using namespace troupe;
namespace fs = std::filesystem;

namespace {

void write(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream{path} << text;
}

void card(const fs::path& root, const std::string& name, const std::string& mac,
          const std::string& assigned = "0", bool real = true) {
  const auto dir = root / "sys/class/net" / name;
  write(dir / "address", mac + "\n");
  write(dir / "addr_assign_type", assigned + "\n");
  if (real)
    fs::create_directories(dir / "device");
}

} // namespace

CAF_TEST(a board is known by its serial number and not by its cards) {
  test::temp_folder root;
  card(root.path(), "eth0", "b8:27:eb:00:00:01");
  write(fs::path{root.path()} / "proc/device-tree/serial-number", std::string{"10000000abcdef\0", 15});
  CAF_CHECK_EQUAL(daemon::machine_fingerprint(root.path()), "serial 10000000abcdef");
}

CAF_TEST(without one it is known by the first card whose address is its own) {
  test::temp_folder root;
  write(fs::path{root.path()} / "proc/device-tree/serial-number", "0000000000000000");
  card(root.path(), "br0", "02:42:ac:11:00:02", "0", false); // no device behind it
  card(root.path(), "eth0", "5a:11:22:33:44:55", "3");       // drawn at each start
  card(root.path(), "lo", "00:00:00:00:00:00");
  card(root.path(), "wlan0", "b8:27:eb:00:00:02");
  card(root.path(), "eth1", "b8:27:eb:00:00:01");
  CAF_CHECK_EQUAL(daemon::machine_fingerprint(root.path()), "mac b8:27:eb:00:00:01");
}

CAF_TEST(a machine without either is not told apart) {
  test::temp_folder root;
  CAF_CHECK_EQUAL(daemon::machine_fingerprint(root.path()), "");
}

CAF_TEST(time of processes that give way is free time) {
  test::temp_folder root;
  CAF_CHECK(!daemon::processor_time_used(root.path()));
  write(fs::path{root.path()} / "proc/stat", "cpu  100 2000 30 4000 500 6 7 8 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n");
  const auto x = daemon::processor_time_used(root.path());
  CAF_REQUIRE(x.has_value());
  CAF_CHECK_EQUAL(x->used, 151u);
  CAF_CHECK_EQUAL(x->free, 6500u);
  const auto first = daemon::ticks_of("cpu0", root.path());
  CAF_REQUIRE(first.has_value());
  CAF_CHECK_EQUAL(first->busy, 4u);
  CAF_CHECK_EQUAL(first->stolen, 1u);
  CAF_CHECK_EQUAL(first->free, 3u);
  CAF_CHECK(!daemon::ticks_of("cpu1", root.path()));
  write(fs::path{root.path()} / "proc/stat", "nonsense");
  CAF_CHECK(!daemon::processor_time_used(root.path()));
}
