#pragma once

#include "tests/e2e/cluster/promise.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

// What goes on at nodes while they are killed: people who change documents, and
// meters that count. Each knows what it was promised.

namespace troupe::test {

/// Stops a thread between two pieces of its work.
class gate {
public:
  void open();
  /// Returns when nobody is inside any more.
  void close();
  void end();
  /// Waits while closed. @returns false when it is over
  bool enter();
  void leave();

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false, ended_ = false, inside_ = false;
};

/// One person who changes documents through the control interface, one after
/// the other, as fast as the node answers. Channels of one bus, told apart by
/// their labels.
class document_writer {
public:
  struct options {
    std::string socket;    ///< of the node that is asked
    std::string home;      ///< whose channels they are, maybe another node's; its bus has that name
    std::string name;      ///< of all its documents: NAME/0 ...
    int first_line = 0;    ///< of the bus; nobody else's
    int keys = 6;
    bool removes = false;  ///< also takes some out again
    std::uint32_t seed = 1;
  };
  explicit document_writer(options how);
  ~document_writer();
  document_writer(const document_writer&) = delete;
  document_writer& operator=(const document_writer&) = delete;

  void go() { gate_.open(); }
  void rest() { gate_.close(); }
  [[nodiscard]] const std::string& home() const noexcept { return how_.home; }
  /// While it rests.
  [[nodiscard]] std::map<std::string, promise>& promises() noexcept { return promises_; }
  /// As `code`: so many answers of that kind; "" were kept.
  [[nodiscard]] const std::map<std::string, std::uint64_t>& answers() const noexcept { return answers_; }
  /// The last of each kind, for people.
  [[nodiscard]] const std::map<std::string, std::string>& texts() const noexcept { return texts_; }

private:
  void run();
  void change(const std::string& key, promise& of);

  const options how_;
  gate gate_;
  std::map<std::string, promise> promises_;
  std::map<std::string, std::uint64_t> answers_;
  std::map<std::string, std::string> texts_;
  std::mt19937 chance_;
  std::uint64_t number_ = 0;
  std::thread thread_;
};

/// A meter's pulses: rising edges in a FIFO that a node plays as a recording
/// that never ends. What stays in it while the node is dead is read by the next.
class meter_pulses {
public:
  meter_pulses(std::string fifo, int per_second);
  ~meter_pulses();
  meter_pulses(const meter_pulses&) = delete;
  meter_pulses& operator=(const meter_pulses&) = delete;

  void go() { gate_.open(); }
  void rest() { gate_.close(); }
  [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }
  /// The node has read all of them.
  [[nodiscard]] bool drained() const;

private:
  void run();
  std::string path_;
  std::chrono::nanoseconds pause_;
  int fd_ = -1;
  gate gate_;
  std::atomic<std::uint64_t> sent_{0};
  std::thread thread_;
};

} // namespace troupe::test
