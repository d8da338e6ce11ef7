#undef CAF_SUITE
#define CAF_SUITE client

#include "apps/client/exchange.hpp"

#include <caf/test/dsl.hpp>

#include <cstdlib>

using namespace troupe;
using namespace troupe::client;

namespace {

/// A node that says what a test wants, in pieces of a certain size.
class scripted_wire final : public wire {
public:
  scripted_wire(std::string says, std::size_t piece) : says_(std::move(says)), piece_(piece) {}

  answer<std::size_t> read(char* to, std::size_t size, std::chrono::milliseconds) override {
    const auto n = says_.copy(to, std::min({size, piece_, says_.size() - at_}), at_);
    at_ += n;
    return n;
  }
  answer<bool> write(std::string_view bytes, std::chrono::milliseconds) override {
    heard += bytes;
    return true;
  }

  std::string heard;

private:
  std::string says_;
  std::size_t piece_;
  std::size_t at_ = 0;
};

} // namespace

CAF_TEST(hosts as people write them) {
  // text, node, host, port; an empty host: refused
  const std::vector<std::array<const char*, 4>> table = {
    {"10.0.0.7", "", "10.0.0.7", "4711"},
    {"attic.local:80", "", "attic.local", "80"},
    {"attic@10.0.0.7:4712", "attic", "10.0.0.7", "4712"},
    {"[fd00::7]:80", "", "fd00::7", "80"},
    {"[fd00::7]", "", "fd00::7", "4711"},
    {"fd00::7", "", "fd00::7", "4711"},
    {"attic@fe80::1%eth0", "attic", "fe80::1%eth0", "4711"},
    {"", "", "", ""},
    {"@10.0.0.7", "", "", ""},
    {"a@b@c", "", "", ""},
    {"a:", "", "", ""},
    {"a:0", "", "", ""},
    {"a:65536", "", "", ""},
    {"a:x", "", "", ""},
    {"[fd00::7", "", "", ""},
    {"[fd00::7]80", "", "", ""},
    {"https://attic", "", "", ""},
    {"at tic", "", "", ""}};
  for (auto& [text, node, host, port] : table) {
    CAF_MESSAGE(text);
    const auto got = parse_host(text);
    CAF_REQUIRE_EQUAL(static_cast<bool>(got), *host != '\0');
    if (!got) {
      CAF_CHECK(got.why().text.find("attic@10.0.0.7") != std::string::npos);
      continue;
    }
    CAF_CHECK_EQUAL(got->node, node);
    CAF_CHECK_EQUAL(got->host, host);
    CAF_CHECK_EQUAL(got->port, port);
  }
}

CAF_TEST(what is given goes before the environment) {
  setenv("TROUPE_HOST", "far", 1);
  setenv("TROUPE_SOCKET", "/near", 1);
  setenv("TROUPE_IDENTITY", "/keys", 1);
  CAF_CHECK_EQUAL(resolve({}).host, "far");
  CAF_CHECK_EQUAL(resolve({.socket = "/mine"}).host, "");
  CAF_CHECK_EQUAL(resolve({.host = "mine"}).host, "mine");
  CAF_CHECK_EQUAL(resolve({}).identity, "/keys");
  CAF_CHECK_EQUAL(resolve({.identity = "/mine"}).identity, "/mine");
  unsetenv("TROUPE_HOST");
  unsetenv("TROUPE_IDENTITY");
  CAF_CHECK_EQUAL(resolve({}).socket, "/near");
  unsetenv("TROUPE_SOCKET");
  CAF_CHECK_EQUAL(resolve({}).socket, "/run/troupe/control.sock");
  unsetenv("XDG_CONFIG_HOME");
  setenv("HOME", "/home", 1);
  CAF_CHECK_EQUAL(resolve({}).identity, "/home/.config/troupe");
  CAF_CHECK_EQUAL(identity_files("/keys").certificate, "/keys/operator.crt");
  CAF_CHECK_EQUAL(identity_files("/keys").key, "/keys/operator.key");
  CAF_CHECK_EQUAL(identity_files("/keys").authorities, "/keys/ca.crt");
}

CAF_TEST(answers are read whole however their bytes come) {
  const std::string head = "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\nX: y\r\n\r\n";
  for (std::size_t piece : {1u, 2u, 7u, 1000u}) {
    scripted_wire node{head + "hello and more", piece};
    std::string body;
    const auto got = exchange(node, "GET / HTTP/1.1\r\n\r\n", std::chrono::seconds{1},
                              [&](int status, std::string_view x) {
                                CAF_CHECK_EQUAL(status, 404);
                                body += x;
                                return true;
                              });
    CAF_REQUIRE(static_cast<bool>(got));
    CAF_CHECK_EQUAL(*got, 404);
    CAF_CHECK_EQUAL(body, "hello");
    CAF_CHECK_EQUAL(node.heard, "GET / HTTP/1.1\r\n\r\n");
  }
}

CAF_TEST(strange and broken answers are told apart from whole ones) {
  const auto kind_of = [](const std::string& says) {
    scripted_wire node{says, 3};
    const auto got = exchange(node, "x", std::chrono::seconds{1}, [](int, std::string_view) { return true; });
    return got ? std::string{"whole"} : got.why().kind == trouble::lost ? "lost" : "strange";
  };
  const std::vector<std::array<std::string, 2>> table = {
    {"HTTP/1.1 200 OK\r\n\r\nuntil the end", "whole"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "whole"},
    {"HTTP/1.1 200\r\n\r\n", "whole"},
    {"", "lost"},
    {"HTTP/1.1 200 OK\r\nConte", "lost"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", "lost"},
    {"SSH-2.0-OpenSSH_9.2\r\n", "strange"},
    {"HTTP/1.0 200 OK\r\n\r\n", "strange"},
    {"HTTP/1.1 abc\r\n\r\n", "strange"},
    {"HTTP/1.1 2\r\n\r\n", "strange"},
    {"HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\n", "strange"},
    {"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n", "strange"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "strange"},
    {"HTTP/1.1 200 OK\r\n" + std::string(20000, 'x'), "strange"}};
  for (auto& [says, expected] : table) {
    CAF_MESSAGE(says.substr(0, 60));
    CAF_CHECK_EQUAL(kind_of(says), expected);
  }
}
