#include "tests/bench/replication/member.hpp"

#include "apps/daemon/threads/ordered_sharing.hpp"
#include "apps/daemon/threads/priority.hpp"
#include "apps/daemon/threads/thread_watch.hpp"
#include "cluster/link/link.hpp"
#include "cluster/replication/exchange.hpp"
#include "storage/rocks/rocks_engine.hpp"
#include "tests/bench/cluster/farm.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <stdexcept>
#include <thread>

namespace troupe::bench {

// --- the store's thread ---------------------------------------------------------

struct store_thread::parts {
  storage::store& store;
  std::mutex mutex;
  std::condition_variable changed;
  bool woken = false, ends = false;
  std::thread thread;

  void nudge(bool last) {
    {
      std::lock_guard lock{mutex};
      woken = true;
      ends = ends || last;
    }
    changed.notify_one();
  }
  void run() {
    std::unique_lock lock{mutex};
    while (!ends) {
      woken = false;
      lock.unlock();
      const auto next = store.work();
      const auto pause = std::clamp<mono_ns>(next - system_clocks().mono(), 0, 1'000'000'000);
      lock.lock();
      changed.wait_for(lock, std::chrono::nanoseconds{pause}, [this] { return woken; });
    }
  }
};

store_thread::store_thread(storage::store& of) : parts_{new parts{of, {}, {}, false, false, {}}} {
  of.set_wake([x = parts_.get()] { x->nudge(false); });
  parts_->thread = std::thread{[x = parts_.get()] {
    (void)daemon::take(daemon::turn::store);
    x->run();
  }};
}

store_thread::~store_thread() {
  parts_->nudge(true);
  parts_->thread.join();
  parts_->store.set_wake({});
}

// --- a member -------------------------------------------------------------------

/// Nobody asks its control interface.
class no_desk final : public cluster::far_service {
public:
  void call(const std::string&, cluster::far_call, std::function<void(cluster::far_answer)>) override {}
  void pull(const std::string&, const cluster::far_pull&, std::function<void(cluster::far_events)>) override {}
  void close(const std::string&, std::uint64_t) override {}
  void peer_gone(const std::string&) override {}
};

namespace {

std::unique_ptr<storage::replicated_store> open_store(const member::options& how) {
  storage::store_options o;
  o.node = how.name;
  o.clustered = true;
  o.ring_path = how.folder + "/pulse.ring";
  o.flash_bytes_per_day = 0; // a bench writes more in a minute than a house in a day
  auto disk = storage::open_rocks(how.folder + "/store");
  if (!disk)
    throw std::runtime_error(disk.why().context);
  auto opened = storage::replicated_store::open(std::move(*disk), o, system_clocks());
  if (!opened)
    throw std::runtime_error(opened.why().context);
  return std::move(*opened);
}

} // namespace

struct member::parts final : cluster::transport_events {
  std::unique_ptr<storage::replicated_store> disk;
  std::unique_ptr<store_thread> worker;
  storage::live_table live;
  directory names;
  services all;
  no_desk desk;
  struct node_threads : caf::actor_system_config {
    node_threads() {
      daemon::load_ordered_sharing(*this);
      add_thread_hook<daemon::actors_in_real_time>();
    }
  } config;
  std::unique_ptr<caf::actor_system> system;
  std::unique_ptr<cluster::link> wire;
  std::shared_ptr<cluster::exchange> exchange;
  std::atomic<cluster::link*> open{nullptr};
  std::unique_ptr<daemon::thread_watch> watch;

  explicit parts(const options& how) : disk(open_store(how)), all{live, *disk, names, system_clocks()} {
    worker = std::make_unique<store_thread>(*disk);
    config.set("scheduler.max-threads", std::size_t{2});
    cluster::add_link_messages(config);
    cluster::transport::options net;
    net.node = how.name;
    net.files = cluster::credential_files::in(how.folder + "/pki");
    net.told = this;
    net.at_start = [] { (void)daemon::take(daemon::turn::links); };
    if (auto done = cluster::transport::load(config, net); !done)
      throw std::runtime_error(done.why().context);
    system = std::make_unique<caf::actor_system>(config);
    cluster::link_hooks hooks;
    hooks.on_peer = [this](const std::string& peer, std::uint64_t) { exchange->linked(peer); };
    hooks.on_peer_lost = [this](const std::string& peer, const std::string&, bool) { exchange->unlinked(peer); };
    hooks.on_frame = [this](const std::string& from, std::string frame) { exchange->receive(from, frame); };
    cluster::link::options of;
    of.node = how.name;
    wire = std::make_unique<cluster::link>(*system, cluster::transport::of(*system), all, desk, std::move(hooks), of);
    cluster::replicator::options talk;
    talk.self = how.name;
    talk.pulse_every = milliseconds{1000}; // as the daemon has it
    exchange = std::make_shared<cluster::exchange>(*disk, system_clocks(), talk, [this](const std::string& peer, std::string frame) {
      if (auto* to = open.load())
        to->send_frame(peer, std::move(frame));
    });
    if (auto put = disk->put(storage::slot_kind::map, std::string{storage::member_prefix} + how.name, "{}"); !put)
      throw std::runtime_error(put.why().context);
    exchange->start();
    wire->start();
    open = wire.get();
    watch = std::make_unique<daemon::thread_watch>([](std::size_t) {});
  }
  ~parts() override {
    watch.reset();
    open = nullptr;
    exchange->stop();
    wire->stop();
    system.reset();
    worker.reset();
    (void)disk->close();
  }

  void link_up(const cluster::peer_identity&) noexcept override {}
  void link_down(const cluster::peer_identity& who, const std::string& why, bool lost) noexcept override {
    if (auto* to = open.load())
      to->link_down(who, why, lost);
  }
  void refused(const std::string&, const std::string&, const std::string&) noexcept override {}
};

member::member(options how) : parts_(std::make_unique<parts>(how)) {}
member::~member() = default;

std::uint16_t member::listen() {
  auto port = cluster::transport::of(*parts_->system).listen("127.0.0.1:0", parts_->wire->gateway());
  if (!port)
    throw std::runtime_error(port.why().context);
  return *port;
}

void member::dial(const std::string& name, std::uint16_t port) {
  cluster::transport::of(*parts_->system).dial(name, {"127.0.0.1:" + std::to_string(port)}, [x = parts_.get()](result<caf::actor> to) {
    if (auto* wire = x->open.load(); to && wire)
      wire->greet(*to);
  });
}

bool member::await_equal(const std::string& name, std::chrono::milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (std::chrono::steady_clock::now() < until) {
    for (const auto& x : parts_->exchange->peers())
      if (x.name == name && x.linked && x.equal)
        return true;
    pause(std::chrono::milliseconds{5});
  }
  return false;
}

storage::replicated_store& member::store() { return *parts_->disk; }

member::traffic member::with(const std::string& name) const {
  for (const auto& x : parts_->exchange->peers())
    if (x.name == name)
      return {x.sent_bytes, x.received_bytes};
  return {};
}

} // namespace troupe::bench
