#pragma once

#include "actors/protocol/command.hpp"
#include "actors/protocol/registration.hpp"
#include "cluster/link/link.hpp"
#include "storage/memory/memory_engine.hpp"
#include "storage/replicated_store.hpp"
#include "tests/contract/transport/live_link.hpp"

#include <set>

namespace troupe::test {

/// A clock that a test pushes forward.
class pushed_clock final : public clock_source {
public:
  std::atomic<mono_ns> ahead{0};
  mono_ns mono() const override { return system_clocks().mono() + ahead; }
  wall_ms wall() const override { return system_clocks().wall(); }
};

/// Answers every call with its path; a path "/stream" opens stream 7, whose
/// pulls are answered with one event.
class echo_desk final : public far_service {
public:
  void call(const std::string&, far_call what, std::function<void(far_answer)> answer) override {
    {
      std::lock_guard lock{mutex};
      asked.push_back(what.path);
    }
    far_answer x;
    x.status = 200;
    x.body = what.path;
    x.stream = what.path == "/stream" || what.path == "/late" ? 7u : 0u;
    if (what.path == "/never")
      return;
    std::lock_guard lock{mutex};
    if (what.path == "/late")
      late = [answer, x] { answer(x); };
    else
      answer(std::move(x));
  }
  void pull(const std::string&, const far_pull& what, std::function<void(far_events)> answer) override {
    std::lock_guard lock{mutex};
    if (pulls++ == 0)
      answer({what.stream, std::vector<far_event>(1, far_event{"reading", "{}"}), false});
  }
  void close(const std::string&, std::uint64_t stream) override {
    std::lock_guard lock{mutex};
    closed.insert(stream);
  }
  void peer_gone(const std::string&) override {}

  std::mutex mutex;
  std::vector<std::string> asked;
  int pulls = 0;
  std::set<std::uint64_t> closed;
  std::function<void()> late;
};

/// A node without actors of its own: transport, link, table.
class live_node final : public transport_events {
public:
  live_node(const std::string& name, credential_files files, std::uint64_t incarnation = 1)
    : all{live, *disk, names, clocks} {
    cfg_.set("scheduler.policy", caf::atom("sharing"));
    cfg_.set("scheduler.max-threads", std::size_t{2});
    add_messages(cfg_);
    add_link_messages(cfg_);
    transport::options how;
    how.node = name;
    how.files = std::move(files);
    how.told = this;
    if (auto done = transport::load(cfg_, how); !done)
      CAF_FAIL(done.why().context);
    system = std::make_unique<caf::actor_system>(cfg_);
    link_hooks hooks;
    hooks.on_trouble = [this](const std::string& subject, const std::string& text) {
      std::lock_guard lock{mutex};
      troubles.push_back(subject + ": " + text);
    };
    hooks.on_letter = [this](const std::string& from, membership_message what) {
      std::lock_guard lock{mutex};
      letters.emplace_back(from, std::move(what));
    };
    hooks.removed = [this](const std::string& peer) {
      std::lock_guard lock{mutex};
      return removed.name == peer ? std::optional{removed} : std::nullopt;
    };
    link::options of;
    of.node = name;
    of.incarnation = incarnation;
    wire = std::make_unique<link>(*system, net(), all, desk, std::move(hooks), of);
    wire->start();
    open_ = wire.get();
  }
  ~live_node() override {
    open_ = nullptr;
    wire->stop();
    system.reset();
  }

  transport& net() { return transport::of(*system); }
  std::uint16_t listen() {
    auto port = net().listen("127.0.0.1:0", wire->gateway());
    if (!port)
      CAF_FAIL(port.why().context);
    return *port;
  }
  void dial(const std::string& name, std::uint16_t port) {
    net().dial(name, {"127.0.0.1:" + std::to_string(port)}, [this](result<caf::actor> x) {
      if (x)
        if (auto* to = open_.load())
          to->greet(*x);
    });
  }
  bool sees(const std::string& name) { return eventually([&] { return wire->find(name) != nullptr; }); }
  bool shows(const std::string& name, std::int64_t x, quality grade) {
    return eventually([&] {
      const auto row = live.get(name);
      return row && row->val == value::integer(x) && row->grade == grade;
    });
  }
  void measure(const std::string& name, std::int64_t x, std::uint64_t changes) {
    reading r;
    r.val = value::integer(x);
    r.grade = quality::good;
    r.why = reason::none;
    r.told_as = origin::change;
    r.changes = changes;
    r.measured_at = clocks.mono();
    live.publish(name, r);
  }
  bool has_trouble(const std::string& part) {
    std::lock_guard lock{mutex};
    for (const auto& x : troubles)
      if (has(x, part))
        return true;
    return false;
  }

  void link_up(const peer_identity&) noexcept override {}
  void link_down(const peer_identity& who, const std::string& why, bool lost) noexcept override {
    if (auto* to = open_.load())
      to->link_down(who, why, lost);
  }
  void refused(const std::string&, const std::string&, const std::string&) noexcept override {}

  pushed_clock clocks;
  std::unique_ptr<storage::store> disk = [] {
    auto opened = storage::replicated_store::open(storage::make_memory_engine(), {}, system_clocks());
    if (!opened)
      CAF_FAIL(opened.why().context);
    return std::move(*opened);
  }();
  storage::live_table live;
  directory names;
  services all;
  echo_desk desk;
  std::mutex mutex;
  std::vector<std::string> troubles;
  std::vector<std::pair<std::string, membership_message>> letters;
  member removed; ///< no name: nobody
  std::unique_ptr<link> wire;
  std::unique_ptr<caf::actor_system> system;

private:
  caf::actor_system_config cfg_;
  std::atomic<link*> open_{nullptr};
};

} // namespace troupe::test
