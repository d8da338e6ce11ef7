#define CAF_SUITE beat
#include "tests/support/suite.hpp"

#include "cluster/transport/beat.hpp"

using namespace troupe;
using namespace troupe::cluster;

CAF_TEST(a beat survives the wire) {
  const beat x{0x0102030405060708, 77, 5};
  const auto bytes = x.to_bytes();
  CAF_CHECK_EQUAL(int{bytes[0]}, 6);
  CAF_CHECK_EQUAL(int{bytes[8]}, 1);
  CAF_CHECK_EQUAL(int{bytes[15]}, 8);
  const auto y = beat::from_bytes(bytes.data());
  CAF_CHECK_EQUAL(y.tick, x.tick);
  CAF_CHECK_EQUAL(y.echo, x.echo);
  CAF_CHECK_EQUAL(y.held, x.held);
}

CAF_TEST(a round trip is what is left after the holding) {
  struct {
    const char* what;
    mono_ns echo, held, now, sent, is;
  } table[] = {
    {"plain", 100, 0, 150, 100, 50},
    {"held for 40", 100, 40, 150, 100, 10},
    {"no echo yet", 0, 0, 150, 100, 0},
    {"an echo of what we never sent", 140, 0, 150, 100, 0},
    {"from the future", 200, 0, 150, 300, 0},
    {"held longer than away", 100, 60, 150, 100, 0},
    {"held negative", 100, -1, 150, 100, 0},
    {"negative echo", -5, 0, 150, 100, 0},
  };
  for (const auto& x : table)
    if (beat{1, x.echo, x.held}.round_trip(x.now, x.sent).count() != x.is)
      CAF_ERROR(x.what);
  CAF_CHECK(true);
}
