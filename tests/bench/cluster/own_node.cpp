#include "tests/bench/cluster/own_node.hpp"

#include "config/load/parse.hpp"

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace troupe::bench {

const std::string& house_of_both() {
  static const std::string text = R"(
[bus.bench]
node = "a"
driver = "sim"
[channel."bench/button"]
bus = "bench"
line = "in.0"
[channel."bench/relay"]
bus = "bench"
line = "out.0"
direction = "output"
[rule.follow]
node = "b"
outputs = ["bench/relay"]
lua = '''
set("bench/relay", on("bench/button"))
'''
)";
  return text;
}

namespace {

std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream{path}.rdbuf();
  return text.str();
}

} // namespace

void stop_first::operator()(daemon::node* x) const {
  (void)x->stop();
  delete x;
}

running_node start_node(const std::string& config, const std::string& house, bench_hardware& lines) {
  auto parsed = parse_node(text_of(config), config);
  daemon::node::options how;
  how.config = parsed.node;
  how.first_house = text_of(house);
  how.first_house_name = house;
  how.on_end = [](daemon::exit_code) {};
  how.open_bus = [&lines](const bus_config& x) { return lines.open(x); };
  running_node made{new daemon::node{std::move(how)}};
  if (auto started = made->start(); !started)
    throw std::runtime_error(started.why().context);
  return made;
}

} // namespace troupe::bench
