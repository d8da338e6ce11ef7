#include "drivers/replay/reader.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace troupe::drivers::replay {

namespace {

error system_error(const std::string& path, const char* doing, int number) {
  const errc code = number == ENOENT   ? errc::not_found
                    : number == EACCES ? errc::permission_denied
                                       : errc::io_error;
  return {code, fmt::format("recording '{}': cannot {}: {}", path, doing, std::strerror(number))};
}

/// The lines of a file.
class line_file {
public:
  explicit line_file(std::string path) : path_(std::move(path)) {}
  ~line_file() {
    if (fd_ >= 0)
      close(fd_);
  }
  line_file(const line_file&) = delete;
  line_file& operator=(const line_file&) = delete;

  status open() {
    fd_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd_ < 0)
      return system_error(path_, "open it", errno);
    return {};
  }

  result<std::optional<std::string_view>> next() {
    for (;;) {
      if (auto line = splitter_.next())
        return line;
      if (ended_)
        return std::optional<std::string_view>{};
      const auto got = read(fd_, buffer_.data(), buffer_.size());
      if (got < 0 && errno == EINTR)
        continue;
      if (got < 0)
        return system_error(path_, "read it", errno);
      if (got == 0) {
        ended_ = true;
        return splitter_.rest();
      }
      splitter_.feed({buffer_.data(), static_cast<std::size_t>(got)});
    }
  }

  std::size_t number() const { return splitter_.number(); }

private:
  const std::string path_;
  int fd_ = -1;
  bool ended_ = false;
  line_splitter splitter_;
  std::array<char, 65'536> buffer_;
};

result<std::optional<event>> parse_bounded(recording_parser& parser, std::string_view line,
                                           std::size_t number) {
  if (line.size() > max_line_bytes)
    return error{errc::over_limit, fmt::format("expected at most {} bytes", max_line_bytes)};
  return parser.parse(line, number);
}

class file_source final : public event_source {
public:
  explicit file_source(const std::string& path) : path_(path), file_(path) {}

  status open() { return file_.open(); }

  result<std::optional<event>> next() override {
    for (;;) {
      const auto line = file_.next();
      if (!line)
        return line.why();
      if (!*line)
        return std::optional<event>{};
      auto parsed = parse_bounded(parser_, **line, file_.number());
      if (!parsed)
        return error{errc::corrupt, place(path_, file_.number(), **line, parsed.why())
                                      + " (the file changed while it was played)"};
      if (*parsed)
        return parsed;
    }
  }

private:
  const std::string path_;
  line_file file_;
  recording_parser parser_{source_kind::file};
};

} // namespace

std::optional<std::string_view> line_splitter::next() {
  const auto end = bytes_.find('\n');
  if (end == bytes_.npos) {
    if (!bytes_.empty()) {
      keep(bytes_);
      has_begun_ = true;
    }
    bytes_ = {};
    return std::nullopt;
  }
  const auto part = bytes_.substr(0, end);
  bytes_.remove_prefix(end + 1);
  ++number_;
  if (!has_begun_)
    return part.substr(0, max_line_bytes + 1);
  keep(part);
  has_begun_ = false;
  line_.swap(begun_);
  begun_.clear();
  return line_;
}

std::optional<std::string_view> line_splitter::rest() {
  if (!has_begun_)
    return std::nullopt;
  ++number_;
  has_begun_ = false;
  line_.swap(begun_);
  begun_.clear();
  return line_;
}

void line_splitter::keep(std::string_view part) {
  begun_.append(part.substr(0, max_line_bytes + 1 - begun_.size()));
}

std::string place(const std::string& path, std::size_t number, std::string_view text,
                  const error& why) {
  std::string shown{text.substr(0, 60)};
  for (char& c : shown) {
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f)
      c = '?';
  }
  if (text.size() > 60)
    shown += "...";
  return fmt::format("{}:{}: '{}': {}", path, number, shown, why.context);
}

result<recording_facts> validate(const std::string& path) {
  line_file file{path};
  if (auto opened = file.open(); !opened)
    return opened.why();
  recording_parser parser{source_kind::file};
  recording_facts facts;
  std::string told;
  std::size_t problems = 0;
  for (;;) {
    const auto line = file.next();
    if (!line)
      return line.why();
    if (!*line)
      break;
    const auto parsed = parse_bounded(parser, **line, file.number());
    if (!parsed) {
      if (++problems <= max_told)
        told += (told.empty() ? "" : "\n") + place(path, file.number(), **line, parsed.why());
    } else if (*parsed) {
      facts.last = (*parsed)->at;
      if (facts.events++ == 0)
        facts.first = facts.last;
    }
  }
  if (problems > max_told)
    told += fmt::format("\n{}: and {} more", path, problems - max_told);
  if (file.number() == 0)
    told = fmt::format("{}: is empty: expected '{}' as the first line", path, version_line);
  if (!told.empty())
    return error{errc::corrupt, told};
  facts.lines = parser.lines();
  facts.absolute = parser.absolute();
  return facts;
}

result<std::unique_ptr<event_source>> open_recording(const std::string& path) {
  auto source = std::make_unique<file_source>(path);
  if (auto opened = source->open(); !opened)
    return opened.why();
  return {std::move(source)};
}

} // namespace troupe::drivers::replay
