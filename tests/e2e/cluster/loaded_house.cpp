#include "tests/e2e/cluster/loaded_house.hpp"

#include "apps/client/node.hpp"
#include "config/load/parse.hpp"
#include "storage/replicated_store.hpp"
#include "storage/rocks/rocks_engine.hpp"
#include "tests/support/bench.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace troupe::test {

using namespace std::chrono_literals;
using nlohmann::json;

namespace {

const std::vector<std::string> names{"attic", "boiler", "cellar"};

constexpr auto equal_within = 2000ms;
constexpr auto checkpoint_every = 100ms; // as in the configuration below; others hear of counters every 200 ms

double ms_since(loaded_house::moment x) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - x).count();
}

/// Channels by name, as a node's store has them.
std::map<std::string, std::string> labels(const std::string& toml) {
  std::map<std::string, std::string> out;
  for (const auto& x : parse_house(toml, "export").documents)
    if (x.section == "channel")
      out[x.name] = x.body.value("label", "");
  return out;
}

std::string shown_text(const promise::text& x) { return x ? *x : "nothing"; }

} // namespace

loaded_house::loaded_house(std::uint32_t seed)
  : all_(names, networking::dual, "", "checkpoint-every = \"100ms\"\nflash-per-day = \"100GiB\"\n"), chance_(seed) {
  std::string toml;
  for (const auto& name : names) {
    const auto fifo = all_ / ("pulses." + name);
    meters_.push_back(std::make_unique<meter_pulses>(fifo, 200));
    toml += fmt::format("[bus.{0}]\nnode = \"{0}\"\ndriver = \"sim\"\n"
                        "[bus.meters-{0}]\nnode = \"{0}\"\ndriver = \"replay\"\nfile = \"{1}\"\npace = 0\n"
                        "[counter.\"meter/{0}\"]\nbus = \"meters-{0}\"\nline = \"meter\"\nunit = \"pulses\"\nmax-rate = 2000\n",
                        name, fifo);
  }
  for (auto& x : all_.nodes()) {
    x->house = all_ / "house.toml";
    std::ofstream{x->house} << toml;
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto socket = all_[names[i]].dir() + "/s";
    const auto& next = names[(i + 1) % names.size()];
    // One asks the node whose channels they are, one another node: while the
    // first is away, that one writes for it.
    writers_.push_back(std::make_unique<document_writer>(document_writer::options{
      .socket = socket, .home = names[i], .name = "here-" + names[i], .first_line = 100, .removes = true, .seed = chance()}));
    writers_.push_back(std::make_unique<document_writer>(
      document_writer::options{.socket = socket, .home = next, .name = "through-" + names[i], .first_line = 200, .seed = chance()}));
  }
}

void loaded_house::start() {
  all_.start();
  check(std::chrono::steady_clock::now(), "the start");
}

void loaded_house::load_on() {
  for (auto& x : meters_)
    x->go();
  for (auto& x : writers_)
    x->go();
}

void loaded_house::load_off() {
  for (auto& x : writers_)
    x->rest();
  for (auto& x : meters_)
    x->rest();
}

void loaded_house::wait(std::uint32_t most_ms) { (void)within(std::chrono::milliseconds{chance() % most_ms}, [] { return false; }); }

test_node& loaded_house::any() { return *all_.nodes()[chance() % all_.nodes().size()]; }

void loaded_house::kill(test_node& x) {
  if (!x.running())
    return;
  x.kill();
  ++kills_;
}

void loaded_house::cut() {
  const auto from = any().port(), to = any().port();
  const bool alone = chance() % 3 == 0; // from everybody, or one pair
  const bool both = chance() % 4 != 0;  // mostly both ways
  for (const auto& x : all_.nodes())
    if (x->port() != from && (alone || x->port() == to)) {
      cuts_.insert({from, x->port()});
      if (both)
        cuts_.insert({x->port(), from});
    }
  for (const auto& [a, b] : cuts_)
    all_.wires().cut(a, b);
}

void loaded_house::heal() {
  for (const auto& [a, b] : std::exchange(cuts_, {}))
    all_.wires().cut(a, b, false);
}

json loaded_house::look(const test_node& at, const std::string& path) {
  client::target to;
  to.socket = at.dir() + "/s";
  const client::node node{client::resolve(to), std::chrono::seconds{5}};
  const auto said = node.get(path);
  return said ? *said : json{};
}

bool loaded_house::linked() {
  for (auto& x : all_.nodes()) {
    const auto said = look(*x, "/v1/replicas");
    std::size_t n = 0;
    if (said.is_object())
      for (const auto& m : said["members"])
        n += m.value("linked", false) ? 1 : 0;
    if (n + 1 != names.size())
      return false;
  }
  return true;
}

bool loaded_house::equal() {
  std::set<std::string> digests;
  for (auto& x : all_.nodes()) {
    const auto said = look(*x, "/v1/replicas");
    if (!said.is_object())
      return false;
    digests.insert(said.value("digest", x->name()));
    for (const auto& m : said["members"])
      if (!m.value("equal", false))
        return false;
  }
  return digests.size() == 1;
}

std::string loaded_house::state() {
  std::string out = "\n";
  for (auto& x : all_.nodes())
    out += x->name() + ": " + look(*x, "/v1/replicas").dump() + "\n";
  return out + all_.views() + all_.logs();
}

void loaded_house::check(moment healed, const std::string& after) {
  if (!within(30s, [&] { return linked(); }))
    throw std::runtime_error("no links again after " + after + state());
  const auto links = std::chrono::steady_clock::now();
  links_after_.push_back(ms_since(healed));
  load_off();
  const auto quiet = std::chrono::steady_clock::now();
  const bool became = within(10s, [&] { return equal(); });
  equal_after_.push_back(ms_since(std::max(links, quiet)));
  if (!became || equal_after_.back() > equal_within.count())
    throw std::runtime_error(fmt::format("not equal {:.0f} ms after the last link, after {}{}", equal_after_.back(), after, state()));
  check_documents(after);
  check_meters(after);
}

void loaded_house::check_documents(const std::string& after) {
  std::vector<std::map<std::string, std::string>> shown;
  for (auto& x : all_.nodes())
    shown.push_back(labels(look(*x, "/v1/config").value("toml", "")));
  for (auto& w : writers_)
    for (auto& [key, of] : w->promises()) {
      const auto at = [&](std::size_t node) {
        const auto found = shown[node].find(key);
        return found == shown[node].end() ? promise::text{} : promise::text{found->second};
      };
      for (std::size_t i = 0; i < names.size(); ++i)
        if (!of.allows(at(i)) || at(i) != at(0))
          throw std::runtime_error(fmt::format("after {} {} shows {} as {}, {} as {}; acknowledged was {}, in doubt {}{}", after, names[i],
                                               key, shown_text(at(i)), names[0], shown_text(at(0)), shown_text(of.known()),
                                               of.in_doubt() ? "more" : "nothing", state()));
      ++looked_at_;
      of.settled(at(0));
    }
}

std::uint64_t loaded_house::total_of(const json& reading) {
  return reading.is_object() && reading.contains("value") && reading["value"].is_number()
           ? static_cast<std::uint64_t>(reading["value"].get<double>() + 0.5)
           : 0;
}

void loaded_house::check_meters(const std::string& after) {
  const auto look_at = [&](const std::string& name, json& x) {
    x = look(all_[name], "/v1/readings/meter/" + name);
    return total_of(x);
  };
  for (std::size_t i = 0; i < names.size(); ++i) {
    auto& of = *meters_[i];
    json x;
    std::uint64_t total = 0;
    const bool counted = within(10s, [&] {
      total = look_at(names[i], x);
      return of.drained() && total + x.value("missed_at_most", std::uint64_t{0}) >= of.sent();
    });
    if (!counted || total > of.sent() || total < totals_[names[i]])
      throw std::runtime_error(fmt::format("after {} the meter of {} is {}; {} pulses were sent, it was {} before{}", after, names[i],
                                           x.dump(), of.sent(), totals_[names[i]], state()));
  }
  // What is counted by now is in the ring and at the others: it stays.
  (void)within(3 * checkpoint_every + 200ms, [] { return false; });
  json x;
  for (const auto& name : names)
    totals_[name] = look_at(name, x);
}

void loaded_house::check_disks() {
  load_off();
  (void)within(1500ms, [] { return false; }); // what others wrote is durable within 1 s
  for (auto& x : all_.nodes())
    kill(*x);
  for (auto& x : all_.nodes()) {
    auto disk = storage::open_rocks(x->dir() + "/data/store");
    storage::store_options how;
    how.node = x->name();
    how.clustered = true;
    if (!disk)
      throw std::runtime_error(x->name() + ": " + disk.why().context);
    auto opened = storage::replicated_store::open(std::move(*disk), how, system_clocks());
    if (!opened)
      throw std::runtime_error(x->name() + ": " + opened.why().context);
    for (auto& w : writers_)
      for (const auto& [key, of] : w->promises()) {
        const auto kept = (*opened)->get(storage::slot_kind::map, "desired/" + w->home() + "/channel/" + key);
        const auto shown = kept ? promise::text{json::parse(kept->payload).value("label", "")} : promise::text{};
        if (!of.allows(shown))
          throw std::runtime_error(fmt::format("on the disk of {} {} is {}, acknowledged was {}", x->name(), key, shown_text(shown),
                                               shown_text(of.known())));
      }
  }
}

std::string loaded_house::told() {
  std::map<std::string, std::uint64_t> answers;
  for (auto& x : writers_)
    for (const auto& [code, n] : x->answers())
      answers[code.empty() ? "kept" : code] += n;
  std::string said;
  for (const auto& [code, n] : answers)
    said += fmt::format(" {} {}", n, code);
  std::map<std::string, std::string> texts;
  for (auto& x : writers_)
    texts.insert(x->texts().begin(), x->texts().end());
  std::string examples;
  for (const auto& [code, text] : texts)
    examples += fmt::format("  {}: {}\n", code, text.substr(0, 400));
  const auto line = [](const char* what, std::vector<double>& x) {
    return fmt::format("{}: p50 {:.0f}, p99 {:.0f}, max {:.0f} ms\n", what, bench::percentile(x, 0.5), bench::percentile(x, 0.99),
                       bench::percentile(x, 1));
  };
  std::uint64_t pulses = 0, counted = 0;
  for (auto& x : meters_)
    pulses += x->sent();
  for (const auto& [name, total] : totals_)
    counted += total;
  return fmt::format("{} kills, {} documents looked at, {} of {} pulses counted, answers:{}\n", kills_, looked_at_, counted, pulses, said)
         + examples + line("from heal to links", links_after_) + line("from links to equal", equal_after_);
}

} // namespace troupe::test
