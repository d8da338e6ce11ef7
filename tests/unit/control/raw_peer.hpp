#pragma once

#include <chrono>
#include <string>

namespace troupe::test {

/// A peer that says exactly what a test wants, byte by byte, and waits for
/// answers with a bound.
class raw_peer {
public:
  explicit raw_peer(const std::string& socket);
  ~raw_peer();
  raw_peer(const raw_peer&) = delete;
  raw_peer& operator=(const raw_peer&) = delete;

  [[nodiscard]] bool connected() const noexcept { return connected_; }

  /// @returns false if the other side has closed.
  bool send(const std::string& bytes);
  void end_sending();

  /// What comes until the other side closes or `within` has passed.
  std::string read_all(std::chrono::milliseconds within = std::chrono::seconds{5});

  /// What comes until it contains `text`; all that came before time-out otherwise.
  std::string read_until(const std::string& text,
                         std::chrono::milliseconds within = std::chrono::seconds{5});

  [[nodiscard]] bool closed() const noexcept { return closed_; }

private:
  int fd_;
  bool connected_ = false;
  bool closed_ = false;
};

/// A directory of its own that goes with the test.
class temp_dir {
public:
  temp_dir();
  ~temp_dir();
  [[nodiscard]] std::string path(const std::string& name) const { return path_ + "/" + name; }

private:
  std::string path_;
};

/// Waits until `fact()` is true. @returns false after five seconds.
template <class F>
bool eventually(F fact);

} // namespace troupe::test

#include <thread>

namespace troupe::test {

template <class F>
bool eventually(F fact) {
  for (int i = 0; i < 1000; ++i) {
    if (fact())
      return true;
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  return fact();
}

} // namespace troupe::test
