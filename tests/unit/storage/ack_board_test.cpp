#undef CAF_SUITE
#define CAF_SUITE ack_board
#include <caf/test/dsl.hpp>

#include "storage/ack_board.hpp"

#include "tests/support/store_bench.hpp"

using namespace troupe;
using namespace troupe::storage;

namespace {

const stream_id mine{7, 1, 2};
constexpr mono_ns sec = 1'000'000'000;

version_vector upto(std::uint64_t seq) {
  version_vector out;
  out.raise(mine, seq);
  return out;
}

struct ack_board_fixture {
  ack_board board;
  test::outcomes told;

  void tell(ack_board::told all) {
    for (auto& x : all)
      x.done(x.how);
  }
  /// Number 5 of this node is durable here.
  void wrote(ack need, std::vector<std::string> members = {"b", "c"}) {
    tell(board.add(told.next(), need, mine, 5, 10 * sec, members));
  }
  void linked(const std::string& peer, std::uint64_t seq) { tell(board.acknowledged(peer, upto(seq))); }
  void cut(const std::string& peer) { tell(board.unreachable(peer)); }
  void late(mono_ns now) { tell(board.late(now)); }
  std::string state() {
    if (told.all().empty())
      return "waits";
    const auto& x = told.all().back();
    return x ? "safe" : x.why().code == errc::timed_out ? "open" : "?";
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(ack_board_tests, ack_board_fixture)

CAF_TEST(I1 what a writer is told when follows from what it asked for and who is linked) {
  using step = std::function<void(ack_board_fixture&)>;
  const step none = [](ack_board_fixture&) {};
  const auto heard = [](std::string peer, std::uint64_t seq) { return step{[=](ack_board_fixture& f) { f.linked(peer, seq); }}; };
  const auto gone = [](std::string peer) { return step{[=](ack_board_fixture& f) { f.cut(peer); }}; };
  const step in_time = [](ack_board_fixture& f) { f.late(9 * sec); };
  const step too_late = [](ack_board_fixture& f) { f.late(10 * sec); };
  struct row {
    const char* what;
    ack need;
    std::vector<step> before;
    std::vector<step> after;
    const char* so;
  };
  const row table[] = {
    // what                                    need        before the write      after it                              so it
    {"local needs nobody",                     ack::local, {heard("b", 0)},      {none},                               "safe"},
    {"usual without a link is local",          ack::usual, {none},               {none},                               "safe"},
    {"usual with a link waits",                ack::usual, {heard("b", 4)},      {in_time},                            "waits"},
    {"usual is safe when one has it",          ack::usual, {heard("b", 4)},      {heard("b", 5)},                      "safe"},
    {"usual is content when the link ends",    ack::usual, {heard("b", 4)},      {gone("b")},                          "safe"},
    {"usual waits for the other link",         ack::usual, {heard("b", 4), heard("c", 4)}, {gone("b")},                "waits"},
    {"usual is content in the end",            ack::usual, {heard("b", 4)},      {too_late},                           "safe"},
    {"peer without a link waits",              ack::peer,  {none},               {in_time},                            "waits"},
    {"peer was faster than this disk",         ack::peer,  {heard("b", 5)},      {none},                               "safe"},
    {"peer is safe when one has it",           ack::peer,  {heard("b", 0)},      {heard("c", 7)},                      "safe"},
    {"peer says that the link ended",          ack::peer,  {heard("b", 4)},      {gone("b")},                          "open"},
    {"peer says that it was not in time",      ack::peer,  {heard("b", 4)},      {too_late},                           "open"},
    {"what was said before a link ended",      ack::peer,  {heard("b", 5), gone("b")}, {in_time},                      "waits"},
    {"all with half of them waits",            ack::all,   {none},               {heard("b", 5), in_time},             "waits"},
    {"all is safe when each has it",           ack::all,   {heard("c", 5)},      {heard("b", 5)},                      "safe"},
    {"all twice the same is not both",         ack::all,   {none},               {heard("b", 5), heard("b", 6)},       "waits"},
    {"all is not given up with a link",        ack::all,   {heard("b", 4)},      {gone("b"), heard("c", 5), heard("b", 5)}, "safe"},
    {"all says that it was not in time",       ack::all,   {none},               {heard("b", 5), too_late},            "open"},
    {"a restored peer takes its word back",    ack::peer,  {heard("b", 5), heard("b", 3)}, {in_time},                  "waits"},
  };
  for (const auto& x : table) {
    ack_board_fixture f;
    for (const auto& s : x.before)
      s(f);
    f.wrote(x.need);
    for (const auto& s : x.after)
      s(f);
    if (f.state() != x.so)
      CAF_ERROR(x.what << ": " << f.state() << ", not " << x.so);
    f.late(20 * sec);
    if (f.told.all().size() != 1) // each is told once
      CAF_ERROR(x.what << ": told " << f.told.all().size() << " times");
  }
  CAF_CHECK(true);
}

CAF_TEST(all of a house of one is safe at once) {
  wrote(ack::all, {});
  CAF_CHECK_EQUAL(state(), "safe");
}

CAF_TEST(who was not in time is named) {
  wrote(ack::all);
  linked("b", 5);
  late(10 * sec);
  CAF_REQUIRE_EQUAL(state(), "open");
  const auto& text = told.all().back().why().context;
  CAF_CHECK(text.find("by c") != std::string::npos);
  CAF_CHECK(text.find("b,") == std::string::npos);
}

CAF_TEST(the next look is at the earliest limit and none when nobody waits) {
  CAF_CHECK_EQUAL(board.due(), std::numeric_limits<mono_ns>::max());
  tell(board.add(told.next(), ack::peer, mine, 1, 8 * sec, {}));
  tell(board.add(told.next(), ack::peer, mine, 2, 3 * sec, {}));
  CAF_CHECK_EQUAL(board.due(), 3 * sec);
  late(3 * sec);
  CAF_CHECK_EQUAL(told.all().size(), 1u);
  CAF_CHECK_EQUAL(board.due(), 8 * sec);
}

CAF_TEST(I11 more than so many do not wait) {
  for (std::size_t i = 0; i < ack_board::most; ++i)
    tell(board.add([](const status&) {}, ack::peer, mine, i + 1, sec, {}));
  wrote(ack::peer);
  CAF_CHECK_EQUAL(state(), "open");
}

CAF_TEST_FIXTURE_SCOPE_END()
