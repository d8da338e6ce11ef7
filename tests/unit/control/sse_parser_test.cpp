#undef CAF_SUITE
#define CAF_SUITE sse_parser

#include "apps/client/sse_parser.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe::client;

CAF_TEST(events come out the same however the bytes come in) {
  const std::string bytes = ": hello\n\nevent: a\ndata: {\"n\":1}\n\n: still here\n\n"
                            "event: b\ndata: {}\n\n";
  for (std::size_t step = 1; step <= bytes.size(); ++step) {
    sse_parser parser;
    std::string seen;
    for (std::size_t at = 0; at < bytes.size(); at += step)
      CAF_CHECK(parser.feed(std::string_view{bytes}.substr(at, step), [&](const event& e) {
        seen += e.kind + e.data + ";";
        return true;
      }));
    CAF_CHECK_EQUAL(seen, "a{\"n\":1};b{};");
  }
}

CAF_TEST(what is no event stream is refused) {
  const auto all = [](const event&) { return true; };
  CAF_CHECK(!sse_parser{}.feed("<html>\n", all));
  CAF_CHECK(!sse_parser{}.feed(std::string(sse_parser::max_line_bytes + 1, 'x'), all));
  CAF_CHECK(!sse_parser{}.feed("event: a\ndata: {}\n\n", [](const event&) { return false; }));
}
