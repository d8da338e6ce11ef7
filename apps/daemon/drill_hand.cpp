#include "apps/daemon/drill_hand.hpp"

#include "apps/daemon/drill_waker.hpp"
#include "apps/daemon/json.hpp"
#include "config/model/quantity.hpp"

#include <fmt/format.h>

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

namespace troupe::daemon {

using clock = std::chrono::steady_clock;

namespace {

using bounds = drill_bounds;

error wrong(std::string text) { return {errc::invalid_argument, std::move(text)}; }

bool is_played(const drill_trait& x) { return x.of != drill_target::actor; } // actors have commands of their own

milliseconds time_in(const nlohmann::json& body, const char* key) {
  const auto found = body.find(key);
  return milliseconds{found != body.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0};
}

std::string shift_text(milliseconds by) { return by.count() < 0 ? to_text(-by) + " behind" : to_text(by) + " ahead"; }

std::string in_words(const drill_fault& x) {
  const auto ms = x.length.count();
  switch (x.kind) {
  case drill_kind::kill_node: return "this node ends itself at once";
  case drill_kind::power_cycle: return "this simulated board loses its power";
  case drill_kind::stop_node: return fmt::format("this node stops itself for {} ms", ms);
  case drill_kind::cut_link: return fmt::format("the link to {} is cut for {} ms", x.peer, ms);
  case drill_kind::degrade_link: return fmt::format("what {} says comes {} ms late and {} % of it is lost, for {} ms", x.peer, x.delay.count(), x.loss, ms);
  case drill_kind::slow_disk: return fmt::format("each write to the disk takes {} ms longer, for {} ms", x.delay.count(), ms);
  case drill_kind::fill_disk: return fmt::format("the store is told that its disk is full, for {} ms", ms);
  case drill_kind::skew_clock: return fmt::format("the clock is {} for {} ms", shift_text(x.by), ms);
  case drill_kind::kill_actor:
  case drill_kind::hang_actor: break;
  }
  return to_string(x.kind);
}

} // namespace

const std::function<void(const drill_fault&)>* drill_hand::power_for(drill_kind kind) const {
  switch (kind) {
  case drill_kind::cut_link:
  case drill_kind::degrade_link: return &powers_.link;
  case drill_kind::slow_disk:
  case drill_kind::fill_disk: return &powers_.disk;
  case drill_kind::skew_clock: return &powers_.clock;
  default: return nullptr;
  }
}

result<drill_fault> drill_hand::read(const nlohmann::json& body) const {
  drill_fault x;
  x.drill = text_in(body, "drill");
  x.peer = text_in(body, "peer");
  x.length = time_in(body, "for_ms");
  x.in = time_in(body, "in_ms");
  x.delay = time_in(body, "delay_ms");
  x.by = time_in(body, "by_ms");
  const auto loss = body.value("loss", nlohmann::json(0));
  x.loss = loss.is_number() ? loss.get<double>() : 0;
  const auto what = text_in(body, "what");
  const auto* of = find_drill(what);
  if (x.drill.empty() || x.drill.size() > 100)
    return wrong("a fault belongs to a drill: `troupe drill run` orders it");
  if (of == nullptr || !is_played(*of))
    return wrong(fmt::format("nobody knows how to '{}' a node; there are {} and heal", what.substr(0, 40), drill_words(is_played)));
  x.kind = of->kind;
  if (of->lasts && (x.length < bounds::shortest || x.length > bounds::longest))
    return wrong(fmt::format("a fault lasts {} ms to {} s, not {} ms", bounds::shortest.count(), bounds::longest.count() / 1000, x.length.count()));
  if (!of->lasts)
    x.length = milliseconds{0};
  if (x.in < milliseconds{0} || x.in > latest)
    return wrong(fmt::format("a fault is ordered at most {} ms ahead", latest.count()));
  if (of->delay.count() > 0 && (x.delay < bounds::least_delay || x.delay > bounds::most_delay))
    return wrong(fmt::format("a delay is {} ms to {} ms, not {} ms", bounds::least_delay.count(), bounds::most_delay.count(), x.delay.count()));
  if (of->loses && !(x.loss >= 0 && x.loss <= bounds::most_loss))
    return wrong(fmt::format("a loss is 0 to {} percent", bounds::most_loss));
  if (of->shifts && (x.by < -bounds::most_behind || x.by > bounds::most_ahead))
    return wrong(fmt::format("a clock is set wrong by -1d to 1h, not by {} ms", x.by.count()));
  if (of->of == drill_target::link && (!powers_.link || x.peer.empty()))
    return error{errc::unsupported, "there is no link to cut or to slow down"};
  if (const auto* with = power_for(x.kind); with != nullptr && !*with)
    return error{errc::unsupported, fmt::format("this node cannot {}", of->word)};
  if (x.kind == drill_kind::power_cycle)
    if (const auto real = powers_.real_buses ? powers_.real_buses() : std::string{}; !real.empty())
      return error{errc::unsupported, fmt::format("{} here is no simulation: its power is not this node's to take", real)};
  return x;
}

result<nlohmann::json> drill_hand::play(const std::string& who, const nlohmann::json& body) {
  if (text_in(body, "what") == "heal") {
    std::lock_guard one_at_a_time{ordering_};
    return heal(text_in(body, "drill"));
  }
  const auto x = read(body);
  if (!x)
    return x.why();
  std::lock_guard one_at_a_time{ordering_};
  {
    std::lock_guard lock{mutex_};
    if (!fault_.drill.empty() && clock::now() < until_)
      return error{errc::busy, fmt::format("a fault of drill {} is not over here", fault_.drill)};
  }
  call_off(); // one that is over
  int waker = 0;
  if (x->kind == drill_kind::stop_node) {
    const auto started = start_waker(x->in + x->length);
    if (!started)
      return started.why();
    waker = *started;
  }
  powers_.journal(fmt::format("drill {} of {}: {}", x->drill, who, in_words(*x)));
  std::lock_guard lock{mutex_};
  fault_ = *x;
  until_ = clock::now() + x->in + x->length;
  called_off_ = false;
  waker_ = waker;
  thread_ = std::thread{[this, fault = *x] { wait_and_do(fault); }};
  return nlohmann::json{{"drill", x->drill}, {"done", to_string(x->kind)}, {"in_ms", x->in.count()}};
}

void drill_hand::wait_and_do(const drill_fault& x) {
  const auto due = clock::now() + x.in;
  {
    std::unique_lock lock{mutex_};
    changed_.wait_until(lock, due, [&] { return called_off_; });
    if (called_off_) {
      if (waker_ != 0)
        ::kill(waker_, SIGTERM);
      lock.unlock();
      return reap();
    }
    asleep_ = x.kind == drill_kind::stop_node;
  }
  if (x.kind == drill_kind::kill_node || x.kind == drill_kind::power_cycle)
    ::kill(::getpid(), SIGKILL);
  if (const auto* with = power_for(x.kind))
    (*with)(x);
  if (x.kind == drill_kind::fill_disk || x.kind == drill_kind::slow_disk)
    powers_.journal(fmt::format("drill {}: it begins", x.drill)); // something to be written, also in a house at rest
  if (x.kind == drill_kind::stop_node) {
    // To this thread, so that it does not go on for a moment while another one
    // takes the signal. Nobody ends the waker here: only who is awake may.
    ::raise(SIGSTOP);
    asleep_ = false;
    reap();
  }
}

void drill_hand::reap() {
  if (waker_ == 0)
    return;
  siginfo_t ended{};
  ::waitid(P_PID, static_cast<id_t>(waker_), &ended, WEXITED | WNOWAIT);
  std::lock_guard lock{mutex_}; // its number may be another's as soon as it is taken off
  ::waitpid(waker_, nullptr, 0);
  waker_ = 0;
}

nlohmann::json drill_hand::heal(const std::string& drill) {
  nlohmann::json out{{"drill", drill}, {"done", "heal"}};
  drill_fault was;
  {
    std::lock_guard lock{mutex_};
    if (fault_.drill != drill || drill.empty())
      return out;
    was = fault_;
  }
  if (power_for(was.kind) == &powers_.disk && powers_.disk_met)
    out["disk"] = powers_.disk_met();
  call_off();
  was.length = milliseconds{0};
  if (const auto* with = power_for(was.kind); with != nullptr && *with)
    (*with)(was);
  return out;
}

bool drill_hand::is_at_it() const {
  std::lock_guard lock{mutex_};
  return !fault_.drill.empty() && clock::now() < until_;
}

void drill_hand::call_off() {
  {
    std::lock_guard lock{mutex_};
    called_off_ = true;
    fault_.drill.clear();
    if (waker_ != 0 && !asleep_) // of a stop that is over: somebody else has woken this node
      ::kill(waker_, SIGTERM);
  }
  changed_.notify_all();
  if (thread_.joinable())
    thread_.join();
}

void drill_hand::stop() {
  std::lock_guard one_at_a_time{ordering_};
  std::string drill;
  {
    std::lock_guard lock{mutex_};
    drill = fault_.drill;
  }
  (void)heal(drill);
  call_off();
}

} // namespace troupe::daemon
