#define CAF_SUITE late_bytes
#include "tests/support/suite.hpp"

#include "cluster/transport/late_bytes.hpp"

#include <string>

using namespace troupe::cluster;
using namespace std::chrono_literals;

namespace {

const late_bytes::time start{1h};

std::string take(late_bytes& x, late_bytes::time now, std::size_t most = 100) {
  std::string out(most, ' ');
  out.resize(x.take(out.data(), most, now));
  return out;
}

void add(late_bytes& x, const std::string& text, late_bytes::time due) { x.add(text.data(), text.size(), due); }

} // namespace

CAF_TEST(nothing comes before its time) {
  late_bytes x;
  add(x, "abc", start + 200ms);
  CAF_CHECK_EQUAL(take(x, start), "");
  CAF_CHECK_EQUAL(take(x, start + 199ms), "");
  CAF_CHECK(x.due(start + 200ms));
  CAF_CHECK_EQUAL(take(x, start + 200ms), "abc");
  CAF_CHECK_EQUAL(x.size(), 0u);
}

CAF_TEST(what was lost holds up what follows) {
  late_bytes x;
  add(x, "abc", start + 400ms); // lost once
  add(x, "def", start + 200ms);
  CAF_CHECK_EQUAL(take(x, start + 300ms), "");
  CAF_CHECK_EQUAL(take(x, start + 400ms), "abcdef");
}

CAF_TEST(in pieces of any size and in order) {
  late_bytes x;
  add(x, "abc", start);
  add(x, "de", start);
  add(x, "fgh", start + 1ms);
  CAF_CHECK_EQUAL(x.size(), 8u);
  CAF_CHECK_EQUAL(take(x, start, 2), "ab");
  CAF_CHECK_EQUAL(take(x, start, 2), "cd");
  CAF_CHECK_EQUAL(take(x, start, 2), "e");
  CAF_CHECK_EQUAL(x.size(), 3u);
  CAF_CHECK_EQUAL(take(x, start + 1ms, 100), "fgh");
}

CAF_TEST(what waits for a word comes with it) {
  late_bytes x;
  add(x, "abc", late_bytes::when_told);
  CAF_CHECK(!x.due(start + 1000h));
  x.release();
  add(x, "d", start); // once more in time
  CAF_CHECK_EQUAL(take(x, start), "abcd");
}
