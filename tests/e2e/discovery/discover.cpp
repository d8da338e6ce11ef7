// discover NAME PORT HOUSE: runs discovery until its input ends, and prints what
// it tells, one line each. The test starts it in namespaces of its own.

#include "cluster/discovery/discovery.hpp"

#include <cstdio>
#include <cstdlib>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: discover NAME PORT HOUSE\n", stderr);
    return 2;
  }
  const auto say = [](const std::string& line) {
    const auto text = line + "\n";
    [[maybe_unused]] const auto n = ::write(1, text.data(), text.size());
  };
  troupe::cluster::discovery::options how;
  how.name = argv[1];
  how.port = static_cast<std::uint16_t>(std::atoi(argv[2]));
  how.house = argv[3];
  how.version = "0.1.0";
  how.on_found = [&](const std::string& name, const std::vector<std::string>& addresses) {
    auto line = "found " + name;
    for (const auto& x : addresses)
      line += " " + x;
    say(line);
  };
  how.on_lost = [&](const std::string& name) { say("lost " + name); };
  how.on_trouble = [&](const std::string& text) { say("trouble " + text); };
  auto it = troupe::cluster::discovery::start(std::move(how));
  if (!it) {
    say("refused " + troupe::to_string(it.why()));
    return 1;
  }
  say("started");
  char ignored[64];
  while (::read(0, ignored, sizeof ignored) > 0) {
  }
  it->reset();
  say("ended");
  return 0;
}
