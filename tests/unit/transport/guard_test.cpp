#define CAF_SUITE guard
#include "tests/support/suite.hpp"

#include "cluster/transport/beat.hpp"
#include "cluster/transport/guard.hpp"

#include <caf/all.hpp>

#include <random>

using namespace troupe::cluster;
using judgement = basp_guard::verdict;

namespace {

enum kind { server_hello, client_hello, direct, routed, monitor, down, heartbeat };

std::string header(int what, std::uint32_t size, std::uint8_t flags = 0, std::uint64_t receiver = 9) {
  std::string out(32, '\0');
  out[0] = static_cast<char>(what);
  out[3] = static_cast<char>(flags);
  for (int i = 0; i < 4; ++i)
    out[static_cast<std::size_t>(4 + i)] = static_cast<char>(size >> (24 - 8 * i));
  for (int i = 0; i < 8; ++i)
    out[static_cast<std::size_t>(24 + i)] = static_cast<char>(receiver >> (56 - 8 * i));
  return out;
}

std::string id_bytes(const std::string& uri) {
  auto parsed = caf::make_uri(uri);
  CAF_REQUIRE(parsed);
  auto id = caf::make_node_id(*parsed);
  std::vector<char> out;
  caf::binary_serializer to{nullptr, out};
  to(id);
  return {out.begin(), out.end()};
}

std::string id_in(const std::string& bytes) {
  caf::node_id id;
  caf::binary_deserializer from{nullptr, bytes.data(), bytes.size()};
  from(id);
  return to_string(id);
}

judgement feed(basp_guard& x, const std::string& bytes) { return x.feed(bytes.data(), bytes.size()); }

/// A header with its payload; the verdict on the last of them.
judgement frame(basp_guard& x, int what, const std::string& payload, std::uint8_t flags = 0,
              std::uint64_t receiver = 9) {
  auto first = feed(x, header(what, static_cast<std::uint32_t>(payload.size()), flags, receiver));
  return first == judgement::cut || payload.empty() ? first : feed(x, payload);
}

basp_guard after_hello() {
  basp_guard x{"attic", true, 1000};
  CAF_REQUIRE(frame(x, server_hello, id_bytes("node:attic/17") + "more") == judgement::up);
  return x;
}

} // namespace

CAF_TEST(a link begins with the right handshake) {
  basp_guard dialled{"attic", true, 1000}, accepted{"attic", false, 1000};
  CAF_CHECK(frame(dialled, server_hello, id_bytes("node:attic/17")) == judgement::up);
  CAF_CHECK_EQUAL(dialled.node_id(), "node:attic/17");
  CAF_CHECK(frame(accepted, client_hello, id_bytes("node:attic/17")) == judgement::up);
  basp_guard one{"attic", true, 1000}, two{"attic", false, 1000};
  CAF_CHECK(frame(one, client_hello, id_bytes("node:attic/17")) == judgement::cut);
  CAF_CHECK(frame(two, server_hello, id_bytes("node:attic/17")) == judgement::cut);
}

CAF_TEST(a node id belongs to the name of the certificate) {
  for (const char* id : {"node:cellar/17", "node:attic2/17", "node:attic/", "node:attic/17/18",
                         "node:attic/x", "node:attic/123456789012345678901", "http:attic/17"}) {
    basp_guard x{"attic", true, 1000};
    CAF_CHECK(frame(x, server_hello, id_bytes(id)) == judgement::cut);
    CAF_CHECK(x.why().find("claims the node id") != std::string::npos);
    CAF_CHECK(x.node_id().empty());
  }
  basp_guard x{"attic", true, 1000};
  CAF_CHECK(frame(x, server_hello, "rubbish") == judgement::cut);
}

CAF_TEST(nothing but a handshake comes first) {
  for (int what : std::vector<int>{direct, routed, monitor, down, heartbeat, 7, 255}) {
    basp_guard x{"attic", true, 1000};
    CAF_CHECK(feed(x, header(what, 0)) == judgement::cut);
  }
}

CAF_TEST(what CAF may see and what not) {
  const auto mine = id_bytes("node:attic/17"), other = id_bytes("node:cellar/1");
  struct {
    const char* what;
    int kind;
    std::string payload;
    std::uint8_t flags;
    std::uint64_t receiver;
    judgement is;
  } table[] = {
    {"a message to an actor", direct, "x", 0, 9, judgement::pass},
    {"CAF's own query", direct, "x", 1, caf::atom_uint("SpawnServ"), judgement::dropped},
    {"the configuration server", direct, "x", 1, caf::atom_uint("ConfigServ"), judgement::cut},
    {"any other by name", direct, "x", 1, caf::atom_uint("root"), judgement::cut},
    {"an empty message", direct, "", 0, 9, judgement::cut},
    {"a routed message", routed, other, 0, 9, judgement::dropped},
    {"an empty routed message", routed, "", 0, 9, judgement::cut},
    {"a monitor of its own", monitor, mine, 0, 9, judgement::pass},
    {"a monitor for another", monitor, other, 0, 9, judgement::cut},
    {"a down of its own", down, mine + "error", 0, 9, judgement::pass},
    {"a down for another", down, other, 0, 9, judgement::cut},
    {"a down without content", down, "", 0, 9, judgement::cut},
    {"a beat", heartbeat, "", 0, 9, judgement::beat},
    {"a beat with more", heartbeat, "x", 0, 9, judgement::cut},
    {"a second handshake", server_hello, mine, 0, 9, judgement::cut},
    {"a handshake of the other kind", client_hello, mine, 0, 9, judgement::cut},
    {"an unknown kind", 7, "x", 0, 9, judgement::cut},
    {"the largest frame", direct, std::string(1000, 'x'), 0, 9, judgement::pass},
    {"a larger frame", direct, std::string(1001, 'x'), 0, 9, judgement::cut},
  };
  for (const auto& row : table) {
    auto x = after_hello();
    if (frame(x, row.kind, row.payload, row.flags, row.receiver) != row.is)
      CAF_ERROR(row.what << ": " << x.why());
    CAF_CHECK_EQUAL(row.is == judgement::cut, !x.why().empty());
  }
}

CAF_TEST(only messages of the types that nodes send pass) {
  caf::actor_system_config cfg;
  caf::actor_system system{cfg};
  caf::scoped_execution_unit context{&system};
  const auto bytes = [&](caf::message what, std::size_t stages = 0) {
    std::vector<char> out;
    caf::binary_serializer to{&context, out};
    std::vector<caf::strong_actor_ptr> through(stages);
    to(through, what);
    return std::string{out.begin(), out.end()};
  };
  const auto allowed = std::make_shared<const std::set<std::string>>(std::set<std::string>{"@str", "@i32"});
  const struct {
    const char* what;
    std::string payload;
    const char* why; ///< "": passes
  } table[] = {
    {"an allowed type", bytes(caf::make_message(std::string{"hello"})), ""},
    {"another one", bytes(caf::make_message(std::int32_t{1})), ""},
    {"two at once", bytes(caf::make_message(std::int32_t{1}, std::int32_t{1})), "of the type '@i32+@i32'"},
    {"nothing", bytes(caf::make_message()), "of the type '@<>'"},
    {"a message in a message", std::string("\0\0\0\x0c@<>+@message", 16), "which nodes do not send each other"},
    {"an exit", bytes(caf::make_message(caf::exit_msg{{}, caf::exit_reason::kill})), "which nodes do not send each other"},
    {"a link", bytes(caf::make_message(caf::link_atom::value, caf::strong_actor_ptr{})), "which nodes do not send each other"},
    {"through others", bytes(caf::make_message(std::int32_t{1}), 1), "pass through other actors"},
    {"cut off", bytes(caf::make_message(std::int32_t{1})).substr(0, 6), "unreadable type"},
    {"rubbish", "\xff\xff\xff\xff\xff", "a message"},
  };
  for (const auto& row : table) {
    basp_guard x{"attic", true, 1000, allowed};
    CAF_REQUIRE(frame(x, server_hello, id_bytes("node:attic/17")) == judgement::up);
    const auto said = frame(x, direct, row.payload);
    if (said != (*row.why == 0 ? judgement::pass : judgement::cut) || x.why().find(row.why) == std::string::npos)
      CAF_ERROR(row.what << ": " << x.why());
  }
}

CAF_TEST(speakers of one link are bounded) {
  basp_guard x{"attic", true, 1000};
  CAF_REQUIRE(frame(x, server_hello, id_bytes("node:attic/17")) == judgement::up);
  const auto from = [&](std::size_t id) {
    auto head = header(direct, 1);
    head[22] = static_cast<char>(id >> 8);
    head[23] = static_cast<char>(id);
    const auto said = feed(x, head);
    return said == judgement::cut ? said : feed(x, "y");
  };
  for (std::size_t round = 0; round < 2; ++round)
    for (std::size_t id = 1; id <= basp_guard::max_speakers; ++id)
      CAF_REQUIRE(from(id) == judgement::pass);
  CAF_CHECK(from(basp_guard::max_speakers + 1) == judgement::cut);
}

CAF_TEST(a dialler may repeat its handshake but not change its id) {
  for (const auto& [id, is] : {std::pair{"node:attic/17", judgement::pass}, std::pair{"node:attic/18", judgement::cut}}) {
    basp_guard x{"attic", false, 1000};
    CAF_CHECK(frame(x, client_hello, id_bytes("node:attic/17")) == judgement::up);
    CAF_CHECK(frame(x, client_hello, id_bytes(id)) == is);
    CAF_CHECK_EQUAL(x.node_id(), "node:attic/17");
  }
}

CAF_TEST(a link that was cut stays cut) {
  auto x = after_hello();
  CAF_CHECK(frame(x, 7, "x") == judgement::cut);
  CAF_CHECK(frame(x, direct, "x") == judgement::cut);
}

// 300,000 frames from honest ones by mutation, same in every run. The guard
// must keep its word whatever comes: never pass a frame that the rules forbid.
CAF_TEST(mutated frames never pass for allowed ones) {
  std::mt19937_64 dice{20261120};
  const auto mine = id_bytes("node:attic/17"), other = id_bytes("node:cellar/1");
  const std::vector<std::pair<int, std::string>> honest = {
    {server_hello, mine}, {direct, "message"}, {monitor, mine}, {down, mine + "x"},
    {routed, other},      {heartbeat, ""},     {client_hello, mine}};
  auto mutate = [&dice](std::string bytes) {
    for (auto n = dice() % 4; n > 0 && !bytes.empty(); --n)
      bytes[dice() % bytes.size()] = static_cast<char>(dice());
    return bytes;
  };
  int ups = 0, passes = 0, cuts = 0;
  for (int run = 0; run < 60'000; ++run) {
    basp_guard x{"attic", true, 4096};
    for (int step = 0; step < 5; ++step) {
      const auto& [what, payload] = honest[step == 0 && dice() % 8 != 0 ? 0 : dice() % honest.size()];
      const auto head = mutate(header(what, static_cast<std::uint32_t>(payload.size())));
      const auto said = feed(x, head);
      const auto size = x.payload_bytes();
      if (said == judgement::cut) {
        ++cuts;
        break;
      }
      CAF_REQUIRE(size <= 4096);
      if (said == judgement::pass && size == 0)
        CAF_FAIL("a header without payload passed");
      if (size == 0)
        continue;
      auto body = mutate(payload);
      body.resize(size, 'x');
      const auto then = feed(x, body);
      const auto kind = static_cast<unsigned char>(head[0]);
      if (then == judgement::up) {
        ++ups;
        CAF_REQUIRE(kind == server_hello);
        CAF_REQUIRE(x.node_id().rfind("node:attic/", 0) == 0);
      }
      if (then == judgement::pass) {
        ++passes;
        CAF_REQUIRE(!x.node_id().empty());
        CAF_REQUIRE(kind == direct || kind == monitor || kind == down);
        CAF_REQUIRE(kind != direct || (head[3] & 1) == 0);
        // Several byte strings may mean one id (a length can be written long).
        if (kind != direct)
          CAF_REQUIRE_EQUAL(id_in(body), x.node_id());
      }
      if (then == judgement::cut) {
        ++cuts;
        break;
      }
    }
  }
  CAF_CHECK(ups > 1000);
  CAF_CHECK(passes > 1000);
  CAF_CHECK(cuts > 1000);
}
