// What the simulator does not look at: bounds, and words that are wrong in
// themselves. Who may command is sim.ownership's.

#undef CAF_SUITE
#define CAF_SUITE output_fence

#include "actors/channel/output_fence.hpp"
#include "tests/support/words.hpp"

#include <caf/test/dsl.hpp>

#include <algorithm>

using namespace troupe;
using namespace troupe::test;
using word = ownership_word;

namespace {

struct output_fence_fixture {
  output_fence::memory kept;
  mono_ns now = 100 * sec;
  output_fence fence{"hall/lamp", 42, kept, now};

  ownership_letter say(word what, const std::string& node = "attic", const std::string& source = "rule/x") {
    ownership_letter x;
    x.word = what;
    x.output = "hall/lamp";
    x.source = source;
    x.by = {node, 7, 1};
    x.as = {1, node};
    x.pass = {42, 0, 1, now};
    x.lease = 400;
    return x;
  }

  /// What the output answers to whom; nothing but this.
  ownership_letter hear(const ownership_letter& x) {
    (void)fence.take_posts();
    (void)fence.on_letter(x, now);
    auto posts = fence.take_posts();
    CAF_REQUIRE_EQUAL(posts.size(), 1u);
    CAF_CHECK_EQUAL(posts[0].first, x.by.node);
    return posts[0].second;
  }

  permit granted(const std::string& node = "attic") {
    const auto x = hear(say(word::claim, node));
    CAF_REQUIRE(x.word == word::granted);
    return {42, x.pass.grant, 0, now};
  }

  bool obeys(permit pass, const carried& carry = {}) { return fence.check("rule/x", pass, carry, now) == errc::none; }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(output_fences, output_fence_fixture)

CAF_TEST(who is not claimed for commands without a grant and who is does not) {
  CAF_CHECK(fence.check("operator/anna", {}, {}, now) == errc::none);
  CAF_CHECK(fence.check("rule/x", {}, {}, now) == errc::none);
  CAF_CHECK(hear(say(word::ask)).word == word::vacant);
  CAF_CHECK(fence.check("rule/x", {}, {}, now) == errc::fenced);
  CAF_CHECK(fence.check("operator/anna", {}, {}, now) == errc::none);
  // Who shows a grant of before this start is none that nobody asked for.
  CAF_CHECK(fence.check("rule/y", {42, 3, 1, now}, {}, now) == errc::fenced);
}

CAF_TEST(a claim must be of now and of this start) {
  auto x = say(word::claim);
  x.pass.nonce = 41;
  CAF_CHECK(hear(x).word == word::busy);
  x = say(word::claim);
  x.pass.echo = now - 3 * sec;
  CAF_CHECK(hear(x).word == word::busy);
  x.pass.echo = now + sec; // nobody has heard that yet
  CAF_CHECK(hear(x).word == word::busy);
  x = say(word::claim);
  x.as.node = "boiler";
  CAF_CHECK(hear(x).word == word::busy);
  CAF_CHECK(hear(say(word::claim)).word == word::granted);
  CAF_CHECK(hear(say(word::claim)).word == word::granted); // its answer was lost
  CAF_CHECK(hear(say(word::claim, "boiler")).word == word::busy);
}

CAF_TEST(commands come one after the other) {
  auto pass = granted();
  CAF_CHECK(!obeys({pass.nonce, pass.grant, 2, now}));
  CAF_CHECK(obeys({pass.nonce, pass.grant, 1, now}));
  CAF_CHECK(!obeys({pass.nonce, pass.grant, 1, now}));
  CAF_CHECK(!obeys({pass.nonce, pass.grant + 1, 2, now}));
  now += 401 * ms; // the tick that it shows is too old, and its lease is over
  CAF_CHECK(!obeys({pass.nonce, pass.grant, 2, now - 401 * ms}));
  CAF_CHECK(!obeys({pass.nonce, pass.grant, 2, now}));
}

CAF_TEST(the end of a link ends the grants that came over it and tells the others) {
  (void)hear(say(word::ask, "boiler"));
  const auto pass = granted();
  CAF_CHECK(obeys({pass.nonce, pass.grant, 1, now}));
  (void)fence.take_posts();
  fence.node_gone("attic", now);
  const auto told = fence.take_posts();
  CAF_REQUIRE_EQUAL(told.size(), 1u);
  CAF_CHECK_EQUAL(told[0].first, "boiler");
  CAF_CHECK(told[0].second.word == word::vacant);
  CAF_CHECK_EQUAL(told[0].second.holder, "attic");
  CAF_CHECK(!obeys({pass.nonce, pass.grant, 2, now}));
}

CAF_TEST(what is left for a successor comes with its grant and its age) {
  auto pass = granted();
  CAF_CHECK(obeys({pass.nonce, pass.grant, 1, now}, {1, "first"}));
  auto renewal = say(word::renew);
  renewal.pass = {pass.nonce, pass.grant, 1, now};
  renewal.done = 2; // a command is under way: what it is to do is not done yet
  renewal.carry = {2, "second"};
  CAF_CHECK(hear(renewal).word == word::ok);
  now += 3 * ms;
  fence.node_gone("attic", now);
  auto claim = say(word::claim, "boiler");
  claim.as.round = 2;
  const auto next = hear(claim);
  CAF_REQUIRE(next.word == word::granted);
  CAF_CHECK_EQUAL(next.carry.bytes, "first");
  CAF_CHECK_EQUAL(next.carry_as.node, "attic");
  CAF_CHECK_EQUAL(next.carry_age, 3);
}

CAF_TEST(a shadow is told what the holder has left and its bytes once) {
  auto ask = say(word::ask, "boiler");
  ask.done = 1;
  CAF_CHECK_EQUAL(hear(ask).carry.order, 0u); // vacant
  const auto pass = granted();
  CAF_CHECK_EQUAL(hear(ask).carry.order, 0u); // it has left nothing yet
  CAF_CHECK(obeys({pass.nonce, pass.grant, 1, now}, {1, "first"}));
  now += 7 * ms;
  auto told = hear(ask);
  CAF_CHECK(told.word == word::busy);
  CAF_CHECK_EQUAL(told.carry.bytes, "first");
  CAF_CHECK_EQUAL(told.carry_as.node, "attic");
  CAF_CHECK_EQUAL(told.carry_age, 7);
  ask.carry_as = told.carry_as;
  ask.carry.order = told.carry.order;
  told = hear(ask);
  CAF_CHECK(told.carry.bytes.empty());
  CAF_CHECK_EQUAL(told.carry.order, 1u);
  CAF_CHECK(obeys({pass.nonce, pass.grant, 2, now}, {2, "second"}));
  CAF_CHECK_EQUAL(hear(ask).carry.bytes, "second");
  CAF_CHECK(hear(say(word::ask, "boiler")).carry.bytes.empty()); // who does not compare
  // What an earlier activation has left says nothing of the one that acts now.
  fence.node_gone("attic", now);
  auto claim = say(word::claim, "boiler");
  claim.as.round = 2;
  CAF_REQUIRE(hear(claim).word == word::granted);
  ask.by.node = "cellar";
  ask.carry_as = {};
  CAF_CHECK_EQUAL(hear(ask).carry.order, 0u);
}

CAF_TEST(more than it may keep is not kept) {
  auto pass = granted();
  CAF_CHECK(obeys({pass.nonce, pass.grant, 1, now}, {1, std::string(output_fence::most_carry + 1, 'x')}));
  CAF_CHECK(kept.slots.at("rule/x").carry.bytes.empty());
}

CAF_TEST(leases have limits) {
  auto x = say(word::claim);
  x.lease = 1;
  CAF_CHECK_EQUAL(hear(x).lease, output_fence::shortest_lease.count());
  auto y = say(word::claim, "attic", "rule/y");
  y.lease = 1'000'000'000;
  CAF_CHECK_EQUAL(hear(y).lease, output_fence::longest_lease.count());
}

CAF_TEST(controllers and candidates have a bound) {
  for (std::size_t i = 0; i < output_fence::most_sources; ++i)
    CAF_CHECK(hear(say(word::ask, "attic", "rule/" + std::to_string(i))).word == word::vacant);
  const auto refused = hear(say(word::ask, "attic", "rule/one-more"));
  CAF_CHECK(refused.word == word::busy);
  CAF_CHECK(!refused.why.empty());
  for (std::size_t i = 0; i < 2 * output_fence::most_askers; ++i)
    (void)hear(say(word::ask, "n" + std::to_string(i), "rule/0"));
  CAF_CHECK_EQUAL(kept.slots.at("rule/0").askers.size(), output_fence::most_askers);
}

CAF_TEST(whoever is silent is forgotten and so is a controller that nobody asks for) {
  (void)hear(say(word::ask));
  for (const auto end = now + to_ns(output_fence::source_forgotten) + to_ns(output_fence::asker_forgotten); now < end;) {
    now = std::max(now + ms, std::min(fence.next(), end));
    fence.on_time(now);
    (void)fence.take_posts();
  }
  CAF_CHECK(kept.slots.empty());
}

CAF_TEST_FIXTURE_SCOPE_END()
