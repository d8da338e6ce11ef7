// What a peer says that proved its name and makes no sense.
#define CAF_SUITE accept
#include "tests/support/suite.hpp"

#include "cluster/link/accept.hpp"
#include "cluster/link/catalogue.hpp"
#include "cluster/link/mirror.hpp"

#include <functional>

using namespace troupe;
using namespace troupe::cluster;

namespace {

far_row good_row() {
  far_row x;
  x.name = "rule/hall-light";
  x.unit = "°C";
  x.now.val = value::analog(21.5);
  x.now.grade = quality::good;
  x.now.why = reason::none;
  x.age_ns = 5;
  x.story = {{"input", "hall/button", "off -> on", 1}};
  return x;
}

envelope good_wish() {
  envelope x;
  x.to = x.what.output = "hall/lamp";
  x.what.source = "rule/hall-light";
  x.what.val = value::digital(true);
  return x;
}

far_call good_call() {
  far_call x;
  x.method = "GET";
  x.path = "/v1/status";
  x.who = "anna";
  x.allowed = 2;
  return x;
}

template <class T>
struct row {
  const char* what;
  std::function<void(T&)> damage;
  const char* says; ///< "": accepted
};

template <class T>
void hold(const T& good, const std::vector<row<T>>& table) {
  CAF_REQUIRE(accept(good));
  for (const auto& x : table) {
    auto bad = good;
    x.damage(bad);
    const auto said = accept(bad);
    const auto text = said ? std::string{} : said.why().context;
    if (static_cast<bool>(said) != (*x.says == 0) || text.find(x.says) == std::string::npos)
      CAF_ERROR(x.what << ": '" << text << "'");
    for (const char c : text) // a log line of ours, whatever they wrote
      CAF_REQUIRE((c >= ' ' && c != '\x7f') || static_cast<unsigned char>(c) >= 0x80);
    CAF_REQUIRE_LESS(text.size(), 400u);
  }
}

} // namespace

CAF_TEST(readings) {
  hold<far_row>(good_row(), {
    {"no name", [](auto& x) { x.name = ""; }, "'' is no name"},
    {"a name of two lines", [](auto& x) { x.name = "a\nb"; }, "'a?b' is no name"},
    {"a name without end", [](auto& x) { x.name = std::string(1 << 20, 'x'); }, "is no name"},
    {"a name with capitals", [](auto& x) { x.name = "Hall"; }, "is no name"},
    {"a path", [](auto& x) { x.name = "/etc"; }, "is no name"},
    {"a unit that moves the cursor", [](auto& x) { x.unit = "\x1b[2J"; }, "the unit '?[2J'"},
    {"a unit of C1 controls", [](auto& x) { x.unit = "\xc2\x9b" "2J"; }, "the unit"},
    {"never measured", [](auto& x) { x.age_ns = -1; }, ""},
    {"measured in the future", [](auto& x) { x.age_ns = -2; }, "from now"},
    {"very old", [](auto& x) { x.age_ns = INT64_MAX; }, ""},
    {"the last quality", [](auto& x) { x.now.grade = quality::bad; }, ""},
    {"one after it", [](auto& x) { x.now.grade = static_cast<quality>(3); }, "the quality 3 is none; the last is 2"},
    {"the last reason", [](auto& x) { x.now.why = reason::node_lost; }, ""},
    {"one after it", [](auto& x) { x.now.why = static_cast<reason>(14); }, "the reason 14 is none"},
    {"one after the last origin", [](auto& x) { x.now.told_as = static_cast<origin>(3); }, "the origin 3 is none"},
    {"one after the last kind", [](auto& x) { x.now.val.kind = static_cast<value_kind>(5); }, "the kind of value 5 is none"},
    {"neither on nor off", [](auto& x) { x.now.val = value::digital(true); x.now.val.whole = 7; }, "7 is neither"},
    {"a text", [](auto& x) { x.now.val = value::text("Grüße\nzwei"); }, ""},
    {"a text that is no UTF-8", [](auto& x) { x.now.val = value::text("\xff"); }, "no UTF-8"},
    {"a text of a megabyte", [](auto& x) { x.now.val = value::text(std::string(1 << 20, 'x')); }, "1048576 bytes"},
    {"before 1970", [](auto& x) { x.now.changed_wall = -1; }, "before 1970"},
    {"after 9999", [](auto& x) { x.now.measured_wall = INT64_MAX; }, "before 1970 or after 9999"},
    {"a story without end", [](auto& x) { x.story.resize(1000); }, "1000 steps"},
    {"a story of rubbish", [](auto& x) { x.story[0].text = "\x80"; }, "a step of a story"},
  });
  reading_batch batch;
  hold<reading_batch>(batch, {{"the last place", [](auto& x) { x.is = reading_batch::place::only; }, ""},
                              {"one after it", [](auto& x) { x.is = static_cast<reading_batch::place>(5); }, "the place in a picture 5"}});
}

CAF_TEST(wishes) {
  hold<envelope>(good_wish(), {
    {"for another output", [](auto& x) { x.what.output = "attic"; }, "a wish for 'attic' sent to hall/lamp"},
    {"for no output", [](auto& x) { x.to = x.what.output = "a b"; }, "is no name"},
    {"priority 0", [](auto& x) { x.what.priority = 0; }, "with priority 0; there are 1 to 16"},
    {"priority 17", [](auto& x) { x.what.priority = 17; }, "priority 17"},
    {"a lease that ended before it began", [](auto& x) { x.what.lease = milliseconds{-1}; }, "a lease of -1 ms"},
    {"a source of two lines", [](auto& x) { x.what.source = "a\nb"; }, "'a?b', which is no source"},
    {"an id without end", [](auto& x) { x.what.id.assign(5000, 'x'); }, "which is no source"},
    {"a value that is none", [](auto& x) { x.what.val.kind = static_cast<value_kind>(9); }, "the kind of value 9"},
    {"relinquished", [](auto& x) { x.what.val = {}; }, ""},
    {"the longest pulse", [](auto& x) { x.what.pulse = milliseconds{3'600'000}; x.what.age = milliseconds{9000}; }, ""},
    {"a longer one", [](auto& x) { x.what.pulse = milliseconds{3'600'001}; }, "a pulse of 3600001 ms for hall/lamp, 0 ms old"},
    {"one that ends before it begins", [](auto& x) { x.what.pulse = milliseconds{-1}; }, "a pulse of -1 ms"},
    {"one that was decided later", [](auto& x) { x.what.age = milliseconds{-5}; }, "a pulse of 0 ms for hall/lamp, -5 ms old"},
  });
}

CAF_TEST(questions and answers) {
  hold<far_call>(good_call(), {
    {"nobody's", [](auto& x) { x.allowed = 0; x.who = ""; }, ""},
    {"a viewer's", [](auto& x) { x.allowed = 1; }, ""},
    {"a node's own look", [](auto& x) { x.allowed = 4; }, ""},
    {"a board's", [](auto& x) { x.allowed = 3; }, "the role 3"},
    {"more than there is", [](auto& x) { x.allowed = 5; }, "the role 5"},
    {"more than there is", [](auto& x) { x.allowed = 255; }, "the role 255"},
    {"a method of its own", [](auto& x) { x.method = "BREW\r\n"; }, "nobody is asked to 'BREW?" "?'"},
    {"no path", [](auto& x) { x.path = "v1"; }, "is no path"},
    {"a forged header", [](auto& x) { x.path = "/v1 HTTP/1.1\r\nHost: x"; }, "is no path"},
    {"a forged person", [](auto& x) { x.who = "anna\nroot"; }, "'anna?root' is no person's name"},
    {"parameters without end", [](auto& x) { x.query.resize(65); }, "65 parameters"},
  });
  far_answer said;
  said.status = 200;
  hold<far_answer>(said, {{"no status", [](auto& x) { x.status = -1; }, "-1 is no status"},
                          {"a status without end", [](auto& x) { x.status = 100'000; }, "is no status"},
                          {"a forged header", [](auto& x) { x.type = "a\r\nSet-Cookie: b"; }, "is no type"}});
  far_events events;
  events.events = {{"change", "{}"}};
  hold<far_events>(events, {{"a forged event", [](auto& x) { x.events[0].kind = "a\ndata: b"; }, "is no kind of event"},
                            {"events without end", [](auto& x) { x.events.resize(2000); }, "2000 events"}});
  hold<far_pull>({1, 64}, {{"all at once", [](auto& x) { x.most = 4'000'000'000; }, "4000000000 events"}});
}

CAF_TEST(hellos and letters and documents) {
  hello first;
  first.node = "attic";
  first.incarnation = 1;
  hold<hello>(first, {{"no name", [](auto& x) { x.node = "a/b"; }, "'a/b' is no name"},
                      {"never started", [](auto& x) { x.incarnation = 0; }, "start number 0"},
                      {"a version without end", [](auto& x) { x.version.assign(1000, '1'); }, "is none"}});
  membership_message letter;
  letter.members.resize(1);
  letter.members[0].name = "attic";
  hold<membership_message>(letter, {
    {"the last kind", [](auto& x) { x.what = membership_message::kind::goodbye; }, ""},
    {"one after it", [](auto& x) { x.what = static_cast<membership_message::kind>(6); }, "the kind of a letter 6"},
    {"the last standing", [](auto& x) { x.members[0].is = standing::waiting; }, ""},
    {"one after it", [](auto& x) { x.members[0].is = static_cast<standing>(7); }, "the standing 7"},
    {"no name", [](auto& x) { x.members[0].name = "a\tb"; }, "'a?b' is no name"},
    {"about nobody", [](auto& x) { x.about = "A"; }, "'A' is no name"},
    {"an address without end", [](auto& x) { x.members[0].addresses = {std::string(1000, 'x')}; }, "an address that is none"},
    {"addresses without end", [](auto& x) { x.members[0].addresses.resize(1000); }, "1000 addresses"},
    {"removed for ever", [](auto& x) { x.members[0].banned = UINT32_MAX; }, "was never removed"},
    {"members without end", [](auto& x) { x.members.resize(1000); }, "1000 members"},
  });
  hold<catalogue_part>({1, 0, 1, {}}, {{"beyond its end", [](auto& x) { x.part = 1; }, "part 1 of 1"},
                                       {"of none", [](auto& x) { x.parts = 0; }, "part 0 of 0"},
                                       {"parts without end", [](auto& x) { x.parts = UINT32_MAX; }, "at most 4096"},
                                       {"nothing, a million times", [](auto& x) { x.documents.resize(1'000'000); }, "1000000 documents"}});
  hold<trust_offer>({"-----BEGIN\n", ""}, {{"too large", [](auto& x) { x.revoked.assign(1 << 19, 'A'); }, "524288 of revocations"},
                                           {"bytes", [](auto& x) { x.authorities = std::string("\0", 1); }, "no PEM"}});
}

CAF_TEST(text is UTF-8 as the standard writes it) {
  for (const char* good : {"", "a", "ä", "€", "😀", "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf"})
    CAF_CHECK(is_text(good, 100));
  for (const char* bad : {"\x80", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80",
                          "\xf5\x80\x80\x80", "\xe2\x82", "\x7f", "\n", "\xc2\x85"})
    CAF_CHECK(!is_text(bad, 100));
  CAF_CHECK(is_text("a\nb\t", 100, true));
  CAF_CHECK(!is_text("abc", 2));
}

CAF_TEST(I11 empty documents fill no memory) {
  catalogue all;
  const std::vector<std::string> nothing(16'000);
  std::uint32_t taken = 0;
  for (std::uint32_t part = 0; part < 4000; ++part)
    taken += all.take("attic", {1, part, 4000, nothing}) ? 1 : 0;
  CAF_CHECK_EQUAL(taken, 0u);
  CAF_CHECK(all.of("attic").empty());
  CAF_CHECK(all.take("attic", {2, 0, 1, nothing})); // a revision that fits
}

CAF_TEST(I11 the values that one node shows are bounded) {
  storage::live_table live;
  mirror shown{live, system_clocks(), [](const std::string&, const std::string&) {}};
  std::size_t over = 0;
  for (int i = 0; i < 70; ++i) {
    reading_batch batch;
    for (int k = 0; k < 1000; ++k) {
      batch.rows.push_back(good_row());
      batch.rows.back().name = fmt::format("n{}", i * 1000 + k);
    }
    over += shown.take("attic", batch).over;
  }
  CAF_CHECK_EQUAL(shown.rows_of("attic"), mirror::most_names);
  CAF_CHECK_EQUAL(over, 70'000u - mirror::most_names);
  reading_batch gone;
  gone.gone = {"n0"};
  (void)shown.take("attic", gone);
  reading_batch more;
  more.rows = {good_row()};
  CAF_CHECK_EQUAL(shown.take("attic", more).over, 0u); // there is room again
}
CAF_TEST(of a letter of a board only what it says of itself counts) {
  using kind = membership_message::kind;
  member own, other;
  own.name = "shed";
  own.is = standing::left;
  own.banned = 7;
  own.draining = true;
  own.addresses = {"10.0.0.9:4710"};
  other.name = "attic";
  other.is = standing::down;
  for (const auto what : {kind::view, kind::goodbye, kind::deaf}) {
    const auto taken = of_a_board("shed", {what, "attic", 1, {other, own}});
    CAF_REQUIRE(taken);
    CAF_CHECK(taken->what == what);
    CAF_CHECK_EQUAL(taken->about, "");
    CAF_REQUIRE_EQUAL(taken->members.size(), 1u);
    CAF_CHECK_EQUAL(taken->members[0].name, "shed");
    CAF_CHECK(taken->members[0].is == standing::left);
    CAF_CHECK(taken->members[0].draining);
    CAF_CHECK_EQUAL(taken->members[0].banned, 0u);
    CAF_CHECK(taken->members[0].addresses.empty());
  }
  own.is = standing::removed;
  CAF_CHECK(of_a_board("shed", {kind::view, {}, 0, {own}})->members[0].is == standing::alive);
  for (const auto what : {kind::ask, kind::heard, kind::not_heard})
    CAF_CHECK(!of_a_board("shed", {what, "attic", 1, {own}}));
}

