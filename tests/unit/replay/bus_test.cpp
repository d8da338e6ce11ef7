#undef CAF_SUITE
#define CAF_SUITE bus

#include <caf/test/dsl.hpp>

#include "drivers/replay/replay_bus.hpp"
#include "tests/unit/replay/temp_file.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <fcntl.h>
#include <fmt/format.h>
#include <mutex>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using namespace troupe;
using namespace std::chrono_literals;
using troupe::test::temp_file;

namespace {

class probe final : public drivers::edge_sink {
public:
  void on_edge(const drivers::edge& e) noexcept override {
    std::lock_guard guard{mutex_};
    in_order &= e.sequence == count + 1 && e.at >= last.at;
    ++count;
    last = e;
    if (kept.size() < 100)
      kept.push_back(e);
    news_.notify_all();
  }
  void on_gap(const drivers::gap& g) noexcept override {
    std::lock_guard guard{mutex_};
    missed += g.missed_at_most;
    news_.notify_all();
  }
  void on_lost(const error& why) noexcept override {
    std::lock_guard guard{mutex_};
    lost = why.context;
    news_.notify_all();
  }
  template <class Until>
  bool wait(Until until) {
    std::unique_lock lock{mutex_};
    return news_.wait_for(lock, 60s, [&] { return until(*this); });
  }

  std::uint64_t count = 0;
  std::uint64_t missed = 0;
  bool in_order = true;
  drivers::edge last;
  std::vector<drivers::edge> kept;
  std::string lost;

private:
  std::mutex mutex_;
  std::condition_variable news_;
};

result<std::unique_ptr<drivers::bus>> play(const std::string& path, double pace) {
  bus_config config;
  config.name = "tape";
  config.driver = "replay";
  config.file = path;
  config.pace = pace;
  return drivers::open_replay_bus(config);
}

line_config line(std::string name, edge_kind edges = edge_kind::both) {
  line_config config;
  config.line = std::move(name);
  config.consumer = "test";
  config.edges = edges;
  return config;
}

} // namespace

CAF_TEST(a recording is heard at its pace and its last level stays) {
  temp_file file{"troupe-recording 1\n0 b rising\n0.02 t value 21.5\n0.05 b falling\n"
                 "0.1 b rising\n1 c falling\n"};
  auto bus = play(file.path(), 1);
  CAF_REQUIRE(bus);
  probe b, c;
  auto in = (*bus)->open_digital_input(line("b"), b);
  auto low = line("c");
  low.active_low = true;
  auto other = (*bus)->open_digital_input(low, c);
  auto temp = (*bus)->open_analog_input(line("t"));
  CAF_REQUIRE(in && other && temp);
  CAF_CHECK(!*(*other)->level()); // idle high, active low
  CAF_CHECK_EQUAL(*(*temp)->read(), 21.5);
  CAF_REQUIRE(b.wait([](probe& p) { return p.count == 3; }));
  CAF_CHECK(b.in_order);
  CAF_CHECK_EQUAL(b.kept[1].at - b.kept[0].at, 50'000'000);
  CAF_CHECK_EQUAL(b.kept[2].at - b.kept[0].at, 100'000'000);
  CAF_CHECK(*(*in)->level());
  CAF_REQUIRE(c.wait([](probe& p) { return p.count == 1; }));
  CAF_CHECK(c.last.level);
  CAF_CHECK(*(*other)->level());
  CAF_CHECK((*bus)->check());
  // The player counts an event after it has told it.
  for (int i = 0; i < 5000 && (*bus)->describe().find("5 of 5 events") == std::string::npos; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  CAF_CHECK((*bus)->describe().find("5 of 5 events") != std::string::npos);
}

CAF_TEST(a million pulses as fast as possible are all delivered) {
  constexpr int pulses = 1'000'000;
  std::string text = "troupe-recording 1\n";
  text.reserve(20'000'000);
  for (int i = 0; i < pulses; ++i)
    text += fmt::format("{}.{:06} m rising\n", i / 1'000'000, i % 1'000'000);
  temp_file file{text};
  auto bus = play(file.path(), 0);
  CAF_REQUIRE(bus);
  probe meter;
  auto in = (*bus)->open_digital_input(line("m", edge_kind::rising), meter);
  CAF_REQUIRE(in);
  CAF_REQUIRE(meter.wait([](probe& p) { return p.count == pulses; }));
  CAF_CHECK(meter.in_order);
  CAF_CHECK_EQUAL(meter.missed, 0u);
}

CAF_TEST(after an input is gone its sink is never called) {
  std::string text = "troupe-recording 1\n";
  for (int i = 0; i < 200'000; ++i)
    text += fmt::format("{} m {}\n", i, i % 2 == 0 ? "rising" : "falling");
  temp_file file{text};
  for (int round = 0; round < 3; ++round) {
    auto bus = play(file.path(), 0);
    CAF_REQUIRE(bus);
    auto heard = std::make_unique<probe>();
    auto in = (*bus)->open_digital_input(line("m"), *heard);
    CAF_REQUIRE(in);
    CAF_REQUIRE(heard->wait([](probe& p) { return p.count > 0; }));
    in->reset();
    heard.reset(); // a late call would touch freed memory
    // The line is free again, and the recording goes on without a listener.
    probe later;
    CAF_CHECK((*bus)->open_digital_input(line("m"), later));
  }
}

CAF_TEST(lines are told from each other and from none) {
  temp_file file{"troupe-recording 1\n0 b rising\n0 t value 1\n"};
  auto bus = play(file.path(), 1);
  CAF_REQUIRE(bus);
  probe p;
  auto in = (*bus)->open_digital_input(line("b"), p);
  CAF_REQUIRE(in);
  const auto twice = (*bus)->open_digital_input(line("b"), p);
  CAF_REQUIRE(!twice);
  CAF_CHECK(twice.why().code == errc::busy);
  CAF_CHECK(twice.why().context.find("'test'") != std::string::npos);
  const auto absent = (*bus)->open_digital_input(line("x"), p);
  CAF_REQUIRE(!absent);
  CAF_CHECK(absent.why().code == errc::not_found);
  CAF_CHECK(absent.why().context.find("it has b, t") != std::string::npos);
  CAF_CHECK((*bus)->open_analog_input(line("b")).why().code == errc::unsupported);
  CAF_CHECK((*bus)->open_digital_input(line("t"), p).why().code == errc::unsupported);
  CAF_CHECK((*bus)->open_digital_output(line("b"), false).why().code == errc::unsupported);
}

CAF_TEST(outputs are accepted and remembered) {
  temp_file file{"troupe-recording 1\n0 b rising\n"};
  auto bus = play(file.path(), 1);
  CAF_REQUIRE(bus);
  auto lamp = (*bus)->open_digital_output(line("lamp"), true);
  auto dimmer = (*bus)->open_analog_output(line("dimmer"), std::nullopt);
  CAF_REQUIRE(lamp && dimmer);
  CAF_CHECK(*(*lamp)->level());
  CAF_CHECK((*lamp)->set(false));
  CAF_CHECK(!*(*lamp)->level());
  CAF_CHECK((*dimmer)->set(40));
  CAF_CHECK_EQUAL(*(*dimmer)->level(), 40);
  CAF_CHECK((*bus)->open_digital_output(line("lamp"), true).why().code == errc::busy);
  lamp->reset();
  CAF_CHECK((*bus)->open_digital_output(line("lamp"), true));
}

CAF_TEST(what cannot be played is refused when it is opened) {
  temp_file bad{"troupe-recording 1\nnonsense\n"};
  temp_file good{"troupe-recording 1\n0 b rising\n"};
  CAF_CHECK(play(bad.path(), 1).why().code == errc::corrupt);
  CAF_CHECK(play(bad.directory(), 1).why().code == errc::io_error);
  CAF_CHECK(play("/nowhere", 1).why().code == errc::not_found);
  for (const double pace : {-1.0, 1e9, std::nan("")})
    CAF_CHECK(play(good.path(), pace).why().code == errc::invalid_argument);
}

CAF_TEST(a file that is torn while it plays is lost with the place) {
  std::string text = "troupe-recording 1\n0 m rising\n";
  for (int i = 0; i < 20'000; ++i)
    text += "0.1 m falling\n0.1 m rising\n";
  temp_file file{text + "0.2 m rising\n"};
  auto bus = play(file.path(), 1);
  CAF_REQUIRE(bus);
  // In place, behind what is already read; the first 64 KiB are.
  const int fd = open(file.path().c_str(), O_WRONLY | O_CLOEXEC);
  CAF_REQUIRE(fd >= 0);
  CAF_REQUIRE_EQUAL(pwrite(fd, "######\nxxxxx\n", 13, static_cast<off_t>(text.size() - 13)), 13);
  close(fd);
  probe p;
  auto in = (*bus)->open_digital_input(line("m"), p);
  CAF_REQUIRE(in);
  CAF_REQUIRE(p.wait([](probe& x) { return !x.lost.empty(); }));
  CAF_CHECK(p.lost.find("'xxxxx'") != std::string::npos);
  CAF_CHECK((*bus)->check().why().code == errc::device_lost);
}

CAF_TEST(a live stream is played as it comes and half a line is told as a gap) {
  temp_file place{""};
  const auto fifo = place.directory() + "/fifo";
  CAF_REQUIRE_EQUAL(mkfifo(fifo.c_str(), 0600), 0);
  const int writer = open(fifo.c_str(), O_RDWR | O_CLOEXEC);
  CAF_REQUIRE(writer >= 0);
  const auto say = [&](std::string_view text) {
    CAF_REQUIRE_EQUAL(write(writer, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  };
  say("eter rising\n0.1 meter rising\n");
  {
    auto bus = play(fifo, 0);
    CAF_REQUIRE(bus);
    probe p;
    auto in = (*bus)->open_digital_input(line("meter", edge_kind::rising), p);
    auto temp = (*bus)->open_analog_input(line("t"));
    CAF_REQUIRE(in && temp);
    CAF_CHECK((*temp)->read().why().code == errc::bus_timeout);
    CAF_REQUIRE(p.wait([](probe& x) { return x.count == 1; }));
    CAF_CHECK_EQUAL(p.missed, 1u);
    say("0.2 t value 4.5\n0.0 meter rising\n0.3 meter ri");
    CAF_REQUIRE(p.wait([](probe& x) { return x.count == 2; }));
    CAF_CHECK_EQUAL(*(*temp)->read(), 4.5);
    say("sing\n");
    CAF_REQUIRE(p.wait([](probe& x) { return x.count == 3; }));
    CAF_CHECK(p.in_order);
    CAF_CHECK_EQUAL(p.missed, 1u);
  }
  close(writer);
}
