// Where peers were reached, over many runs.
#define CAF_SUITE address_book
#include "tests/support/suite.hpp"

#include "apps/daemon/address_book.hpp"

#include <fmt/format.h>

using namespace troupe;
using daemon::address_book;
using texts = std::vector<std::string>;

namespace {

constexpr std::int64_t today = 20'776; // 2026-11-19

texts kept(const address_book& x, const std::string& peer = "cellar") {
  texts out;
  for (const auto& line : x.kept(peer))
    out.push_back(line.at);
  return out;
}

} // namespace

CAF_TEST(what is kept of the addresses of a peer) {
  struct {
    const char* what;
    address_book::lines before;
    texts known, good;
    std::int64_t today;
    texts kept;
  } table[] = {
    {"first met", {}, {"a", "b"}, {"a"}, today, {"a", "b"}},
    {"never met, told of by others", {}, {"a"}, {}, today, {"a"}},
    {"the same for years", {{"a", today - 900}}, {"a"}, {"a"}, today, {"a"}},
    {"moved this month", {{"a", today - 30}}, {"a", "b"}, {"b"}, today, {"b", "a"}},
    {"moved long ago", {{"a", today - 31}}, {"a", "b"}, {"b"}, today, {"b"}},
    {"off for years", {{"a", today - 901}, {"b", today - 900}}, {"a", "b"}, {}, today, {"b", "a"}},
    {"off for years, and others tell of a new one", {{"a", today - 900}}, {"a", "b"}, {}, today, {"a", "b"}},
    {"back after years where it was", {{"a", today - 900}, {"b", today - 900}}, {"a", "b"}, {"b"}, today, {"b"}},
    {"a dial reached it at another than it says", {{"nat", today - 300}}, {"lan", "nat"}, {"lan", "nat"}, today, {"lan", "nat"}},
    {"a clock in 1970 forgets nothing", {{"a", today - 20}}, {"a", "b"}, {"b"}, 0, {"b", "a"}},
  };
  for (const auto& x : table) {
    CAF_MESSAGE(x.what);
    address_book book;
    book.load("cellar", x.before);
    book.note("cellar", x.known, x.good, x.today);
    CAF_CHECK_EQUAL(kept(book), x.kept);
  }
  CAF_CHECK(kept(address_book{}).empty());
}

CAF_TEST(an address that was forgotten does not come back from the memory of a run) {
  address_book book;
  book.load("cellar", {{"old", today - 100}});
  for (int day = 0; day < 3; ++day) {
    // The membership still knows it, until the next start.
    book.note("cellar", {"new", "old"}, {"new"}, today + day);
    CAF_CHECK_EQUAL(kept(book), texts{"new"});
  }
}

CAF_TEST(a board with a new address at each start is known at those of a month and never at more than sixteen) {
  address_book::lines on_disk;
  texts known;
  for (int run = 0; run < 400; ++run) {
    address_book book;
    book.load("cellar", on_disk);
    known.clear();
    for (const auto& x : on_disk)
      known.push_back(x.at);
    const auto now = fmt::format("10.0.0.{}:4710", run);
    known.push_back(now);
    book.note("cellar", known, {now}, today + run * 5);
    on_disk = book.kept("cellar");
    CAF_CHECK_EQUAL(on_disk.front().at, now);
    CAF_CHECK(on_disk.size() <= 7u);
  }
  address_book crowd;
  texts many;
  for (int i = 0; i < 100; ++i)
    many.push_back(fmt::format("h{}:1", i));
  crowd.note("cellar", many, {}, today);
  crowd.note("cellar", {}, {"h99:1"}, today + 1);
  CAF_CHECK_EQUAL(crowd.kept("cellar").size(), address_book::most);
  CAF_CHECK_EQUAL(crowd.kept("cellar").front().at, "h99:1");
}
