#undef CAF_SUITE
#define CAF_SUITE framing

#include "apps/control/framing.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe::control;

namespace {

constexpr framing_limits limits{200, 50};

std::string post(const std::string& headers, const std::string& body = "") {
  return "POST / HTTP/1.1\r\n" + headers + "\r\n" + body;
}

} // namespace

CAF_TEST(a request is whole when its announced body has come) {
  const auto all = post("content-LENGTH:  4 \r\n", "1234");
  for (std::size_t n = 0; n < all.size(); ++n)
    CAF_CHECK(frame_request(all.substr(0, n), limits).is == framing::state::more);
  const auto got = frame_request(all + "rest", limits);
  CAF_CHECK(got.is == framing::state::whole);
  CAF_CHECK_EQUAL(got.header_bytes, all.size() - 4);
  CAF_CHECK_EQUAL(got.body_bytes, 4u);
}

CAF_TEST(what cannot become a good request is refused at once with its status) {
  const std::vector<std::tuple<const char*, std::string, int>> table = {
    {"no end of the header", std::string(201, 'a'), 431},
    {"a long header with an end", post("X: " + std::string(300, 'a') + "\r\n"), 431},
    {"a body over the limit", post("Content-Length: 51\r\n"), 413},
    {"a body over all limits", post("Content-Length: 99999999999999999999999\r\n"), 413},
    {"a negative length", post("Content-Length: -1\r\n"), 400},
    {"a signed length", post("Content-Length: +1\r\n"), 400},
    {"a list of lengths", post("Content-Length: 5, 5\r\n"), 400},
    {"an empty length", post("Content-Length:\r\n"), 400},
    {"two lengths", post("Content-Length: 5\r\nContent-Length: 6\r\n"), 400},
    {"a chunked body", post("Transfer-Encoding: chunked\r\n"), 411},
    {"a line without a name", post(": x\r\n"), 400},
    {"a line without a colon", post("what\r\n"), 400},
    {"a zero byte", post(std::string("X: \0\r\n", 6)), 400},
  };
  for (auto& [what, request, status] : table) {
    CAF_MESSAGE(what);
    const auto got = frame_request(request, limits);
    CAF_CHECK(got.is == framing::state::refused);
    CAF_CHECK_EQUAL(got.status, status);
    CAF_CHECK(!got.text.empty());
  }
}

CAF_TEST(the same length twice is one length) {
  const auto got = frame_request(post("Content-Length: 1\r\nContent-Length: 1\r\n", "x"), limits);
  CAF_CHECK(got.is == framing::state::whole);
}
