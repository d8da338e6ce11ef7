#pragma once

#include "cluster/transport/transport.hpp"
#include "tests/unit/tls/fixture.hpp"

#include <caf/all.hpp>
#include <caf/io/all.hpp>

#include <condition_variable>
#include <future>
#include <mutex>

namespace troupe::test {

using namespace cluster;
using namespace std::chrono_literals;

/// Notes what a transport tells; waits with a bound for what should come.
class told_events final : public transport_events {
public:
  struct refusal {
    std::string address, claimed, why;
  };

  void link_up(const peer_identity& who) noexcept override {
    note([&] { ups_.push_back(who); });
  }
  void link_down(const peer_identity& who, const std::string& why, bool lost) noexcept override {
    note([&] { downs_.push_back({who.name, why, lost}); });
  }
  void refused(const std::string& address, const std::string& claimed,
               const std::string& why) noexcept override {
    note([&] { refusals_.push_back({address, claimed, why}); });
  }
  void surplus(const std::string& address, const std::string& name, const std::string& why) noexcept override {
    note([&] { surplus_.push_back({address, name, why}); });
  }

  struct down {
    std::string name, why;
    bool lost;
  };
  std::vector<peer_identity> ups() const { return copy(ups_); }
  std::vector<down> downs() const { return copy(downs_); }
  std::vector<refusal> refusals() const { return copy(refusals_); }
  std::vector<refusal> surplus() const { return copy(surplus_); }

  /// False: `what` did not become true within ten seconds.
  bool wait(const std::function<bool(const told_events&)>& what) const {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, 10s, [&] {
      lock.unlock();
      const bool yes = what(*this);
      lock.lock();
      return yes;
    });
  }
  bool wait_ups(std::size_t n) const {
    return wait([n](const auto& x) { return x.ups().size() >= n; });
  }
  bool wait_downs(std::size_t n) const {
    return wait([n](const auto& x) { return x.downs().size() >= n; });
  }
  bool wait_refusal(const std::string& part) const {
    return wait([&](const auto& x) {
      for (const auto& one : x.refusals())
        if (has(one.why, part))
          return true;
      return false;
    });
  }

private:
  template <class F>
  void note(F f) {
    const std::lock_guard guard{mutex_};
    f();
    changed_.notify_all();
  }
  template <class T>
  T copy(const T& x) const {
    const std::lock_guard guard{mutex_};
    return x;
  }

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<peer_identity> ups_;
  std::vector<down> downs_;
  std::vector<refusal> refusals_, surplus_;
};

/// A node in this process: an actor system with our transport and a gateway
/// that echoes, asks an actor back, tells who asked, or counts bytes.
class live_end {
public:
  live_end(const std::string& name, credential_files files, transport_limits bounds = {},
           const clock_source& clocks = system_clocks()) {
    cfg_.set("scheduler.policy", caf::atom("sharing"));
    cfg_.set("scheduler.max-threads", std::size_t{2});
    transport::options how;
    how.node = name;
    how.files = std::move(files);
    how.bounds = bounds;
    how.told = &told;
    how.clocks = &clocks;
    if (auto done = transport::load(cfg_, how); !done)
      CAF_FAIL(done.why().context);
    system_ = std::make_unique<caf::actor_system>(cfg_);
    auto* net = &transport::of(*system_);
    gateway = system_->spawn([net, got = &bytes_got](caf::event_based_actor* self) -> caf::behavior {
      return {[=](const caf::actor& back, const std::string& text) {
                auto promise = self->make_response_promise<std::string>();
                self->request(back, 3s, text)
                  .then([promise](std::string& x) mutable { promise.deliver(std::move(x)); },
                        [promise](caf::error& x) mutable { promise.deliver(std::move(x)); });
                return promise;
              },
              [](const std::string& text) { return text; },
              [=](caf::get_atom) -> std::string {
                auto who = net->identify(self->current_sender()->node());
                return who ? who->name + " " + to_string(who->allowed) : "nobody";
              },
              [got](const std::vector<char>& bytes) { return *got += bytes.size(); }};
    });
  }
  ~live_end() { stop(); }
  void stop() {
    caf::anon_send_exit(gateway, caf::exit_reason::user_shutdown);
    gateway = nullptr;
    system_.reset();
  }

  transport& net() { return transport::of(*system_); }
  caf::actor_system& system() { return *system_; }

  std::uint16_t listen(const std::string& address = "127.0.0.1:0", bool psk = false) {
    auto port = net().listen(address, gateway, psk);
    if (!port)
      CAF_FAIL(port.why().context);
    return *port;
  }

  result<caf::actor> dial(const std::string& name, std::uint16_t port,
                          const std::string& host = "127.0.0.1") {
    return dial(name, std::vector<std::string>{host + ":" + std::to_string(port)});
  }
  result<caf::actor> dial(const std::string& name, const std::vector<std::string>& addresses) {
    auto promise = std::make_shared<std::promise<result<caf::actor>>>();
    auto answer = promise->get_future();
    net().dial(name, addresses, [promise](result<caf::actor> x) { promise->set_value(std::move(x)); });
    if (answer.wait_for(20s) != std::future_status::ready)
      CAF_FAIL("a dial that never ends");
    return answer.get();
  }

  /// What the gateway at the other end answers; "" when nothing came.
  template <class... Ts>
  std::string ask(const caf::actor& gateway_there, const Ts&... what) {
    caf::scoped_actor self{*system_};
    std::string out;
    self->request(gateway_there, 3s, what...)
      .receive([&](std::string& text) { out = text; }, [](caf::error&) {});
    return out;
  }

  told_events told;
  caf::actor gateway;
  std::atomic<std::uint64_t> bytes_got{0};

private:
  caf::actor_system_config cfg_;
  std::unique_ptr<caf::actor_system> system_;
};

/// "a" listens, "b" dials.
struct link_fixture : pki_fixture {
  std::string why(const result<caf::actor>& x) { return x ? "linked" : x.why().context; }
};

/// Waits up to ten seconds until `what` holds.
template <class F>
bool eventually(F what) {
  for (const auto until = std::chrono::steady_clock::now() + 10s;;) {
    if (what())
      return true;
    if (std::chrono::steady_clock::now() > until)
      return false;
    std::this_thread::sleep_for(5ms);
  }
}

} // namespace troupe::test
