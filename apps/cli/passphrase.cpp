#include "apps/cli/passphrase.hpp"

#include "cluster/identity/files.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <optional>

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

namespace troupe::cli {

namespace {

/// The terminal itself: standard input may be a file.
class quiet_terminal {
public:
  quiet_terminal() : fd_(::open("/dev/tty", O_RDWR | O_CLOEXEC)) {
    if (fd_ < 0 || ::tcgetattr(fd_, &before_) != 0)
      return;
    auto silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = ::tcsetattr(fd_, TCSAFLUSH, &silent) == 0;
  }
  quiet_terminal(const quiet_terminal&) = delete;
  quiet_terminal& operator=(const quiet_terminal&) = delete;
  ~quiet_terminal() {
    if (changed_)
      ::tcsetattr(fd_, TCSAFLUSH, &before_);
    if (fd_ >= 0)
      ::close(fd_);
  }

  /// @returns nothing without a terminal, or when its input ended
  std::optional<std::string> ask(const std::string& question) {
    if (!changed_ || ::write(fd_, question.data(), question.size()) < 0)
      return {};
    std::string line;
    for (char c = 0;;) {
      const auto n = ::read(fd_, &c, 1);
      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return {};
      if (c == '\n')
        break;
      line += c;
    }
    (void) !::write(fd_, "\n", 1);
    return line;
  }

private:
  int fd_;
  termios before_{};
  bool changed_ = false;
};

} // namespace

result<std::string> ask_passphrase(const std::string& file, const std::string& question, bool twice) {
  if (!file.empty()) {
    const auto text = identity::read_text(file);
    if (!text)
      return text.why();
    return text->substr(0, text->find_first_of("\r\n"));
  }
  quiet_terminal terminal;
  const auto first = terminal.ask(question + ": ");
  if (!first)
    return error{errc::invalid_argument, "no terminal to ask for the passphrase: name a file with --passphrase-file"};
  if (twice) {
    const auto second = terminal.ask(question + " (again): ");
    if (!second || *second != *first)
      return error{errc::invalid_argument, "the two differ; nothing was done"};
  }
  return *first;
}

} // namespace troupe::cli
