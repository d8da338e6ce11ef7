// Whatever a stranger or a broken peer sends, before and after it proved its
// name: no crash, no hang, no memory without end, and the honest link lives.

#define CAF_SUITE link
#include "tests/support/suite.hpp"

#include "actors/supervision/directory.hpp"
#include "cluster/link/link.hpp"
#include "storage/memory/memory_engine.hpp"
#include "storage/replicated_store.hpp"
#include "tests/contract/transport/raw_link.hpp"
#include "tests/fault/strangers/evil_node.hpp"
#include "tests/support/env_number.hpp"
#include "tests/support/temp_folder.hpp"

#include <caf/io/basp/header.hpp>
#include <caf/io/basp/version.hpp>

#include <filesystem>
#include <fstream>
#include <random>

using namespace troupe;
using namespace troupe::cluster;
using namespace troupe::test;

namespace {

long rss_kib() {
  std::ifstream in{"/proc/self/status"};
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("VmRSS:"))
      return std::stol(line.substr(6));
  return -1;
}

/// The gateway of a node, with everything behind it that parses.
class victim final : public transport_events, public far_service {
public:
  explicit victim(credential_files files) {
    cfg_.set("scheduler.policy", caf::atom("sharing"));
    cfg_.set("scheduler.max-threads", std::size_t{2});
    add_messages(cfg_);
    add_link_messages(cfg_);
    transport::options how;
    how.node = "a";
    how.files = std::move(files);
    how.told = this;
    how.messages = link_message_names();
    how.bounds.handshake_within = milliseconds{500};
    if (auto done = transport::load(cfg_, how); !done)
      CAF_FAIL(done.why().context);
    system_ = std::make_unique<caf::actor_system>(cfg_);
    link_hooks hooks;
    hooks.on_peer = [this](const std::string&, std::uint64_t) { ++peers; };
    hooks.on_trouble = [this](const std::string&, const std::string& text) {
      ++told;
      // What reaches a log is one line of printable text of bounded size.
      for (const char c : text)
        forged += c < ' ' || c > '~';
      forged += text.size() > 2000;
    };
    link_ = std::make_unique<cluster::link>(*system_, net(), all_, *this, std::move(hooks), cluster::link::options{"a", "1", 1, milliseconds{2000}, milliseconds{3000}});
    link_->start();
    port = *net().listen("127.0.0.1:0", link_->gateway());
    open_ = true;
  }
  ~victim() override {
    open_ = false;
    link_->stop();
    link_.reset();
    system_.reset();
  }
  transport& net() { return transport::of(*system_); }
  caf::actor_system& system() { return *system_; }
  const caf::actor& gateway() const { return link_->gateway(); }

  void link_up(const peer_identity&) noexcept override { ++ups; }
  void link_down(const peer_identity& who, const std::string& why, bool lost) noexcept override {
    if (open_)
      link_->link_down(who, why, lost);
  }
  void refused(const std::string&, const std::string& claimed, const std::string& why) noexcept override {
    ++refusals;
    for (const char c : claimed + why)
      forged += c < ' ' || c > '~';
  }
  void call(const std::string&, far_call, std::function<void(far_answer)> answer) override { answer({}); }
  void pull(const std::string&, const far_pull& x, std::function<void(far_events)> answer) override { answer({x.stream, {}, true}); }
  void close(const std::string&, std::uint64_t) override {}
  void peer_gone(const std::string&) override {}

  std::uint16_t port = 0;
  std::atomic<std::size_t> ups{0}, peers{0}, told{0}, refusals{0}, forged{0};
  storage::live_table live;

private:
  caf::actor_system_config cfg_;
  std::unique_ptr<caf::actor_system> system_;
  directory names_;
  std::unique_ptr<storage::store> store_ = storage::replicated_store::open(storage::make_memory_engine(), {}, system_clocks()).value();
  services all_{live, *store_, names_, system_clocks()};
  std::unique_ptr<cluster::link> link_;
  std::atomic<bool> open_{false};
};

struct fixture {
  temp_folder folder;
  test_authority root{"house root"};
  std::vector<test_leaf> leaves;
  std::uint64_t seed = number<std::uint64_t>("TROUPE_SEED", 20261121), rounds = number<std::uint64_t>("TROUPE_ROUNDS", 120);
  std::mt19937_64 dice{seed};
  victim a{give("a")};
  evil_node honest{"honest", give("honest")};
  long before = 0;

  fixture() {
    CAF_MESSAGE("repeat with TROUPE_SEED=" << seed << " TROUPE_ROUNDS=" << rounds);
    for (int i = 0; i < 16; ++i)
      leaves.push_back(root.issue("evil" + std::to_string(i)));
    CAF_REQUIRE_EQUAL(honest.enter("a", a.port), "");
    CAF_REQUIRE(is_well());
    before = rss_kib();
  }
  credential_files give(const std::string& name) {
    std::filesystem::create_directories(folder / name);
    return write_credentials(folder / name, root.issue(name), root.certificate());
  }
  std::size_t below(std::size_t n) { return dice() % n; }

  /// The honest peer asks the gateway and is answered within a second.
  bool is_well() {
    const auto was = honest.ticks.load();
    honest.say(tick_asked{});
    for (int i = 0; i < 1000 && honest.ticks == was; ++i)
      std::this_thread::sleep_for(milliseconds{1});
    return honest.ticks != was && honest.downs() == 0;
  }

  std::string damage(std::string x) {
    for (auto n = below(5); n > 0 && !x.empty(); --n) {
      const auto at = below(x.size());
      switch (below(6)) {
      case 0: x[at] = static_cast<char>(dice()); break;
      case 1: x[at] = static_cast<char>(x[at] ^ (1 << below(8))); break;
      case 2: x.insert(at, std::string("\xff\xff\xff\xff\x0f").substr(0, 1 + below(5))); break;
      case 3: x.erase(at, 1 + below(8)); break;
      case 4: x.insert(at, x.substr(below(x.size()), below(64))); break;
      case 5: x[at] = "\x00\x7f\x80\xff"[below(4)]; break;
      }
    }
    return x;
  }

  void hold(std::uint64_t round) {
    if (!is_well())
      CAF_FAIL("the honest link is lost; repeat with TROUPE_SEED=" << seed << " TROUPE_ROUNDS=" << round + 1);
    if (rss_kib() > before + (256 << 10))
      CAF_FAIL("from " << before << " to " << rss_kib() << " KiB; repeat with TROUPE_SEED=" << seed << " TROUPE_ROUNDS=" << round + 1);
  }
};

std::string frame(int kind, const std::string& payload, std::uint64_t data, std::uint64_t from, std::uint64_t to, std::uint32_t size) {
  std::string out(32, '\0');
  const auto put = [&](std::size_t at, std::uint64_t x, int bytes) {
    while (bytes-- > 0) {
      out[at + static_cast<std::size_t>(bytes)] = static_cast<char>(x);
      x >>= 8;
    }
  };
  out[0] = static_cast<char>(kind);
  put(4, size, 4);
  put(8, data, 8);
  put(16, from, 8);
  put(24, to, 8);
  return out + payload;
}

std::string frame(int kind, const std::string& payload, std::uint64_t data = 0, std::uint64_t from = 0, std::uint64_t to = 0) {
  return frame(kind, payload, data, from, to, static_cast<std::uint32_t>(payload.size()));
}

template <class T>
std::string bytes_of(caf::actor_system& system, T x) {
  caf::scoped_execution_unit context{&system};
  std::vector<char> out;
  caf::binary_serializer to{&context, out};
  to(x);
  return {out.begin(), out.end()};
}

/// One of each, as honest nodes say them.
std::vector<std::string> honest_messages(caf::actor_system& system) {
  far_row row;
  row.name = "evil/row";
  row.unit = "W";
  row.now.val = value::text("words");
  row.now.grade = quality::good;
  row.age_ns = 5;
  row.story = {{"input", "evil/button", "off -> on", 1}, {"rule", "rule/x", "line 3", 2}};
  reading_batch batch;
  batch.seq = 1;
  batch.is = reading_batch::place::only;
  batch.rows = {row, row};
  batch.rows[1].name = "evil/other";
  batch.rows[1].now.val = value::digital(false);
  batch.rows[1].now.changes = 7;
  batch.rows[1].run = 1;
  batch.rows[1].edges = {{6, 1'000'000, 1, true, quality::good, reason::none}, {7, 5, 2, false, quality::uncertain, reason::forced}};
  batch.gone = {"evil/gone"};
  envelope wish;
  wish.seq = 1;
  wish.echo = 1;
  wish.to = wish.what.output = "a/lamp";
  wish.what.val = value::digital(true);
  wish.what.source = "rule/x";
  far_call ask;
  ask.method = "GET";
  ask.path = "/v1/status";
  ask.query = {{"a", "b"}};
  ask.who = "anna";
  far_answer said{1, 200, "application/json", "{}", 0};
  membership_message letter;
  letter.members.resize(2);
  letter.members[0].name = "evil0";
  letter.members[0].addresses = {"10.0.0.1:4710"};
  letter.members[1].name = "b";
  std::vector<std::string> out;
  const auto add = [&](caf::message what) {
    out.push_back(bytes_of(system, std::vector<caf::strong_actor_ptr>{}) + bytes_of(system, std::move(what)));
  };
  add(caf::make_message(batch));
  add(caf::make_message(wish));
  add(caf::make_message(ask));
  add(caf::make_message(said));
  add(caf::make_message(letter));
  add(caf::make_message(batch_taken{1}));
  add(caf::make_message(envelopes_taken{1}));
  add(caf::make_message(tick_asked{}));
  add(caf::make_message(tick_told{1}));
  add(caf::make_message(far_pull{1, 64}));
  add(caf::make_message(far_events{1, {{"change", "{}"}}, false}));
  add(caf::make_message(far_close{1}));
  add(caf::make_message(catalogue_part{1, 0, 1, {R"({"section": "bus"})"}}));
  add(caf::make_message(trust_offer{"-----BEGIN CERTIFICATE-----\n", "x"}));
  return out;
}

/// "hello" of a process with this node id, whose gateway is its actor 7.
std::string hello_bytes(caf::actor_system& system, const std::string& name, const caf::node_id& id) {
  auto x = bytes_of(system, std::vector<caf::strong_actor_ptr>{});
  hello empty;
  empty.node = name;
  empty.version = "1";
  empty.incarnation = 7;
  empty.tick = 5;
  auto message = bytes_of(system, caf::make_message(empty));
  // A handle is an actor id and a node id, "nobody" an id of 0 and no node; it
  // is the last field.
  const auto nobody = bytes_of(system, caf::actor{});
  message.resize(message.size() - nobody.size());
  return x + message + bytes_of(system, caf::actor_id{7}) + bytes_of(system, id);
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(link_tests, fixture)

CAF_TEST(before a peer has proven its name) {
  // What an honest client says first, from OpenSSL itself.
  owned_ssl_ctx ctx{SSL_CTX_new(TLS_method())};
  owned_ssl ssl{SSL_new(ctx.get())};
  BIO* out = BIO_new(BIO_s_mem());
  SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), out);
  SSL_connect(ssl.get());
  char* first = nullptr;
  const auto size = BIO_get_mem_data(out, &first);
  const std::string client_hello(first, static_cast<std::size_t>(size));
  const auto inputs = rounds * 8;
  for (std::uint64_t i = 0; i < inputs; ++i) {
    raw_link evil{a.port, fmt::format("127.0.{}.{}", 1 + i % 50, 1 + i % 250).c_str()};
    evil.say(below(8) == 0 ? std::string(below(2000), static_cast<char>(dice())) : damage(client_hello));
    if (below(2) == 0)
      evil.say(damage(client_hello));
    if (i % 64 == 63)
      hold(i / 8);
  }
  hold(rounds);
  CAF_CHECK(a.refusals > 0u);
  CAF_CHECK_EQUAL(a.forged.load(), 0u);
}

CAF_TEST(after a peer has proven its name) {
  const auto all = honest_messages(honest.system());
  const auto to = a.gateway().id();
  std::size_t frames = 0, whole = 0;
  for (std::uint64_t round = 0; round < rounds; ++round) {
    const auto which = round % leaves.size();
    const auto name = "evil" + std::to_string(which);
    raw_link evil{a.port, fmt::format("127.0.1.{}", 1 + round % 250).c_str()};
    if (!evil.greet(&leaves[which]))
      continue; // the one before it still has the name; enough of them come in, see below
    const auto id = caf::make_node_id(*caf::make_uri("node:" + name + "/" + std::to_string(round + 1)));
    const auto entry = frame(1, bytes_of(honest.system(), id), caf::io::basp::version);
    bool alive = evil.say(below(16) == 0 ? damage(entry) : entry);
    const auto hello = hello_bytes(honest.system(), name, id);
    const bool sound = below(8) != 0;
    const auto met = a.peers.load();
    alive = alive && evil.say(frame(2, sound ? hello : damage(hello), 0, 7, to));
    // A frame that cuts the link overtakes the hello before it, for that waits in
    // the gateway's mailbox: then nothing behind the hello would be tried.
    for (int i = 0; sound && alive && a.peers == met && i < 50; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    for (int i = 0; i < 40 && alive; ++i) {
      auto payload = all[below(all.size())];
      if (below(4) != 0)
        payload = damage(payload);
      else
        ++whole;
      auto bytes = frame(2, payload, 0, 7, to);
      if (below(40) == 0)
        bytes = frame(static_cast<int>(below(8)), payload, dice(), dice(), dice(), static_cast<std::uint32_t>(payload.size() + below(3)));
      else if (below(20) == 0)
        bytes = damage(bytes);
      alive = evil.say(bytes);
      ++frames;
    }
    if (round % 8 == 7)
      hold(round);
  }
  hold(rounds);
  CAF_MESSAGE(frames << " frames, " << whole << " of them whole; " << a.ups << " links, " << a.peers << " said hello, " << a.told << " troubles told");
  // Damage that never comes behind the guard would not try what stands there.
  CAF_CHECK(a.ups > rounds / 2);
  CAF_CHECK(a.peers > rounds / 2);
  CAF_CHECK(a.told > rounds / 16);
  CAF_CHECK_EQUAL(a.forged.load(), 0u);
  for (const auto& x : a.live.list()) { // what came through is sound
    CAF_REQUIRE(!x.name.empty() && x.name.size() <= 128);
    CAF_REQUIRE(static_cast<unsigned>(x.now.grade) <= 2u && static_cast<unsigned>(x.now.why) <= 13u);
    CAF_REQUIRE(static_cast<unsigned>(x.now.val.kind) <= 4u);
  }
}

CAF_TEST_FIXTURE_SCOPE_END()
