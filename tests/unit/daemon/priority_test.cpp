// Who goes first among a node's threads.

#define CAF_SUITE priority
#include "tests/support/suite.hpp"

#include "apps/daemon/threads/priority.hpp"

#include <caf/all.hpp>

#include <cstdio>
#include <functional>
#include <sched.h>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace troupe;
using namespace troupe::daemon;

namespace {

std::string class_here() {
  sched_param x{};
  ::sched_getparam(0, &x);
  switch (::sched_getscheduler(0)) {
  case SCHED_RR: return "real time " + std::to_string(x.sched_priority);
  case SCHED_OTHER: return "fair";
  default: return "other";
  }
}

std::string on_a_thread(const std::function<std::string()>& f) {
  std::string out;
  std::thread{[&] { out = f(); }}.join();
  return out;
}

bool allowed() {
  const bool may = on_a_thread([] { return std::string{take(turn::urgent) ? "yes" : ""}; }) == "yes";
  if (!may)
    std::printf("left out: this system allows no real time\n");
  return may;
}

/// What `f` says in a process of its own: a priority that was given up is not had again without root.
int in_a_process(const std::function<int()>& f) {
  const auto child = ::fork();
  if (child == 0)
    ::_exit(f());
  int how = 0;
  ::waitpid(child, &how, 0);
  return WIFEXITED(how) ? WEXITSTATUS(how) : -1;
}

struct config : caf::actor_system_config {
  config() { add_thread_hook<actors_in_real_time>(); }
};

} // namespace

CAF_TEST(a thread takes its turn and gives it to those it makes) {
  if (!allowed())
    return;
  CAF_CHECK_EQUAL(on_a_thread([] { return take(turn::urgent), class_here(); }), "real time 2");
  CAF_CHECK_EQUAL(on_a_thread([] { return take(turn::actor), class_here(); }), "real time 1");
  CAF_CHECK_EQUAL(on_a_thread([] { return take(turn::urgent), take(turn::fair), class_here(); }), "fair");
  CAF_CHECK_EQUAL(on_a_thread([] { return take(turn::urgent), on_a_thread(class_here); }), "real time 2");
  CAF_CHECK_EQUAL(class_here(), "fair");
}

CAF_TEST(actors run in real time on shared threads and on their own) {
  if (!allowed())
    return;
  config how;
  caf::actor_system system{how};
  caf::scoped_actor asks{system};
  const auto tells = [](caf::event_based_actor*) -> caf::behavior { return {[](int) { return class_here(); }}; };
  for (const auto& one : {system.spawn(tells), system.spawn<caf::detached>(tells)})
    asks->request(one, std::chrono::seconds{10}, 1)
      .receive([](const std::string& is) { CAF_CHECK_EQUAL(is, "real time 1"); }, [](const caf::error&) { CAF_FAIL("no answer"); });
}

CAF_TEST(a priority that somebody has chosen stays) {
  CAF_CHECK_EQUAL(in_a_process([] {
    if (::setpriority(PRIO_PROCESS, 0, 5) != 0)
      return 1;
    const auto done = run_before_others();
    return !done && done.why().code == errc::conflict && ::getpriority(PRIO_PROCESS, 0) == 5 ? 0 : 2;
  }), 0);
}

CAF_TEST(a system that refuses is named with the way out) {
  if (::geteuid() != 0)
    return;
  CAF_CHECK_EQUAL(in_a_process([] {
    const rlimit none{0, 0};
    (void)::setpriority(PRIO_PROCESS, 0, 0); // whatever the tests were started with
    if (::setrlimit(RLIMIT_NICE, &none) != 0 || ::setrlimit(RLIMIT_RTPRIO, &none) != 0 || ::setuid(65534) != 0)
      return 1;
    const auto done = run_before_others();
    return !done && done.why().code == errc::permission_denied && done.why().context.find("LimitRTPRIO=2") != std::string::npos ? 0 : 2;
  }), 0);
}
