#pragma once

#include "cluster/tls/context.hpp"

#include <nlohmann/json.hpp>

#include <atomic>
#include <functional>
#include <thread>

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace troupe::test {

/// The smallest HTTPS server that takes POST /v1/enrol, one connection at a
/// time, with a node's own TLS context.
class enrol_server {
public:
  using handler = std::function<result<nlohmann::json>(const nlohmann::json&)>;

  enrol_server(std::shared_ptr<const cluster::tls_context> tls, handler take, std::string date = "")
    : tls_(std::move(tls)), take_(std::move(take)), date_(std::move(date)) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    ::bind(fd_, reinterpret_cast<sockaddr*>(&at), sizeof at);
    ::listen(fd_, 8);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = std::to_string(ntohs(at.sin_port));
    thread_ = std::thread{[this] { serve(); }};
  }
  enrol_server(const enrol_server&) = delete;
  ~enrol_server() {
    done_ = true;
    thread_.join();
    ::close(fd_);
  }

  [[nodiscard]] const std::string& port() const { return port_; }
  std::atomic<int> asked{0};           ///< requests that came through
  std::atomic<bool> lose_answer{false}; ///< hangs up instead of answering

private:
  void serve() {
    while (!done_) {
      pollfd p{fd_, POLLIN, 0};
      if (::poll(&p, 1, 20) <= 0)
        continue;
      const int peer = ::accept(fd_, nullptr, nullptr);
      timeval limit{5, 0};
      ::setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
      if (SSL* ssl = tls_->accept(peer, cluster::tls_context::ask::optional)) {
        if (SSL_accept(ssl) == 1)
          answer(ssl);
        SSL_shutdown(ssl);
        SSL_free(ssl);
      }
      ::close(peer);
    }
  }

  void answer(SSL* ssl) {
    std::string got;
    char buffer[4096];
    std::size_t wanted = std::string::npos;
    while (got.size() < wanted) {
      const int n = SSL_read(ssl, buffer, sizeof buffer);
      if (n <= 0)
        return;
      got.append(buffer, static_cast<std::size_t>(n));
      const auto end = got.find("\r\n\r\n");
      const auto length = got.find("Content-Length: ");
      if (end != std::string::npos)
        wanted = end + 4 + (length < end ? std::strtoul(got.c_str() + length + 16, nullptr, 10) : 0);
    }
    std::string head = "HTTP/1.1 401 Unauthorized", body = "{}";
    if (got.starts_with("POST /v1/enrol ")) {
      ++asked;
      const auto made = take_(nlohmann::json::parse(got.substr(got.find("\r\n\r\n") + 4)));
      if (lose_answer)
        return;
      head = made ? "HTTP/1.1 200 OK" : "HTTP/1.1 403 Forbidden";
      body = made ? made->dump()
                  : nlohmann::json{{"error", {{"code", to_string(made.why().code)}, {"text", made.why().context}}}}.dump();
    }
    if (!date_.empty())
      head += "\r\nDate: " + date_;
    const auto text = head + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    SSL_write(ssl, text.data(), static_cast<int>(text.size()));
  }

  std::shared_ptr<const cluster::tls_context> tls_;
  handler take_;
  std::string date_, port_;
  int fd_ = -1;
  std::atomic<bool> done_{false};
  std::thread thread_;
};

} // namespace troupe::test
