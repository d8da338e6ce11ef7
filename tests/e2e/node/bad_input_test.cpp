// What must not hurt: a clear error, nothing lost, nothing hung.

#define CAF_SUITE e2e_bad_input

#include "tests/support/test_house.hpp"

#include <caf/test/unit_test.hpp>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

using namespace troupe::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

const std::string small_house = R"(
[bus.sim]
driver = "sim"
[channel.lamp]
bus = "sim"
line = "out.1"
direction = "output"
)";

/// Sends bytes to a unix socket and reads until the other side closes or a
/// second has passed.
std::string send_raw(const std::string& path, const std::string& bytes) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::strncpy(to.sun_path, path.c_str(), sizeof to.sun_path - 1);
  std::string answer;
  if (connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0) {
    timeval limit{1, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    (void)!::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    char buffer[4096];
    ssize_t n;
    while ((n = recv(fd, buffer, sizeof buffer, 0)) > 0)
      answer.append(buffer, static_cast<std::size_t>(n));
  }
  close(fd);
  return answer;
}

} // namespace

CAF_TEST(malformed requests are answered and harm nobody) {
  test_house house{small_house};
  house.start();
  const std::string bad[] = {
    "\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", std::string(100000, 'A'),
    "POST /v1/apply HTTP/1.1\r\nContent-Length: 5\r\n\r\n{{{{{",
    "POST /v1/apply HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
    "GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", std::string(3, '\0'),
  };
  for (const auto& bytes : bad) {
    send_raw(house.socket(), bytes);
    CAF_CHECK_EQUAL(house.troupe({"status"}).exit, 0);
  }
}

CAF_TEST(a level of the journal that does not exist is refused and not taken for another) {
  test_house house{small_house};
  house.start();
  const auto get = [&](const std::string& level) {
    return send_raw(house.socket(), "GET /v1/log?level=" + level
                                      + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  };
  CAF_CHECK(get("warning").find("HTTP/1.1 200") == 0);
  const auto refused = get("nonsense");
  CAF_MESSAGE(refused);
  CAF_CHECK(refused.find("HTTP/1.1 400") == 0);
  CAF_CHECK(refused.find("level is 'nonsense'; there are debug") != std::string::npos);
}

CAF_TEST(broken TOML changes nothing and every problem is named) {
  test_house house{small_house};
  house.start();
  const auto before = house.troupe({"export"}).out;
  const auto answer = house.troupe({"apply", "-", "--yes"},
                                   "[channel.lamp]\nbus = \"sim\"\nline = \"out.1\"\ndirection = \"output\"\nlese = \"5s\"\n"
                                   "[channel.lamp2]\nbus = \"smi\"\nline = \"out.2\"\ndirection = \"output\"\n");
  CAF_CHECK(answer.exit != 0);
  const auto said = answer.out + answer.err;
  CAF_MESSAGE(said);
  CAF_CHECK(said.find("lease") != std::string::npos); // did you mean
  CAF_CHECK(said.find("smi") != std::string::npos);
  CAF_CHECK_EQUAL(house.troupe({"export"}).out, before);
}

CAF_TEST(a rule that does not compile is refused with its line) {
  test_house house{small_house};
  house.start();
  const auto answer = house.troupe({"apply", "-", "--yes"}, "[rule.bad]\nlua = '''\nset('lamp', on(\n'''\n");
  CAF_CHECK(answer.exit != 0);
  CAF_MESSAGE(answer.err);
  CAF_CHECK((answer.out + answer.err).find("bad") != std::string::npos);
}

CAF_TEST(a node with a bad configuration says so and ends) {
  test_house house{small_house, "worker-thraeds = 2\nlog-level = \"loud\"\n"};
  try {
    house.start();
    CAF_FAIL("started with a bad node.toml");
  } catch (const std::exception& why) {
    const std::string text = why.what();
    CAF_MESSAGE(text);
    CAF_CHECK(text.find("worker-threads") != std::string::npos);
    CAF_CHECK(text.find("log-level") != std::string::npos);
  }
}

CAF_TEST(a torn and a flipped WAL still open and the node says what it found) {
  test_house house{small_house};
  house.start();
  CAF_CHECK_EQUAL(house.troupe({"add", "channel", "lamp2", "bus=sim", "line=out.2", "direction=output"}).exit, 0);
  house.kill();
  for (const auto& file : fs::recursive_directory_iterator(house.data_dir()))
    if (file.path().extension() == ".log" && file.file_size() > 64) {
      std::fstream wal{file.path(), std::ios::in | std::ios::out | std::ios::binary};
      wal.seekp(static_cast<std::streamoff>(file.file_size() / 2));
      wal.write("\x5a\xa5\x5a\xa5", 4);
    }
  house.start();
  CAF_CHECK_EQUAL(house.troupe({"status"}).exit, 0);
}

CAF_TEST(I9 a full disk refuses configuration clearly and outputs go on) {
  if (geteuid() != 0) {
    CAF_MESSAGE("needs root to mount a small tmpfs; not run");
    return;
  }
  const fs::path small = fs::temp_directory_path() / ("troupe-full." + std::to_string(getpid()));
  fs::create_directory(small);
  if (mount("none", small.c_str(), "tmpfs", 0, "size=16m") != 0) {
    CAF_MESSAGE("this machine does not let us mount a tmpfs; not run");
    fs::remove(small);
    return;
  }
  {
    test_house house{small_house};
    fs::create_directory_symlink(small, house.data_dir());
    house.start();
    std::ofstream{small / "fill"} << std::string(20 << 20, 'x');
    // Enough writes to meet the full disk whatever is preallocated.
    finished refused;
    for (int i = 0; i < 400 && refused.exit != 1; ++i)
      refused = house.troupe({"add", "channel", "x/" + std::to_string(i), "bus=sim", "line=out." + std::to_string(100 + i),
                              "direction=output", "label=" + std::string(60, 'l')});
    CAF_MESSAGE(refused.err);
    CAF_CHECK_EQUAL(refused.exit, 1);
    CAF_CHECK_EQUAL(house.troupe({"set", "lamp", "on"}).exit, 0);
    const auto lamp = house.wait_for({"get", "lamp"}, [](auto& x) { return x.value("text", "") == "on"; });
    CAF_CHECK_EQUAL(lamp.value("text", ""), "on");
    fs::remove(small / "fill");
    // Found again by itself, without a restart.
    const auto well = house.wait_for({"status"}, [](auto& x) { return !x["store"]["degraded"].template get<bool>(); }, 30s);
    CAF_CHECK(!well["store"]["degraded"].get<bool>());
    house.kill();
  }
  umount(small.c_str());
  fs::remove(small);
}

CAF_TEST(a read-only data directory is a clear error and not a crash loop) {
  if (geteuid() != 0) {
    CAF_MESSAGE("needs root; not run");
    return;
  }
  const fs::path place = fs::temp_directory_path() / ("troupe-ro." + std::to_string(getpid()));
  fs::create_directory(place);
  if (mount("none", place.c_str(), "tmpfs", MS_RDONLY, "size=1m") != 0) {
    CAF_MESSAGE("this machine does not let us mount a tmpfs; not run");
    fs::remove(place);
    return;
  }
  {
    test_house house{small_house};
    fs::create_directory_symlink(place, house.data_dir());
    try {
      house.start();
      CAF_FAIL("started on a read-only disk");
    } catch (const std::exception& why) {
      const std::string text = why.what();
      CAF_MESSAGE(text);
      CAF_CHECK(text.find(house.data_dir()) != std::string::npos || text.find("ead-only") != std::string::npos);
    }
  }
  umount(place.c_str());
  fs::remove(place);
}
