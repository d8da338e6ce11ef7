#include "tests/hardware/guest/cases.hpp"
#include "tests/hardware/guest/trace.hpp"

#include <filesystem>

namespace troupe::hardware {

namespace {

void addresses(findings& f) {
  const sim_chip chip{"rain"};
  for (const auto& way : {std::string{"rain"}, chip.name(), "/dev/" + chip.name()}) {
    bus_config config;
    config.name = "rain";
    config.chip = way;
    auto bus = drivers::open_gpio_bus(config);
    if (!f.check(bus, "the chip opens as " + way))
      continue;
    f.check((*bus)->describe().find("[rain]") != std::string::npos,
            "and it is the right one");
    test::edge_log log;
    f.check((*bus)->open_digital_input(line_at("gauge", edge_kind::both), log),
            "a line opens by name");
    f.check((*bus)->open_digital_input(line_at("1", edge_kind::both), log),
            "a line opens by offset");
    const auto far = (*bus)->open_digital_input(line_at("8", edge_kind::both), log);
    f.check(!far && far.why().code == errc::not_found
              && far.why().context.find("0 to 7") != std::string::npos,
            "an offset beyond the last is told with the limit");
  }
  bus_config wrong;
  wrong.name = "rain";
  wrong.chip = "snow";
  const auto none = drivers::open_gpio_bus(wrong);
  f.check(!none && none.why().code == errc::not_found
            && none.why().context.find("[rain]") != std::string::npos,
          "a wrong label is told with those that are there");
}

void biases(findings& f) {
  const sim_chip chip{"rain"};
  const sim_line pin{chip, 1};
  auto bus = open_rain();
  if (!f.check(bus, "the bus opens"))
    return;
  test::edge_log log;
  for (const auto bias : {bias_kind::pull_up, bias_kind::pull_down}) {
    auto config = line_at("1", edge_kind::both);
    config.bias = bias;
    auto input = (*bus)->open_digital_input(config, log);
    if (!f.check(input, "an input with bias opens"))
      continue;
    const bool up = bias == bias_kind::pull_up;
    const auto level = (*input)->level();
    f.check(level && *level == up, "a pulled line reads what it is pulled to");
    f.check(pin.pull() == (up ? "pull-up" : "pull-down"), "and the pin is pulled");
  }
  auto drain = line_at("1", edge_kind::none);
  drain.drive = drive_kind::open_drain;
  pin.drive(true);
  auto output = (*bus)->open_digital_output(drain, true);
  if (!f.check(output, "an open-drain output opens"))
    return;
  f.check(pin.shown(), "open drain lets go for high: the pull-up wins");
  f.check((*output)->set(false), "it can be set low");
  f.check(!pin.shown(), "and pulls low itself");
}

std::string joined(const std::vector<traced>& done) {
  std::string text;
  for (const auto& x : done)
    text += (text.empty() ? "" : ", ") + x.what;
  return "the kernel did: " + text;
}

void no_glitch(findings& f) {
  const sim_chip chip{"rain"};
  auto bus = open_rain();
  if (!f.check(bus, "the bus opens"))
    return;
  const sim_line pin{chip, 5};
  struct row {
    const char* what;
    bool pulled;
    bool active_low;
    std::optional<bool> initial;
    bool shows;
  };
  const row rows[] = {
    {"on from the first moment", false, false, true, true},
    {"off from the first moment", true, false, false, false},
    {"active-low, on", true, true, true, false},
    {"active-low, off", false, true, false, true},
    {"held while high", true, false, std::nullopt, true},
    {"held while low", false, false, std::nullopt, false},
    {"active-low, held while high", true, true, std::nullopt, true},
    {"active-low, held while low", false, true, std::nullopt, false},
  };
  for (const auto& row : rows) {
    const std::string what = row.what;
    pin.drive(row.pulled);
    auto config = line_at("pump", edge_kind::none);
    config.active_low = row.active_low;
    result<std::unique_ptr<drivers::digital_output>> output = error{};
    const auto done =
      trace_of([&] { output = (*bus)->open_digital_output(config, row.initial); });
    if (!f.check(output, what + ": opens"))
      continue;
    f.check(pin.shown() == row.shows, what + ": shows it");
    const std::string wrong = row.shows ? "set 0" : "set 1";
    f.check(!done.empty(), what + ": is traced");
    for (const auto& x : done)
      f.check(x.what != wrong && x.what != "in", what + ": never moves; " + joined(done));
    const auto level = (*output)->level();
    f.check(level && *level == (row.shows != row.active_low), what + ": reads back");
  }
}

std::string status_of_reader(const std::string& field) {
  for (const auto& task : std::filesystem::directory_iterator{"/proc/self/task"}) {
    if (first_word(task.path() / "comm").rfind("edges/", 0) != 0)
      continue;
    std::ifstream file{task.path() / "status"};
    for (std::string line; std::getline(file, line);)
      if (line.rfind(field, 0) == 0)
        return line;
  }
  return {};
}

void reader_thread(findings& f) {
  auto bus = open_rain(50);
  if (!f.check(bus, "the bus opens"))
    return;
  f.check((*bus)->describe().find("SCHED_FIFO 50") != std::string::npos,
          "describes its priority: " + (*bus)->describe());
  test::edge_log log;
  auto input = (*bus)->open_digital_input(line_at("gauge", edge_kind::both), log);
  f.check(input, "an input opens");
  std::this_thread::sleep_for(milliseconds{50});
  const auto before = status_of_reader("voluntary_ctxt_switches");
  std::this_thread::sleep_for(milliseconds{1000});
  f.check(!before.empty() && status_of_reader("voluntary_ctxt_switches") == before,
          "an idle reader is never woken: " + before);
  const auto start = system_clocks().mono();
  input.value().reset();
  bus.value().reset();
  f.check(system_clocks().mono() - start < 100'000'000, "closing is quick");
  f.check(status_of_reader("Name").empty(), "and leaves no thread");

  auto silly = open_rain(500);
  f.check(silly && (*silly)->describe().find("refused") != std::string::npos,
          "an impossible priority is told, and the bus works");
}

} // namespace

std::vector<test_case> line_cases() {
  return {
    {"real", "chips and lines go by label, name, path and offset", addresses},
    {"real", "bias and open drain reach the pin", biases},
    {"real", "an output starts without a glitch", no_glitch},
    {"real", "the reader sleeps, and has its priority", reader_thread},
  };
}

} // namespace troupe::hardware
