#undef CAF_SUITE
#define CAF_SUITE links

#include "config/load/parse.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe;

namespace {

std::string told_of_node(const std::string& toml) {
  std::string all;
  for (const auto& x : parse_node(toml, "node.toml").problems)
    all += (all.empty() ? "" : "\n") + x.to_string(0);
  return all;
}

} // namespace

CAF_TEST(a node of a cluster is read) {
  const auto it = parse_node("name = \"boiler\"\n"
                             "listen = [\"[::]:4710\"]\n"
                             "peers = [\"server-1@10.0.0.2:4710\", \"server-1@[2001:db8::2]:4710\"]\n"
                             "pki-dir = \"/etc/troupe/pki\"\n"
                             "control-listen = [\":4711\"]\n"
                             "server = true\n"
                             "power-domain = \"ups\"\n"
                             "flash-per-day = \"4GiB\"\n"
                             "profile = \"radio\"\n"
                             "discovery = true\n"
                             "psk-listen = [\":4712\"]\n"
                             "psk-file = \"/etc/troupe/boards.psk\"\n"
                             "max-half-open = 32\n"
                             "max-half-open-per-address = 4\n",
                             "node.toml");
  for (const auto& x : it.problems)
    CAF_ERROR(x.to_string(0));
  node_config wanted;
  wanted.name = "boiler";
  wanted.listen = {"[::]:4710"};
  wanted.peers = {"server-1@10.0.0.2:4710", "server-1@[2001:db8::2]:4710"};
  wanted.pki_dir = "/etc/troupe/pki";
  wanted.control_listen = {":4711"};
  wanted.server = true;
  wanted.power_domain = "ups";
  wanted.flash_bytes_per_day = 4ull << 30;
  wanted.profile = "radio";
  wanted.discovery = true;
  wanted.psk_listen = {":4712"};
  wanted.psk_file = "/etc/troupe/boards.psk";
  wanted.max_half_open = 32;
  wanted.max_half_open_per_address = 4;
  CAF_CHECK(it.node == wanted);
}

CAF_TEST(what is wrong with links is told with its line and way out) {
  const struct {
    const char* what;
    const char* toml;
    const char* told;
  } rows[] = {
    {"peers without listen: a node that only dials", "peers = [\"attic@attic:4710\"]\n", ""},
    {"port 0 is for tests, and often", "listen = [\":0\", \":0\"]\ncontrol-listen = [\":0\"]\n", ""},
    {"no port", "\nlisten = [\"boiler\"]\n",
     "node.toml:2  listen has \"boiler\", which has no port. Write \"boiler:4710\"."},
    {"no port for people", "control-listen = [\"boiler\"]\n",
     "node.toml:1  control-listen has \"boiler\", which has no port. Write \"boiler:4711\"."},
    {"no port for boards", "psk-listen = [\"boiler\"]\npsk-file = \"x\"\n",
     "node.toml:1  psk-listen has \"boiler\", which has no port. Write \"boiler:4712\"."},
    {"two mistakes of one list",
     "peers = [\"attic:4710\", \"attic@attic:0\"]\n",
     "node.toml:1  peers has \"attic:4710\", which does not name the node. Write "
     "\"NAME@attic:4710\" with the name in the peer's certificate.\n"
     "node.toml:1  peers has \"attic@attic:0\", but port 0 is only for listening. Write the "
     "peer's port; 4710 is usual."},
    {"itself among its peers", "name = \"attic\"\npeers = [\"attic@attic:4710\"]\n",
     "node.toml:2  note: peers has \"attic@attic:4710\", which is this node itself. It is passed "
     "over; one list for all nodes may have it."},
    {"a peer twice, written in two ways", "peers = [\"a@[::1]:4710\", \"a@[0::1]:4710\"]\n",
     "node.toml:1  note: peers has \"a@[0::1]:4710\" twice. Remove one."},
    {"a port twice", "listen = [\":4710\", \"10.0.0.7:4710\"]\n",
     "node.toml:1  listen has \"10.0.0.7:4710\", but its \":4710\" takes that port already. Remove "
     "one of them."},
    {"people and nodes at one port", "listen = [\":4710\"]\ncontrol-listen = [\":4710\"]\n",
     "node.toml:2  control-listen has \":4710\", but listen \":4710\" takes that port already. Give "
     "each its own port."},
    {"boards and nodes at one port",
     "listen = [\":4710\"]\npsk-listen = [\"[::]:4710\"]\npsk-file = \"x\"\n",
     "node.toml:2  psk-listen has \"[::]:4710\", but listen \":4710\" takes that port already. Give "
     "each its own port."},
    {"boards without keys", "psk-listen = [\":4712\"]\n",
     "node.toml:1  psk-listen is written, but no psk-file: nobody could ever connect there. Add "
     "psk-file = \"/etc/troupe/boards.psk\", or remove psk-listen."},
    {"discovery of nothing", "discovery = true\n",
     "node.toml:1  note: discovery is on, but without listen there is nothing to announce. It looks "
     "for others only; add listen = [\":4710\"] to be found too."},
    {"one address may take all", "max-half-open = 4\n",
     "node.toml:1  note: max-half-open-per-address is 8, but all addresses together have only 4: one "
     "stranger can take them all. Use less than 4."},
    {"a server whose disk may write little", "server = true\n",
     "node.toml:1  note: server is on, and flash-per-day is 100 MiB: when that is used up, this server no longer keeps what nodes of other "
     "power domains count, and they write more to their own disks. Write flash-per-day = \"4GiB\"."},
    {"a profile that nobody knows", "profile = \"radoi\"\n",
     "node.toml:1  profile is \"radoi\", but only lan, wan, radio are known. Did you mean "
     "\"radio\"?"},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.what);
    CAF_CHECK_EQUAL(told_of_node(x.toml), x.told);
  }
}

CAF_TEST(a text in place of a list is told once) {
  CAF_CHECK_EQUAL(told_of_node("listen = \":4710\"\n"),
                  "node.toml:1  listen is \":4710\", but a list is wanted. Write listen = [\":4710\"].");
}
