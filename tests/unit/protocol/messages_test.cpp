#undef CAF_SUITE
#define CAF_SUITE messages

#include "actors/protocol/channel.hpp"
#include "actors/protocol/registration.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe;

namespace {

struct config : caf::actor_system_config {
  config() { add_messages(*this); }
};

using fixture = test_coordinator_fixture<config>;

// No field of any of these is at its default: a field that `inspect` forgets
// comes back as its default and is seen.
const value some_value{value_kind::text, 7, 2.5, "words"};
const std::vector<storage::step> some_story{{"input", "hall/button", "off -> on", 17}};
const reading some_reading{some_value, quality::uncertain, reason::forced, origin::change,
                           1,          2,                  3,              4,
                           5,          6};

} // namespace

CAF_TEST_FIXTURE_SCOPE(wire, fixture)

CAF_TEST(the nouns survive the wire with every field) {
  CAF_CHECK(roundtrip(some_value) == some_value);
  CAF_CHECK(roundtrip(some_reading) == some_reading);
  CAF_CHECK(roundtrip(some_story[0]) == some_story[0]);
  const error why{errc::busy, "line 4"};
  CAF_CHECK(roundtrip(why) == why);
}

CAF_TEST(commands and their answers survive the wire with every field) {
  const command wish{"id", "hall/lamp", some_value, 3, "rule/x", milliseconds{9}, some_story,
                     {1, 2, 3, 4}, {5, "carried"}, milliseconds{10}, milliseconds{11}};
  CAF_CHECK(roundtrip(wish) == wish);
  const renewal again{"hall/lamp", "rule/x"};
  CAF_CHECK(roundtrip(again) == again);
  const command_answer answer{errc::interlocked, "pump is on", some_value};
  CAF_CHECK(roundtrip(answer) == answer);
  const force_value force{some_value, "anna"};
  CAF_CHECK(roundtrip(force) == force);
  const set_total total{"r1", 12.5, "anna"};
  CAF_CHECK(roundtrip(total) == total);
  const total_stored stored{"r1", {errc::indeterminate, "why"}};
  CAF_CHECK(roundtrip(stored) == stored);
}

CAF_TEST(words about who commands survive the wire with every field) {
  const ownership_letter word{ownership_word::fenced, "hall/lamp", "rule/x", {"attic", 1, 2}, {3, "boiler"},
                              {4, 5, 6, 7},           8,           9,        10,              11,
                              {12, "carried"},        {13, "cellar"},        14,              "attic",
                              "boiler",               "why"};
  CAF_CHECK(roundtrip(word) == word);
  CAF_CHECK(roundtrip(node_gone{"attic"}) == node_gone{"attic"});
  CAF_CHECK(roundtrip(owner_order{"attic"}) == owner_order{"attic"});
}

CAF_TEST(views survive the wire with every field) {
  const input_view in{some_reading, some_value, true, "open", 8, 9};
  CAF_CHECK(roundtrip(in) == in);
  const output_slot slot{"rule/x", 4, some_value, milliseconds{5}, some_story, true};
  CAF_CHECK(roundtrip(slot) == slot);
  const output_view out{some_reading, {slot}, some_value, true, "rule/x", "waits", "open", 11,
                        {{"rule/x", "attic", "boiler", "why", 3, milliseconds{4}, {"cellar"}}}};
  CAF_CHECK(roundtrip(out) == out);
  const count_view count{some_reading, 1, 2, 3, 4.5, "W", "open"};
  CAF_CHECK(roundtrip(count) == count);
  const bus_line line{"4", "hall/lamp", false, true};
  CAF_CHECK(roundtrip(line) == line);
  const bus_view bus{"sim", "busy", {line}};
  CAF_CHECK(roundtrip(bus) == bus);
}

CAF_TEST(questions without fields cross the wire as messages) {
  // A type that is not registered would arrive as an empty message.
  for (const auto& ask : {caf::make_message(view_input{}), caf::make_message(view_output{}),
                          caf::make_message(view_counter{}), caf::make_message(view_bus{})}) {
    const auto copy = roundtrip(ask);
    CAF_CHECK_EQUAL(copy.size(), 1u);
    CAF_CHECK_EQUAL(to_string(copy), to_string(ask));
  }
}

CAF_TEST_FIXTURE_SCOPE_END()
