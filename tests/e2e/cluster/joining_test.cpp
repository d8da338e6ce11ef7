// A board and an address are all that joining needs.

#undef CAF_SUITE
#define CAF_SUITE joining

#include "tests/e2e/cluster/three_nodes.hpp"

#include <fstream>

using namespace troupe::test;
using namespace std::chrono_literals;

CAF_TEST(a board joins with a token and two commands and its house is applied) {
  if (skipped("joining with the addresses that people use"))
    return;
  for (const auto how : {networking::dual, networking::ipv6}) {
    test_cluster all{{"attic"}, how};
    auto& attic = all["attic"];
    attic.start();
    auto& board = all.add("board");
    std::ofstream{all / "board.toml"} << "[bus.sim]\ndriver = \"sim\"\nnode = \"board\"\n[channel.\"board/lamp\"]\nbus = \"sim\"\nline = \"out.1\"\n"
                                         "direction = \"output\"\n";
    const auto token = attic.ask({"token", "board", "--house", all / "board.toml"});
    CAF_MESSAGE(token.dump());
    // The line that the operator is told to type is the one that works.
    CAF_CHECK(has(token.value("join", ""), "troupe join " + attic.control_address()));
    const auto joined = run_program({test_cluster::program("troupe"), "join", attic.control_address(), "--token",
                                     token.value("token", ""), "--config", board.dir() + "/node.toml", "--dir", board.pki(),
                                     "--data-dir", board.dir() + "/data"},
                                    {}, 30s, all.wires().network(board.port()));
    CAF_CHECK_EQUAL(joined.err, "");
    CAF_REQUIRE_EQUAL(joined.exit, 0);
    board.keep_config();
    board.house = board.dir() + "/house.toml";
    board.start();
    REQUIRE_AGREE(all);
    CAF_CHECK(is(attic, "board/lamp", "off"));
    CAF_CHECK_EQUAL(attic.troupe({"set", "board/lamp", "on"}).exit, 0);
    CAF_CHECK(is(board, "board/lamp", "on"));
    CAF_MESSAGE("and again after both start anew");
    board.kill();
    attic.kill();
    board.start();
    attic.start();
    REQUIRE_AGREE(all);
  }
}

CAF_TEST(a node needs the address of one other and learns the rest) {
  if (skipped("a chain of addresses"))
    return;
  test_cluster all{{"attic", "boiler", "cellar"}, networking::dual};
  all["boiler"].peers = std::vector<std::string>{};
  for (const auto* name : {"attic", "cellar"})
    all[name].peers = {"boiler@" + all["boiler"].link_address()};
  all.start();
  REQUIRE_AGREE(all);
}

CAF_TEST(nodes that have met find each other again by what they keep) {
  test_cluster all{{"attic", "boiler", "cellar"}, networking::loopback};
  all.start();
  REQUIRE_AGREE(all);
  for (int life = 0; life < 2; ++life) {
    for (auto& x : all.nodes()) {
      CAF_CHECK_EQUAL(x->stop(), 0);
      x->peers = std::vector<std::string>{};
    }
    all.start();
    REQUIRE_AGREE(all);
  }
}
