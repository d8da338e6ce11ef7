#include "drivers/replay/playback.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace troupe::drivers::replay {

namespace {

class stream_playback final : public playback {
public:
  stream_playback(const bus_config& config, stage& to, int fd)
    : playback(config.name, to), fd_(fd), stop_bell_(eventfd(0, EFD_CLOEXEC)) {
    begin();
  }

  ~stream_playback() override {
    end();
    close(stop_bell_);
    close(fd_);
  }

  std::string position() const override {
    return fmt::format("live: {} events, {} bad lines", events_.load(), bad_lines_.load());
  }

private:
  void interrupt() override {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = write(stop_bell_, &one, sizeof one);
  }

  void play() override {
    std::array<pollfd, 2> waits{{{fd_, POLLIN, 0}, {stop_bell_, POLLIN, 0}}};
    while (!stopped()) {
      if (poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR)
        return fail({errc::io_error, fmt::format("cannot wait: {}", std::strerror(errno))});
      if (stopped())
        return;
      const auto got = read(fd_, buffer_.data(), buffer_.size());
      if (got < 0 && (errno == EAGAIN || errno == EINTR))
        continue;
      if (got < 0)
        return fail({errc::io_error, fmt::format("cannot read: {}", std::strerror(errno))});
      if (got == 0)
        return fail({errc::closed, "the stream has ended"});
      take({buffer_.data(), static_cast<std::size_t>(got)});
    }
  }

  void take(std::string_view bytes) {
    const mono_ns now = system_clocks().mono();
    splitter_.feed(bytes);
    while (const auto line = splitter_.next()) {
      const auto parsed = line->size() > max_line_bytes
                            ? result<std::optional<event>>{error{errc::over_limit, ""}}
                            : parser_.parse(*line, splitter_.number());
      if (!parsed) {
        // What stood there may have been an edge of any line: a node that was
        // killed has read half a line, and we find the other half.
        ++bad_lines_;
        stage_.tell_gap(now);
      } else if (*parsed) {
        ++events_;
        tell(**parsed, now);
      }
    }
  }

  void tell(const event& e, mono_ns at) {
    while (inputs_.size() < parser_.lines().size())
      inputs_.push_back(&stage_.add(parser_.lines()[inputs_.size()]));
    auto guard = stage_.lock();
    stage_.tell(*inputs_[e.line], e, at);
  }

  const int fd_;
  const int stop_bell_;
  // As much as one writer hands over in one piece (PIPE_BUF): a killed node
  // takes no more than this with it.
  std::array<char, 4096> buffer_;
  line_splitter splitter_;
  recording_parser parser_{source_kind::stream};
  std::vector<stage::input*> inputs_;
  std::atomic<std::uint64_t> events_{0};
  std::atomic<std::uint64_t> bad_lines_{0};
};

} // namespace

std::unique_ptr<playback> play_stream(const bus_config& config, stage& to, int fd) {
  return std::make_unique<stream_playback>(config, to, fd);
}

} // namespace troupe::drivers::replay
