#include "tests/e2e/cluster/load.hpp"

#include "apps/client/node.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>

namespace troupe::test {

using namespace std::chrono_literals;

// --- gate ----------------------------------------------------------------------

void gate::open() {
  std::lock_guard lock{mutex_};
  open_ = true;
  changed_.notify_all();
}

void gate::close() {
  std::unique_lock lock{mutex_};
  open_ = false;
  changed_.wait(lock, [&] { return !inside_; });
}

void gate::end() {
  std::lock_guard lock{mutex_};
  ended_ = true;
  changed_.notify_all();
}

bool gate::enter() {
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [&] { return open_ || ended_; });
  inside_ = !ended_;
  return inside_;
}

void gate::leave() {
  std::lock_guard lock{mutex_};
  inside_ = false;
  changed_.notify_all();
}

// --- documents -------------------------------------------------------------------

document_writer::document_writer(options how) : how_(std::move(how)), chance_(how_.seed) {
  ::signal(SIGPIPE, SIG_IGN);
  for (int i = 0; i < how_.keys; ++i)
    promises_[fmt::format("{}/{}", how_.name, i)];
  thread_ = std::thread{[this] { run(); }};
}

document_writer::~document_writer() {
  gate_.end();
  thread_.join();
}

void document_writer::run() {
  while (gate_.enter()) {
    // Of a document in doubt an earlier change may still arrive: it rests.
    std::vector<std::string> free;
    for (auto& [key, of] : promises_)
      if (!of.in_doubt())
        free.push_back(key);
    if (free.empty()) {
      std::this_thread::sleep_for(10ms);
    } else {
      const auto& key = free[chance_() % free.size()];
      change(key, promises_.at(key));
    }
    gate_.leave();
  }
}

void document_writer::change(const std::string& key, promise& of) {
  client::target to;
  to.socket = how_.socket;
  const client::node node{client::resolve(to)};
  const bool removes = how_.removes && of.known() && chance_() % 6 == 0;
  const auto text = std::to_string(++number_);
  of.asked(removes ? promise::text{} : promise::text{text});
  const auto said = removes ? node.remove("/v1/config/channel/" + key)
                            : node.post("/v1/apply", {{"toml", fmt::format("[channel.\"{}\"]\nbus = \"{}\"\nline = \"in.{}\"\n"
                                                                           "label = \"{}\"\n",
                                                                           key, how_.home, how_.first_line + std::stoi(key.substr(key.rfind('/') + 1)), text)}});
  if (said) {
    // Who is away is written for; else its own node has done it.
    const bool away = said->value("advice", nlohmann::json::array()).dump().find("is not linked now") != std::string::npos;
    of.acknowledged(away ? how_.socket : how_.home);
    ++answers_[""];
    return;
  }
  const auto& why = said.why();
  if (why.kind == client::trouble::no_node) { // nobody heard it
    of.refused();
    ++answers_["nobody"];
    std::this_thread::sleep_for(5ms);
    return;
  }
  const auto code = why.code.empty() ? "lost" : why.code;
  ++answers_[code];
  texts_[code] = why.text;
}

// --- pulses ------------------------------------------------------------------------

meter_pulses::meter_pulses(std::string fifo, int per_second)
  : path_(std::move(fifo)), pause_(std::chrono::nanoseconds{1s} / per_second) {
  if (::mkfifo(path_.c_str(), 0600) != 0)
    throw std::runtime_error("mkfifo " + path_);
  // Read and write, so that the FIFO lives through the node's deaths.
  fd_ = ::open(path_.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK);
  thread_ = std::thread{[this] { run(); }};
}

meter_pulses::~meter_pulses() {
  gate_.end();
  thread_.join();
  ::close(fd_);
}

bool meter_pulses::drained() const {
  int bytes = 0;
  return ::ioctl(fd_, FIONREAD, &bytes) == 0 && bytes == 0;
}

void meter_pulses::run() {
  while (gate_.enter()) {
    const auto line = fmt::format("{}.{:09} meter rising\n", sent_ / 1000, sent_ % 1000 * 1'000'000);
    if (::write(fd_, line.data(), line.size()) == static_cast<ssize_t>(line.size()))
      ++sent_;
    gate_.leave();
    std::this_thread::sleep_for(pause_);
  }
}

} // namespace troupe::test
