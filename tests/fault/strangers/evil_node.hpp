#pragma once

#include "cluster/link/messages.hpp"
#include "cluster/membership/inspect.hpp"
#include "cluster/transport/transport.hpp"
#include "actors/protocol/registration.hpp"

#include <caf/all.hpp>
#include <caf/io/all.hpp>

#include <atomic>
#include <future>
#include <mutex>
#include <thread>

namespace troupe::test {

/// A node with a good certificate and no good intentions: our transport, and
/// an actor in the place of the gateway that says what a test wants.
class evil_node final : public cluster::transport_events {
public:
  evil_node(const std::string& name, cluster::credential_files files) : name_(name) {
    cfg_.set("scheduler.policy", caf::atom("sharing"));
    cfg_.set("scheduler.max-threads", std::size_t{2});
    add_messages(cfg_);
    cluster::add_link_messages(cfg_);
    cluster::transport::options how;
    how.node = name;
    how.files = std::move(files);
    how.told = this;
    how.bounds.max_backlog_bytes = 1 << 30; // our own bound would end the attack
    if (auto done = cluster::transport::load(cfg_, how); !done)
      throw std::runtime_error(done.why().context);
    system_ = std::make_unique<caf::actor_system>(cfg_);
    mouth_ = system_->spawn([this](caf::event_based_actor* self) -> caf::behavior {
      self->set_default_handler(caf::drop);
      return {[this](const cluster::far_answer& x) { note([&] { answers_.push_back(x); }); },
              [this](const cluster::batch_taken& x) { taken = x.seq; },
              [this](const cluster::tick_told&) { ++ticks; },
              // Dropped messages would be answered with errors, which no node sends.
              [](const cluster::reading_batch&) {}, [](cluster::tick_asked) {}, [](const cluster::envelopes_taken&) {},
              [this](const cluster::catalogue_part& x) { note([&] { documents_ = x.documents; }); },
              [](const cluster::trust_offer&) {}, [](const cluster::far_events&) {}, [](const cluster::replica_frame&) {},
              [](const cluster::membership_message&) {},
              [this](const cluster::hello&) { ++hellos; }};
    });
    heart_ = std::thread{[this] {
      while (!over_) {
        net().beat({"a"});
        std::this_thread::sleep_for(std::chrono::milliseconds{50});
      }
    }};
  }
  ~evil_node() override {
    over_ = true;
    heart_.join();
    there_ = nullptr;
    caf::anon_send_exit(mouth_, caf::exit_reason::user_shutdown);
    mouth_ = nullptr;
    system_.reset();
  }

  cluster::transport& net() { return cluster::transport::of(*system_); }
  caf::actor_system& system() { return *system_; }
  const caf::actor& mouth() const { return mouth_; }
  const caf::actor& there() const { return there_; }

  /// Connects. @returns why not; empty: linked.
  std::string dial(const std::string& name, std::uint16_t port) {
    auto promise = std::make_shared<std::promise<result<caf::actor>>>();
    auto answer = promise->get_future();
    net().dial(name, {"127.0.0.1:" + std::to_string(port)}, [promise](result<caf::actor> x) { promise->set_value(std::move(x)); });
    auto got = answer.get();
    if (!got)
      return got.why().context;
    there_ = *got;
    return {};
  }

  cluster::hello good_hello() const {
    cluster::hello x;
    x.node = name_;
    x.version = "1";
    x.incarnation = 7;
    x.tick = system_clocks().mono();
    x.gateway = mouth_;
    return x;
  }

  template <class T>
  void say(T&& what) {
    caf::send_as(mouth_, there_, std::forward<T>(what));
  }

  /// Waits until the other side has read all that was said: our own beats queue
  /// behind an attack, and who is silent is dropped before its attack is seen.
  void heard(std::chrono::milliseconds limit = std::chrono::seconds{5}) {
    const auto before = ticks.load();
    say(cluster::tick_asked{});
    const auto until = std::chrono::steady_clock::now() + limit;
    while (ticks == before && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }

  /// Linked, and said hello. @returns why not.
  std::string enter(const std::string& name, std::uint16_t port) {
    // The membership of the other side may still think of the last visit.
    std::string why;
    for (int i = 0; i < 100; ++i) {
      why = dial(name, port);
      if (why.empty())
        break;
      std::this_thread::sleep_for(std::chrono::milliseconds{50});
    }
    if (why.empty())
      say(good_hello());
    return why;
  }

  /// Waits until the link was ended by the other side.
  bool cut(std::size_t downs, std::chrono::milliseconds limit = std::chrono::seconds{10}) {
    const auto until = std::chrono::steady_clock::now() + limit;
    while (downs_ < downs && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    return downs_ >= downs;
  }
  [[nodiscard]] std::size_t downs() const { return downs_; }
  std::vector<cluster::far_answer> answers() {
    const std::lock_guard guard{mutex_};
    return answers_;
  }

  /// Of the newest catalogue that it was shown, in one part.
  std::vector<std::string> documents() {
    const std::lock_guard guard{mutex_};
    return documents_;
  }

  void link_up(const cluster::peer_identity&) noexcept override {}
  void link_down(const cluster::peer_identity&, const std::string&, bool) noexcept override { ++downs_; }
  void refused(const std::string&, const std::string&, const std::string&) noexcept override {}

  std::atomic<std::uint64_t> taken{0}, hellos{0}, ticks{0};

private:
  template <class F>
  void note(F f) {
    const std::lock_guard guard{mutex_};
    f();
  }
  std::string name_;
  caf::actor_system_config cfg_;
  std::unique_ptr<caf::actor_system> system_;
  caf::actor mouth_, there_;
  std::mutex mutex_;
  std::vector<cluster::far_answer> answers_;
  std::vector<std::string> documents_;
  std::atomic<std::size_t> downs_{0};
  /// Who is silent is taken for dead within a second; an attacker would not be.
  std::atomic<bool> over_{false};
  std::thread heart_;
};

} // namespace troupe::test
