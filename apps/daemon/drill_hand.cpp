#include "apps/daemon/drill_hand.hpp"

#include "apps/daemon/drill_plan.hpp"
#include "apps/daemon/drill_waker.hpp"
#include "apps/daemon/json.hpp"

#include <fmt/format.h>

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

namespace troupe::daemon {

using clock = std::chrono::steady_clock;

result<drill_hand::fault> drill_hand::read(const nlohmann::json& body) const {
  fault x;
  x.drill = text_in(body, "drill");
  x.what = text_in(body, "what");
  x.peer = text_in(body, "peer");
  x.length = milliseconds{body.value("for_ms", std::uint64_t{0})};
  x.in = milliseconds{body.value("in_ms", std::uint64_t{0})};
  if (x.drill.empty() || x.drill.size() > 100)
    return error{errc::invalid_argument, "a fault belongs to a drill: `troupe drill run` orders it"};
  if (x.what != "kill" && x.what != "stop" && x.what != "cut" && x.what != "heal")
    return error{errc::invalid_argument, fmt::format("nobody knows how to '{}' a node; there are kill, stop, cut and heal", x.what.substr(0, 40))};
  if ((x.what == "stop" || x.what == "cut") && (x.length < drill_plan::shortest || x.length > drill_plan::longest))
    return error{errc::invalid_argument, fmt::format("a fault lasts {} ms to {} s, not {} ms", drill_plan::shortest.count(),
                                                     drill_plan::longest.count() / 1000, x.length.count())};
  if (x.in > latest)
    return error{errc::invalid_argument, fmt::format("a fault is ordered at most {} ms ahead", latest.count())};
  if (x.what == "cut" && (!powers_.cut || x.peer.empty()))
    return error{errc::unsupported, "there is no link to cut"};
  return x;
}

result<nlohmann::json> drill_hand::play(const std::string& who, const nlohmann::json& body) {
  const auto x = read(body);
  if (!x)
    return x.why();
  std::lock_guard one_at_a_time{ordering_};
  if (x->what == "heal") {
    heal(x->drill);
    return nlohmann::json{{"drill", x->drill}, {"done", "heal"}};
  }
  {
    std::lock_guard lock{mutex_};
    if (!drill_.empty() && clock::now() < until_)
      return error{errc::busy, fmt::format("a fault of drill {} is not over here", drill_)};
  }
  stop(); // one that is over
  int waker = 0;
  if (x->what == "stop") {
    const auto started = start_waker(x->in + x->length);
    if (!started)
      return started.why();
    waker = *started;
  }
  powers_.journal(fmt::format("drill {} of {}: {}", x->drill, who,
                              x->what == "kill" ? "this node ends itself at once" : x->what == "stop"
                                ? fmt::format("this node stops itself for {} ms", x->length.count())
                                : fmt::format("the link to {} is cut for {} ms", x->peer, x->length.count())));
  std::lock_guard lock{mutex_};
  drill_ = x->drill;
  cut_from_ = x->peer;
  until_ = clock::now() + x->in + x->length;
  called_off_ = false;
  waker_ = waker;
  thread_ = std::thread{[this, fault = *x] { wait_and_do(fault); }};
  return nlohmann::json{{"drill", x->drill}, {"done", x->what}, {"in_ms", x->in.count()}};
}

void drill_hand::wait_and_do(const fault& x) {
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
    asleep_ = x.what == "stop";
  }
  if (x.what == "kill")
    ::kill(::getpid(), SIGKILL);
  if (x.what == "cut")
    powers_.cut(x.peer, x.length);
  if (x.what == "stop") {
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

void drill_hand::heal(const std::string& drill) {
  std::string cut_from;
  {
    std::lock_guard lock{mutex_};
    if (drill_ != drill)
      return;
    cut_from = cut_from_;
  }
  stop();
  if (!cut_from.empty())
    powers_.cut(cut_from, milliseconds{0});
}

void drill_hand::stop() {
  {
    std::lock_guard lock{mutex_};
    called_off_ = true;
    drill_.clear();
    if (waker_ != 0 && !asleep_) // of a stop that is over: somebody else has woken this node
      ::kill(waker_, SIGTERM);
  }
  changed_.notify_all();
  if (thread_.joinable())
    thread_.join();
}

} // namespace troupe::daemon
