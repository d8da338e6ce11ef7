// A node of the house that is broken or in wrong hands: its certificate is
// good, what it says is not. Each thing is refused or bounded, and told.

#define CAF_SUITE insider
#include "tests/support/suite.hpp"

#include "cluster/membership/membership.hpp"
#include "tests/fault/strangers/evil_node.hpp"
#include "tests/fault/strangers/pair.hpp"
#include "tests/fault/strangers/raw_node.hpp"

using namespace troupe;
using namespace troupe::test;
using namespace troupe::cluster;

namespace {

far_row row_of(const std::string& name, std::int64_t x) {
  far_row out;
  out.name = name;
  out.now.val = value::integer(x);
  out.now.grade = quality::good;
  out.now.why = reason::none;
  out.age_ns = 1;
  return out;
}

reading_batch batch_of(std::uint64_t seq, std::vector<far_row> rows, reading_batch::place is = reading_batch::place::news) {
  reading_batch out;
  out.seq = seq;
  out.is = is;
  out.rows = std::move(rows);
  return out;
}

struct fixture : honest_pair {
  credential_files give(const std::string& name) {
    std::filesystem::create_directories(folder / name);
    return write_credentials(folder / name, root.issue(name), root.certificate());
  }

  /// In a's own table: `get` would ask the node that shows it, which answers nobody.
  bool shows(const std::string& name, const std::string& text) {
    const auto is_it = [&](const nlohmann::json& x) { return !x.empty() && x[0].value("text", "") == text; };
    const auto rows = a.wait_for({"list", name}, is_it);
    return rows.is_array() && is_it(rows);
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(insider_tests, fixture)

CAF_TEST(what makes no sense is dropped and told and what is right beside it is shown) {
  evil_node evil{"evil", give("evil")};
  CAF_REQUIRE_EQUAL(evil.enter("a", port), "");
  std::uint64_t seq = 0;
  evil.say(batch_of(++seq, {row_of("evil/first", 1)}, reading_batch::place::only));
  CAF_CHECK(shows("evil/first", "1"));
  std::vector<far_row> bad(9, row_of("evil/bad", 1));
  bad[0].name = "Not a name\n2026 root: all is well";
  bad[1].name = std::string(900'000, 'x');
  bad[2].age_ns = INT64_MIN;
  bad[3].now.grade = static_cast<quality>(200);
  bad[4].now.why = static_cast<reason>(99);
  bad[5].now.told_as = static_cast<origin>(77);
  bad[6].now.val.kind = static_cast<value_kind>(66);
  bad[7].now.val = value::text("\xff\xfe no UTF-8");
  bad[8].unit = "\x1b[2J";
  for (std::size_t i = 0; i < bad.size(); ++i)
    evil.say(batch_of(++seq, {bad[i], row_of(fmt::format("evil/good-{}", i), 2)}));
  CAF_CHECK(shows("evil/good-8", "2"));
  CAF_CHECK(a.ask({"list", "evil/bad"}).empty());
  CAF_CHECK(logs("readings of it are not shown"));
  CAF_CHECK(logs("evil: at 127.0.0.1:"));
  CAF_CHECK(!has(a.log(), "root: all is well\n"));
  for (int i = 0; i < 6; ++i) { // ten a second are told one by one; a silent node would be dropped
    pause_for(200ms);
    evil.say(tick_asked{});
  }
  evil.say(batch_of(++seq, {}, static_cast<reading_batch::place>(9)));
  CAF_CHECK(logs("the place in a picture 9 is none"));
  // Names that b shows are b's.
  evil.say(batch_of(++seq, {row_of("b/temp", -40)}));
  CAF_CHECK(logs("shows a value of the name b/temp too"));
  CAF_CHECK(journal_has("shows a value of the name b/temp too"));
  CAF_CHECK_EQUAL(a.ask({"get", "b/temp"}).value("node", ""), "b");
  CAF_CHECK_EQUAL(a.troupe({"list"}).exit, 0); // nothing that came breaks a list
  CAF_CHECK_EQUAL(trouble(), "");
}

CAF_TEST(wishes and questions beyond what is allowed do nothing) {
  evil_node evil{"evil", give("evil")};
  CAF_REQUIRE_EQUAL(evil.enter("a", port), "");
  const auto lamp = [&] { return a.ask({"get", "a/lamp"}).value("text", ""); };
  a.wait_for({"get", "a/lamp"}, [](auto& x) { return x.value("text", "") == "off"; });
  envelope wish;
  wish.seq = 1;
  wish.to = wish.what.output = "a/lamp";
  wish.what.val = value::digital(true);
  wish.what.source = "rule/evil";
  wish.echo = 1; // of long ago
  evil.say(wish);
  CAF_CHECK(logs("was older than 2000 ms"));
  wish.echo = INT64_MAX;
  wish.seq = 0xffffffffffff;
  evil.say(wish);
  wish.what.priority = -5;
  evil.say(wish);
  CAF_CHECK(logs("with priority -5; there are 1 to 16"));
  wish.what.priority = 10;
  wish.what.source = "x\ny";
  evil.say(wish);
  CAF_CHECK(logs("which is no source"));
  far_call ask;
  ask.method = "POST";
  ask.path = "/v1/set/a/lamp";
  ask.body = R"({"value": true})";
  ask.who = "mallory";
  for (const unsigned role : {4u, 1u, 0u, 3u, 5u, 255u}) {
    ask.id = 100 + role;
    ask.allowed = static_cast<std::uint8_t>(role);
    evil.say(ask);
  }
  ask.allowed = 2;
  ask.id = 400;
  ask.who = "anna\r\nX: y";
  evil.say(ask);
  ask.who = "anna";
  ask.method = "POST";
  ask.path = "/node/renewal";
  ask.id = 401;
  ask.body = R"({"request": 5})"; // threw in a worker's thread once
  evil.say(ask);
  ask.id = 402;
  ask.body = std::string(400'000, '[');
  evil.say(ask);
  ask.id = 403;
  ask.path = "/v1/desired";
  evil.say(ask);
  for (int i = 0; i < 200 && evil.answers().size() < 10; ++i)
    pause_for(20ms);
  const auto answers = evil.answers();
  CAF_CHECK_EQUAL(answers.size(), 10u);
  for (const auto& x : answers)
    if (x.status < 400)
      CAF_ERROR("question " << x.id << " was answered with " << x.status << ": " << x.body);
  CAF_CHECK_EQUAL(lamp(), "off");
  CAF_CHECK_EQUAL(trouble(), "");
}

CAF_TEST(documents and views and trust that lie break nothing) {
  evil_node evil{"evil", give("evil")};
  CAF_REQUIRE_EQUAL(evil.enter("a", port), "");
  const std::vector<std::string> documents = {
    R"({"section": 5, "name": ["x"], "document": {"label": 7}})", R"({"section": "rule", "name": "x", "document": {"label": {}}})",
    R"({"section": "channel", "name": "x", "document": )" + std::string(300'000, '[') + std::string(300'000, ']') + "}",
    "\xff\xfe", "null", "[]", R"({"section": "channel", "name": "\u0000/../x", "document": {"bus": 5}})"};
  evil.say(catalogue_part{1, 0, 1, documents});
  evil.say(catalogue_part{2, 7, 3, documents});
  CAF_CHECK(logs("part 7 of 3 of its documents"));
  evil.say(trust_offer{std::string(700'000, 'A'), "rubbish"});
  CAF_CHECK(logs("bytes of authorities"));
  evil.say(trust_offer{foreign.certificate(), "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"});
  membership_message letter;
  letter.what = static_cast<membership_message::kind>(44);
  evil.say(letter);
  CAF_CHECK(logs("the kind of a letter 44 is none"));
  letter.what = membership_message::kind::view;
  member liar;
  liar.name = "ghost\n";
  letter.members = {liar};
  evil.say(letter);
  CAF_CHECK(logs("'ghost?' is no name"));
  liar.name = "b";
  liar.is = static_cast<standing>(99);
  letter.members = {liar};
  evil.say(letter);
  liar.is = standing::down;
  liar.incarnation = UINT64_MAX;
  liar.refutation = UINT32_MAX;
  letter.members = {liar};
  liar.name = "a";
  letter.members.push_back(liar);
  for (int i = 0; i < 200; ++i) { // the same word with other addresses each time
    for (auto& x : letter.members)
      x.addresses = {fmt::format("127.9.{}.1:1", i), std::string(250, 'x') + fmt::format("{}:1", i)};
    evil.say(letter);
  }
  pause_for(500ms);
  const auto members = a.ask({"members"});
  for (const auto& x : members["members"])
    CAF_CHECK(x["addresses"].size() <= 16);
  CAF_CHECK_EQUAL(a.troupe({"list"}).exit, 0);
  CAF_CHECK_EQUAL(a.troupe({"export"}).exit, 0);
  CAF_CHECK_EQUAL(trouble(), "");
}

CAF_TEST(what no node sends to another cuts the link) {
  const auto cuts = [&](const char* what, const char* why, const std::function<void(evil_node&)>& attack) {
    CAF_MESSAGE(what);
    evil_node evil{"evil", give("evil")};
    CAF_REQUIRE_EQUAL(evil.enter("a", port), "");
    const auto before = evil.downs();
    attack(evil);
    if (!evil.cut(before + 1))
      CAF_ERROR("not cut: " << what);
    if (!logs(why))
      CAF_ERROR("not told: " << why);
    CAF_CHECK_EQUAL(trouble(), "");
  };
  cuts("an exit message for the gateway", "of the type '@exit', which nodes do not send", [](evil_node& x) {
    caf::send_as(x.mouth(), x.there(), caf::exit_msg{x.mouth().address(), caf::exit_reason::kill});
  });
  cuts("a link with the gateway's own handle", "which nodes do not send each other", [](evil_node& x) {
    x.say(caf::make_message(caf::link_atom::value, caf::actor_cast<caf::strong_actor_ptr>(x.there())));
  });
  cuts("a hello of another process", "said hello again, as somebody else", [](evil_node& x) {
    auto again = x.good_hello();
    again.incarnation = 8;
    x.say(again);
  });
  cuts("a hello under another name", "calls itself b in its hello", [](evil_node& x) {
    auto as_b = x.good_hello();
    as_b.node = "b";
    x.say(as_b);
  });
}

CAF_TEST(speakers without end cut the link) {
  const auto one_visit = [&] {
    evil_node x{"evil", give("evil")};
    CAF_REQUIRE_EQUAL(x.enter("a", port), "");
    const auto before = x.downs();
    std::vector<caf::actor> mouths;
    for (int i = 0; i < 1100; ++i) {
      mouths.push_back(x.system().spawn([](caf::event_based_actor* self) -> caf::behavior {
        self->set_default_handler(caf::drop);
        return {[](int) {}};
      }));
      caf::send_as(mouths.back(), x.there(), tick_told{1});
    }
    CAF_CHECK(x.cut(before + 1));
    for (const auto& mouth : mouths) // CAF's registry keeps whoever was told of abroad
      caf::anon_send_exit(mouth, caf::exit_reason::user_shutdown);
  };
  one_visit();
  CAF_CHECK(logs("messages of more than 1024 actors"));
  CAF_CHECK_EQUAL(trouble_during(one_visit), "");
}

CAF_TEST(a hundred thousand rows and endless empty documents are bounded) {
  evil_node evil{"evil", give("evil")};
  CAF_REQUIRE_EQUAL(evil.enter("a", port), "");
  std::uint64_t seq = 0;
  int next = 0;
  const auto some = [&](int n) {
    std::vector<far_row> rows;
    for (int i = 0; i < n; ++i, ++next)
      rows.push_back(row_of(fmt::format("evil/row-{}", next), i));
    evil.say(batch_of(++seq, std::move(rows)));
    if (seq % 8 == 0)
      evil.heard();
  };
  CAF_CHECK_EQUAL(trouble_during([&] { some(256); }, 256 << 10), "");
  while (next < 100'000)
    some(256);
  CAF_CHECK(logs("more than 65536 names"));
  pause_for(1200ms); // a new second: it is told one by one again
  some(257);
  CAF_CHECK(logs("257 readings in one batch; at most 256"));
  std::uint32_t part = 0;
  const auto empty_documents = [&] {
    if (part < 4000)
      evil.say(catalogue_part{9, part++, 4000, std::vector<std::string>(16'000)});
    if (part % 4 == 0)
      evil.heard();
  };
  CAF_CHECK_EQUAL(trouble_during(empty_documents, 256 << 10), "");
  while (part < 300)
    empty_documents();
  CAF_CHECK(logs("documents of it are not kept"));
  CAF_CHECK_EQUAL(trouble(256 << 10), "");
  CAF_CHECK_EQUAL(evil.downs(), 0u);
}

CAF_TEST(invented members are bounded and go with who told of them) {
  evil_node evil{"evil", give("evil")};
  CAF_REQUIRE_EQUAL(evil.enter("a", port), "");
  int next = 0;
  const auto invent = [&] {
    membership_message letter;
    letter.what = membership_message::kind::view;
    for (int i = 0; i < 50; ++i, ++next) {
      member ghost;
      ghost.name = fmt::format("ghost-{}", next);
      ghost.incarnation = 1;
      ghost.is = i % 3 == 0 ? standing::removed : standing::alive;
      ghost.addresses = {fmt::format("127.0.0.1:{}", free_port())};
      letter.members.push_back(ghost);
    }
    evil.say(letter);
    pause_for(5ms);
  };
  CAF_CHECK_EQUAL(trouble_during(invent), "");
  CAF_CHECK(logs("node evil: tells of more nodes than are taken: 'ghost-64' and others are not"));
  CAF_CHECK(logs("`troupe remove-node evil`"));
  const auto known = [](const test_house& at) { return at.ask({"members"})["members"].size(); };
  CAF_CHECK_EQUAL(known(a), 3 + membership::max_told); // a, b, evil
  CAF_CHECK_LESS_OR_EQUAL(known(b), 3u); // b has met a, and may hear of evil; of no ghost
  evil_node honest{"honest", give("honest")};
  CAF_CHECK_EQUAL(honest.enter("a", port), "");
  CAF_CHECK(logs("node honest: unknown -> alive: linked") || logs("node honest: waiting -> alive: linked"));
  CAF_CHECK_EQUAL(a.troupe({"remove-node", "evil", "--yes"}).exit, 0);
  const auto rows = a.wait_for({"members"}, [](const auto& x) { return x["members"].size() == 4; });
  CAF_CHECK_EQUAL(rows["members"].size(), 4u);
  const auto text = a.log();
  CAF_CHECK_EQUAL(text.find("tells of more nodes"), text.rfind("tells of more nodes"));
  CAF_CHECK_EQUAL(trouble(), "");
}

CAF_TEST(offers of trust without end are looked at now and then and the newest counts) {
  evil_node evil{"evil", give("evil")};
  CAF_REQUIRE_EQUAL(evil.enter("a", port), "");
  std::string rubbish; // costs a look as much as can be
  for (int i = 0; i < 60; ++i)
    rubbish += foreign.certificate();
  int said = 0;
  const auto offer = [&] {
    evil.say(trust_offer{rubbish, fmt::format("-----BEGIN X509 CRL-----\n{:08}\n-----END X509 CRL-----\n", ++said)});
    pause_for(2ms);
  };
  const auto before = a.log().size();
  CAF_CHECK_EQUAL(trouble_during(offer), "");
  while (said < 500)
    offer();
  CAF_CHECK(logs("evil: offered authorities and revocations so often that"));
  CAF_CHECK(logs("`troupe remove-node evil`"));
  evil.say(trust_offer{root.below("garden").certificate(), ""}); // what is right is taken from anybody
  CAF_CHECK(logs("from evil: new authority 'garden'"));
  // Each look tells what it refused: there were few.
  std::size_t looks = 0;
  std::istringstream lines{a.log().substr(before)};
  for (std::string line; std::getline(lines, line);)
    looks += has(line, "refused from evil: root") ? 1 : 0;
  CAF_MESSAGE(looks << " looks at " << said << " offers");
  CAF_CHECK(looks > 0);
  CAF_CHECK_LESS(looks, 10u);
  CAF_CHECK_EQUAL(trouble(), "");
}

CAF_TEST(a board with a key shows its own names and commands nobody) {
  credential_files keys;
  keys.psk = folder / "shed.psk";
  write_file(keys.psk, "a " + std::string(64, 'a') + " names=a/\n");
  std::filesystem::permissions(keys.psk, std::filesystem::perms::owner_read);
  evil_node shed{"shed", keys};
  CAF_REQUIRE_EQUAL(shed.enter("a", psk), "");
  shed.say(batch_of(1, {row_of("shed/light", 1), row_of("house/alarm", 1)}, reading_batch::place::only));
  CAF_CHECK(shows("shed/light", "1"));
  CAF_CHECK(a.ask({"list", "house/alarm"}).empty());
  CAF_CHECK(logs("for their names are not its own; the first is house/alarm"));
  const auto about = [](const char* name) {
    return fmt::format(R"({{"section": "channel", "name": "{}", "document": {{"bus": "sim", "label": "of the shed"}}}})", name);
  };
  shed.say(catalogue_part{1, 0, 1, {about("shed/light"), about("house/alarm"), "null"}});
  CAF_CHECK(logs("2 documents of it are not kept, for their names are not its own; the first is 'house/alarm'"));
  shed.say(trust_offer{foreign.certificate(), ""});
  CAF_CHECK(logs("yet told whom to trust"));
  // a runs a bus and a lamp too, which are none of the shed's business.
  for (int i = 0; i < 200 && shed.documents().empty(); ++i)
    pause_for(20ms);
  const auto shown = shed.documents();
  CAF_CHECK_EQUAL(shown.size(), 1u);
  for (const auto& x : shown)
    CAF_CHECK(has(x, "shed/heater"));
  envelope wish;
  wish.seq = 1;
  wish.echo = 1;
  wish.to = wish.what.output = "a/lamp";
  wish.what.val = value::digital(true);
  wish.what.source = "rule/shed";
  shed.say(wish);
  CAF_CHECK(logs("yet sent a message for a/lamp"));
  far_call ask;
  ask.id = 5;
  ask.method = "POST";
  ask.path = "/v1/set/a/lamp";
  ask.body = R"({"value": true})";
  ask.who = "anna";
  ask.allowed = 2;
  shed.say(ask);
  CAF_CHECK(logs("yet asked 'POST /v1/set/a/lamp'"));
  for (int i = 0; i < 200 && shed.answers().empty(); ++i)
    pause_for(20ms);
  CAF_REQUIRE_EQUAL(shed.answers().size(), 1u);
  CAF_CHECK_EQUAL(shed.answers()[0].status, 403);
  CAF_CHECK_EQUAL(a.ask({"get", "a/lamp"}).value("text", ""), "off");
  write_file(folder / "wrong.psk", "a " + std::string(64, 'b') + " names=a/\n");
  std::filesystem::permissions(folder / "wrong.psk", std::filesystem::perms::owner_read);
  keys.psk = folder / "wrong.psk";
  evil_node wrong{"shed", keys};
  CAF_CHECK(!wrong.dial("a", psk).empty());
  CAF_CHECK(logs("the pre-shared key is wrong"));
  CAF_CHECK_EQUAL(trouble(), "");
}

CAF_TEST(a flood of nonsense is told as a sum) {
  const far_pull ask{1, UINT32_MAX};
  const auto told = [&](std::size_t from) {
    std::istringstream lines{a.log().substr(from)};
    std::pair<int, int> out{0, 0}; // lines about it, complaints that they stand for
    for (std::string line; std::getline(lines, line);) {
      const auto sum = line.find(" more like these");
      if (!has(line, "warning evil: "))
        continue;
      ++out.first;
      out.second += sum == std::string::npos ? 1 : std::stoi(line.substr(line.rfind(' ', sum - 1)));
    }
    return out;
  };
  const auto before = a.log().size();
  const auto begun = std::chrono::steady_clock::now();
  int said = 0;
  {
    evil_node evil{"evil", give("evil")};
    CAF_REQUIRE_EQUAL(evil.enter("a", port), "");
    const auto some = [&] {
      for (int i = 0; i < 100; ++i, ++said)
        evil.say(ask);
      evil.heard();
    };
    CAF_CHECK_EQUAL(trouble_during(some), "");
    while (said < 20'000)
      some();
    CAF_CHECK(logs(" more like these"));
    pause_for(1200ms); // a new second: it is told one by one again
    for (int i = 0; i < 500; ++i, ++said)
      evil.say(ask);
    // What came last is told though its sender goes at once.
    for (int i = 0; i < 200 && told(before).second < said - 490; ++i)
      pause_for(10ms);
  }
  CAF_CHECK(logs("before its link ended"));
  const auto [lines, complaints] = told(before);
  CAF_MESSAGE(lines << " lines for " << said << " complaints");
  CAF_CHECK_EQUAL(complaints, said);
  // Ten a second one by one, their sum, and what the end of the link says.
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - begun).count();
  CAF_CHECK_LESS(lines, 11 * (static_cast<int>(seconds) + 2));
}

CAF_TEST(a peer that proves its name and says no hello has no link) {
  evil_node evil{"evil", give("evil")};
  CAF_REQUIRE_EQUAL(evil.dial("a", port), "");
  CAF_CHECK(evil.cut(1));
  CAF_CHECK(logs("said no hello within 3000 ms"));
  CAF_CHECK_EQUAL(trouble(), "");
}

CAF_TEST(a peer that stops reading is cut at its bound) {
  evil_node any{"any", give("any")};
  const auto leaf = root.issue("deaf");
  std::uint64_t asked = 0;
  // It asks without end and takes no answer: a monitor of an actor that is not
  // there is answered with its end.
  const auto one_visit = [&] {
    raw_node deaf{any.system(), "deaf", leaf, port};
    CAF_REQUIRE(deaf.shake_hands());
    const auto both = deaf.bytes(deaf.me(), deaf.there());
    std::string many;
    for (int i = 0; i < 500; ++i)
      many += raw_node::frame(raw_node::monitor_message, both, 0, 900'000'000 + ++asked);
    bool taken = true;
    for (int i = 0; i < 2000 && taken; ++i)
      taken = deaf.say(many);
    CAF_CHECK(!taken);
  };
  one_visit();
  CAF_CHECK(logs("deaf: refused at 127.0.0.1:"));
  CAF_CHECK(logs("it does not read: "));
  CAF_CHECK_EQUAL(trouble_during(one_visit), "");
}

CAF_TEST(a member that would have words passed on or breaks BASP loses its own link only) {
  evil_node any{"any", give("any")};
  const auto leaf = root.issue("mallory");
  {
    raw_node x{any.system(), "mallory", leaf, port};
    CAF_REQUIRE(x.shake_hands());
    x.say(raw_node::monitor_message, x.bytes(x.me(), caf::make_node_id(*caf::make_uri("node:b/1"))), 0, 9);
    CAF_CHECK(x.closed());
    CAF_CHECK(logs("a BASP message for 'node:b/1', which this node would pass on"));
  }
  pause_for(200ms);
  {
    raw_node x{any.system(), "mallory", leaf, port};
    CAF_REQUIRE(x.shake_hands());
    x.say(raw_node::direct_message, "x", 7, 0); // to nobody
    CAF_CHECK(x.closed());
    CAF_CHECK(logs("no BASP that CAF understands"));
    CAF_CHECK(logs("mallory: refused at 127.0.0.1:"));
  }
  CAF_CHECK_EQUAL(trouble(), "");
}

CAF_TEST_FIXTURE_SCOPE_END()
