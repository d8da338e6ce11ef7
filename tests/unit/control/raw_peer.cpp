#include "tests/unit/control/raw_peer.hpp"

#include <cstring>
#include <filesystem>

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace troupe::test {

raw_peer::raw_peer(const std::string& socket)
  : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, socket.c_str(), sizeof(address.sun_path) - 1);
  connected_ = connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
}

raw_peer::~raw_peer() {
  close(fd_);
}

bool raw_peer::send(const std::string& bytes) {
  return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL)
         == static_cast<ssize_t>(bytes.size());
}

void raw_peer::end_sending() {
  shutdown(fd_, SHUT_WR);
}

std::string raw_peer::read_all(std::chrono::milliseconds within) {
  return read_until(std::string(1, '\0') + "never", within);
}

std::string raw_peer::read_until(const std::string& text, std::chrono::milliseconds within) {
  const auto end = std::chrono::steady_clock::now() + within;
  std::string result;
  char space[4096];
  while (result.find(text) == std::string::npos) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      end - std::chrono::steady_clock::now());
    pollfd one{fd_, POLLIN, 0};
    if (left.count() <= 0 || poll(&one, 1, static_cast<int>(left.count())) <= 0)
      return result;
    const auto n = recv(fd_, space, sizeof(space), 0);
    if (n <= 0) {
      closed_ = true;
      return result;
    }
    result.append(space, static_cast<std::size_t>(n));
  }
  return result;
}

temp_dir::temp_dir() {
  char name[] = "/tmp/troupe-control-XXXXXX";
  path_ = mkdtemp(name);
}

temp_dir::~temp_dir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

} // namespace troupe::test
