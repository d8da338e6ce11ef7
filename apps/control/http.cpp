#include "apps/control/http.hpp"

#include "apps/control/far_side.hpp"
#include "config/model/time.hpp"

#include <fmt/format.h>
#include <httplib.h>

#include <cstring>
#include <ctime>

namespace troupe::control {

namespace {

/// Both ends of a connection in memory. The functions without `override` are
/// virtual in some versions of cpp-httplib (0.11 .. 0.18) and absent in others.
class memory_stream final : public httplib::Stream {
public:
  explicit memory_stream(const std::string& in) : in_(in) {}

  bool is_readable() const override { return true; }
  bool wait_readable() const { return true; }
  bool is_writable() const { return true; }
  bool wait_writable() const { return true; }
  time_t duration() const { return 0; }

  ssize_t read(char* to, size_t size) override {
    const auto n = std::min(size, in_.size() - at_);
    std::memcpy(to, in_.data() + at_, n);
    at_ += n;
    return static_cast<ssize_t>(n);
  }
  ssize_t write(const char* from, size_t size) override {
    out.append(from, size);
    return static_cast<ssize_t>(size);
  }
  using httplib::Stream::write;

  void get_remote_ip_and_port(std::string& ip, int& port) const override {
    ip = "unix";
    port = 0;
  }
  void get_local_ip_and_port(std::string& ip, int& port) const override {
    ip = "unix";
    port = 0;
  }
  // Never used for input or output; the library only holds it against FD_SETSIZE.
  socket_t socket() const override { return 0; }

  std::string out;

private:
  const std::string& in_;
  std::size_t at_ = 0;
};

/// What belongs to the request that this thread serves now: the library's
/// handlers have no room for it.
struct exchange {
  const caller* who = nullptr;
  std::string_view body;
  std::shared_ptr<event_queue> stream;
  bool routed = false;
};
thread_local exchange* current = nullptr;

const char* phrase(int status) {
  switch (status) {
  case 401: return "Unauthorized";
  case 403: return "Forbidden";
  case 408: return "Request Timeout";
  case 411: return "Length Required";
  case 413: return "Payload Too Large";
  case 431: return "Request Header Fields Too Large";
  case 503: return "Service Unavailable";
  default: return "Bad Request";
  }
}

using setup = std::function<void(httplib::Request&)>;

// `process_request` got four more parameters between Debian 12's 0.11 and
// Debian 13's 0.18; the version macro is text, so the type decides.
template <class Server, class Self>
bool process(bool (Server::*f)(httplib::Stream&, bool, bool&, const setup&), Self& self,
             httplib::Stream& stream) {
  bool closed = true;
  return (self.*f)(stream, true, closed, nullptr);
}
template <class Server, class Self>
bool process(bool (Server::*f)(httplib::Stream&, const std::string&, int, const std::string&, int,
                               bool, bool&, const setup&),
             Self& self, httplib::Stream& stream) {
  bool closed = true;
  return (self.*f)(stream, "unix", 0, "unix", 0, true, closed, nullptr);
}

/// A board that wants to join and does not trust its own clock asks for ours.
std::string http_date() {
  const auto now = static_cast<std::time_t>(system_clocks().wall() / 1000);
  std::tm parts{};
  char text[64] = {};
  std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", ::gmtime_r(&now, &parts));
  return text;
}

} // namespace

class http::engine final : public httplib::Server {
public:
  engine(node_api& node, far_side& others) : node_(node), others_(others) {
    // Before the body is read and before any regular expression: the whole
    // request is here already, and the table of routes is ours.
    set_pre_routing_handler([this](const httplib::Request& req, httplib::Response& res) {
      serve(req, res);
      return HandlerResponse::Handled;
    });
    // What the library refuses by itself (a broken request line) speaks JSON too.
    set_error_handler([](const httplib::Request&, httplib::Response& res) {
      if (res.body.empty() && !current->routed)
        res.set_content(error_body("bad_request", "this is not an HTTP/1.1 request"),
                        "application/json");
    });
  }

  bool run(httplib::Stream& stream) { return process(&engine::process_request, *this, stream); }

private:
  void serve(const httplib::Request& req, httplib::Response& res) {
    current->routed = true;
    auto made = dispatch(node_, others_, *current->who, req.method, req.path, req.params,
                         current->body);
    res.status = made.status;
    res.set_header("Cache-Control", "no-store");
    res.set_header("Date", http_date());
    if (!made.stream) {
      res.set_content(made.body, made.type);
      return;
    }
    current->stream = std::move(made.stream);
    // Only the header is written here; the events follow when the server has
    // taken the connection over.
    res.set_content_provider(made.type, [](std::size_t, httplib::DataSink& sink) {
      sink.done();
      return true;
    });
  }

  node_api& node_;
  far_side& others_;
};

http::http(node_api& node, far_side& others)
  : engine_(std::make_unique<engine>(node, others)) {
}

http::~http() = default;

http::answer http::respond(const std::string& request, std::size_t header_bytes,
                           const caller& who) {
  memory_stream stream{request};
  exchange mine;
  mine.who = &who;
  mine.body = std::string_view{request}.substr(header_bytes);
  current = &mine;
  engine_->run(stream);
  current = nullptr;
  if (stream.out.empty())
    stream.out = refuse(400, "bad_request", "this is not an HTTP/1.1 request");
  return {std::move(stream.out), std::move(mine.stream)};
}

std::string http::refuse(int status, std::string_view code, std::string_view text) {
  const auto body = error_body(code, text);
  return fmt::format("HTTP/1.1 {} {}\r\nDate: {}\r\nContent-Type: application/json\r\n"
                     "Content-Length: {}\r\nConnection: close\r\n\r\n{}",
                     status, phrase(status), http_date(), body.size(), body);
}

} // namespace troupe::control
