#include "apps/client/enrol.hpp"

#include "apps/client/pinned.hpp"
#include "cluster/tls/openssl.hpp"
#include "config/model/address.hpp"

#include <fmt/format.h>
#include <openssl/err.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <memory>

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace troupe::client {

namespace {

using json = nlohmann::json;

constexpr std::size_t max_enrol_bytes = 4 << 20;

/// When all must be done, on the monotonic clock.
class deadline {
public:
  explicit deadline(std::chrono::seconds patience) : end_(system_clocks().mono() + std::chrono::nanoseconds{patience}.count()) {}
  [[nodiscard]] int left_ms() const {
    return static_cast<int>(std::max<mono_ns>(0, (end_ - system_clocks().mono()) / 1'000'000));
  }
  /// @returns false: too late
  [[nodiscard]] bool wait(int fd, short what) const {
    pollfd p{fd, what, 0};
    int n = 0;
    while ((n = ::poll(&p, 1, left_ms())) < 0 && errno == EINTR) {
    }
    return n > 0;
  }

private:
  mono_ns end_;
};

class socket_handle {
public:
  explicit socket_handle(int fd = -1) : fd_(fd) {}
  socket_handle(socket_handle&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  socket_handle& operator=(socket_handle&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~socket_handle() {
    if (fd_ >= 0)
      ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

private:
  int fd_;
};

const std::string node_door = std::to_string(troupe::node_port);

std::string shown(const enrol_server& at) {
  return at.host.find(':') == std::string::npos ? at.host + ":" + at.port : "[" + at.host + "]:" + at.port;
}

problem no_server(const enrol_server& at, const std::string& why) {
  return {trouble::no_node, {},
          fmt::format("no server answers at {}: {}. Is that its control-listen address, and the way free?", shown(at), why)};
}

/// Tries each address of the name.
answer<int> dial(const enrol_server& at, const deadline& until) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int code = ::getaddrinfo(at.host.c_str(), at.port.c_str(), &wanted, &found); code != 0)
    return no_server(at, ::gai_strerror(code));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner{found, ::freeaddrinfo};
  std::string why = "no address";
  for (auto* x = found; x; x = x->ai_next) {
    socket_handle fd{::socket(x->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (fd.get() < 0) {
      why = std::strerror(errno);
      continue;
    }
    int code = ::connect(fd.get(), x->ai_addr, x->ai_addrlen) == 0 ? 0 : errno;
    if (code == EINPROGRESS) {
      socklen_t size = sizeof code;
      if (!until.wait(fd.get(), POLLOUT))
        code = ETIMEDOUT;
      else
        ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &code, &size);
    }
    if (code == 0)
      return fd.release();
    why = std::strerror(code);
  }
  return no_server(at, why);
}

/// One TLS connection with a deadline over all.
class tls_line {
public:
  tls_line(socket_handle fd, const deadline& until) : fd_(std::move(fd)), until_(until) {}

  bool open() {
    ctx_.reset(SSL_CTX_new(TLS_client_method()));
    if (!ctx_ || SSL_CTX_set_min_proto_version(ctx_.get(), TLS1_3_VERSION) != 1)
      return false;
    // Whom we speak with is checked right after the handshake, against the
    // token; OpenSSL's own check knows no root yet.
    SSL_CTX_set_verify(ctx_.get(), SSL_VERIFY_NONE, nullptr);
    ssl_.reset(SSL_new(ctx_.get()));
    if (!ssl_ || SSL_set_fd(ssl_.get(), fd_.get()) != 1)
      return false;
    return again([&] { return SSL_connect(ssl_.get()); }) == 1;
  }

  bool send(const std::string& text) {
    for (std::size_t done = 0; done < text.size();) {
      const int n = again([&] {
        return SSL_write(ssl_.get(), text.data() + done, static_cast<int>(std::min<std::size_t>(text.size() - done, 16384)));
      });
      if (n <= 0)
        return false;
      done += static_cast<std::size_t>(n);
    }
    return true;
  }

  /// @returns false: too late, too much, or cut off in the middle
  bool receive_all(std::string& text) {
    char buffer[16384];
    for (;;) {
      const int n = again([&] { return SSL_read(ssl_.get(), buffer, sizeof buffer); });
      if (n <= 0)
        return is_whole(text, true);
      text.append(buffer, static_cast<std::size_t>(n));
      if (text.size() > max_enrol_bytes)
        return false;
      if (is_whole(text, false))
        return true;
    }
  }

  SSL* get() { return ssl_.get(); }
  [[nodiscard]] const std::string& why() const { return why_; }

private:
  template <class Call>
  int again(Call call) {
    for (;;) {
      ERR_clear_error();
      const int n = call();
      if (n > 0)
        return n;
      const int code = SSL_get_error(ssl_.get(), n);
      if (code == SSL_ERROR_WANT_READ || code == SSL_ERROR_WANT_WRITE) {
        if (until_.wait(fd_.get(), code == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT))
          continue;
        why_ = "it fell silent";
        return -1;
      }
      const auto queued = ERR_peek_last_error();
      const char* reason = queued ? ERR_reason_error_string(queued) : nullptr;
      why_ = reason ? reason : "it hung up";
      ERR_clear_error();
      return -1;
    }
  }

  static bool is_whole(const std::string& text, bool ended);

  socket_handle fd_;
  const deadline& until_;
  cluster::owned_ssl_ctx ctx_;
  cluster::owned_ssl ssl_;
  std::string why_;
};

std::string header(const std::string& head, const std::string& name) {
  // Names of headers are in any case; our servers and proxies in front differ.
  for (std::size_t at = head.find("\r\n"); at != std::string::npos; at = head.find("\r\n", at + 2)) {
    const auto line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
    if (line.size() > name.size() && line[name.size()] == ':'
        && ::strncasecmp(line.c_str(), name.c_str(), name.size()) == 0) {
      const auto first = line.find_first_not_of(' ', name.size() + 1);
      return first == std::string::npos ? "" : line.substr(first);
    }
  }
  return {};
}

/// Without a length, the end of the connection is the end of the answer.
bool tls_line::is_whole(const std::string& text, bool ended) {
  const auto end = text.find("\r\n\r\n");
  if (end == std::string::npos)
    return false;
  const auto length = header(text.substr(0, end), "Content-Length");
  if (length.empty())
    return ended;
  return text.size() - end - 4 >= std::strtoull(length.c_str(), nullptr, 10);
}

std::string day_text(wall_ms at) {
  const std::time_t seconds = static_cast<std::time_t>(at / 1000);
  std::tm t{};
  ::gmtime_r(&seconds, &t);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02} UTC", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min);
}

/// Nothing but its clock is asked of a server that we cannot judge the time of.
std::string date_of(tls_line& line, const enrol_server& at) {
  std::string got;
  if (!line.send(fmt::format("GET /v1/time HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", shown(at)))
      || !line.receive_all(got))
    return {};
  return header(got.substr(0, got.find("\r\n\r\n")), "Date");
}

problem wrong_time(const shown_certificate& x, wall_ms clock, wall_ms judged, const std::string& date) {
  const auto server_says = date.empty() ? std::string{} : fmt::format(" The server's clock says {}.", date.substr(0, 40));
  const auto set = "set this machine's clock (`timedatectl set-ntp true`, or `date -u -s '...'`) and join again";
  if (judged > x.until)
    return {trouble::refused, "clock",
            fmt::format("this machine's clock says {}, but the certificate of {} ends on {}.{} If the clock is wrong, {}. "
                        "If it is right, renew the certificate of {} there",
                        day_text(clock), x.name, day_text(x.until), server_says, set, x.name)};
  return {trouble::refused, "clock",
          fmt::format("this machine's clock says {} and the token was made on {}, but the certificate of {} begins only "
                      "on {}.{} If the clock is wrong, {}; else the server's clock was wrong when its certificate was made",
                      day_text(clock), day_text(judged), x.name, day_text(x.from), server_says, set)};
}

answer<json> read_answer(const std::string& got, const enrol_server& at) {
  const auto end = got.find("\r\n\r\n");
  int status = 0;
  if (end == std::string::npos || std::sscanf(got.c_str(), "HTTP/1.%*1d %3d", &status) != 1)
    return problem{trouble::bad_answer, {}, fmt::format("{} does not speak HTTP: is that port trouped's control-listen?", shown(at))};
  auto parsed = json::parse(got.substr(end + 4), nullptr, false);
  if (status == 200 && parsed.is_object())
    return parsed;
  problem why{trouble::refused, {}, fmt::format("{} answered with HTTP status {}", shown(at), status)};
  if (parsed.is_object() && parsed.contains("error") && parsed["error"].is_object()) {
    why.code = parsed["error"].value("code", "");
    why.text = parsed["error"].value("text", "");
  }
  return why;
}

} // namespace

answer<json> enrol(const enrol_server& at, const json& body, const clock_source& clocks,
                   std::chrono::seconds patience) {
  const deadline until{patience};
  const auto fd = dial(at, until);
  if (!fd)
    return fd.why();
  tls_line line{socket_handle{*fd}, until};
  if (!line.open())
    return problem{trouble::no_node, {},
                   fmt::format("{} is no TLS 1.3 server of Troupe: {}. Is that its control-listen address?", shown(at), line.why())};
  const auto who = check_pinned(line.get(), at.root);
  if (!who)
    return problem{trouble::refused, "untrusted", who.why().context};
  const auto clock = clocks.wall();
  const auto judged = std::max(clock, at.minted);
  if (judged < who->from || judged > who->until)
    return wrong_time(*who, clock, judged, date_of(line, at));
  const auto text = body.dump(-1, ' ', false, json::error_handler_t::replace);
  std::string got;
  if (!line.send(fmt::format("POST /v1/enrol HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n"
                             "Content-Length: {}\r\nConnection: close\r\n\r\n{}", shown(at), text.size(), text))
      || !line.receive_all(got))
    return problem{trouble::lost, {},
                   at.port == node_door && got.empty()
                     ? fmt::format("{} ({}) hung up: port {} is where nodes link. Join at its control-listen address, as a rule port {}",
                                   who->name, shown(at), at.port, enrol_server{}.port)
                     : fmt::format("{} ({}) took the request and did not answer: {}. Join again with the same token: it is "
                                   "still good for this board", who->name, shown(at), line.why())};
  return read_answer(got, at);
}

} // namespace troupe::client
