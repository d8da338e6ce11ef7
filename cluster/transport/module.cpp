#include "cluster/transport/dialer.hpp"
#include "cluster/transport/doorman.hpp"
#include "cluster/transport/scribe.hpp"

#include <caf/all.hpp>
#include <caf/io/basp_broker.hpp>
#include <caf/io/middleman.hpp>

#include <fmt/format.h>

#include <csignal>
#include <future>

namespace troupe::cluster {

namespace {

/// Of a thread's buffer, between two messages.
constexpr std::size_t most_kept = 64 * 1024;

class transport_module final : public transport, public caf::actor_system::module {
public:
  transport_module(caf::actor_system& system, std::shared_ptr<hub> shared)
    : system_(system), hub_(std::move(shared)), dialer_(system, hub_) {}

  // --- module ---

  void init(caf::actor_system_config&) override {
    ::signal(SIGPIPE, SIG_IGN); // OpenSSL writes with write()
    // A fresh id for each start of the process, bound to our name. CAF's own is
    // a hash of machine and process number, which two containers may share. No
    // public setter exists; the broker that copies it does not exist yet.
    const auto incarnation = static_cast<std::uint64_t>(hub_->how.clocks->wall()) * 1000
                             + static_cast<std::uint64_t>(hub_->now() / 1000 % 1000);
    if (auto uri = caf::make_uri(fmt::format("node:{}/{}", hub_->how.node, incarnation)))
      const_cast<caf::node_id&>(system_.node()) = caf::make_node_id(*uri);
    hub_->own_id = to_string(system_.node());
  }

  void start() override {
    broker_ = system_.middleman().named_broker<caf::io::basp_broker>(caf::atom("BASP"));
    hub_->io = &static_cast<caf::io::network::default_multiplexer&>(system_.middleman().backend());
    if (hub_->how.at_start)
      hub_->post(hub_->how.at_start);
    const std::weak_ptr<hub> weak = hub_;
    hub_->wake.start([weak] {
      if (auto shared = weak.lock())
        shared->post([shared] { shared->look_at_deadlines(); });
    });
  }

  // The middleman stops after us, and from then on nothing can be posted to its
  // thread: what may still be sent (a goodbye) is sent now, within its bound.
  void stop() override {
    dialer_.stop();
    const auto until = std::chrono::steady_clock::now() + hub_->how.bounds.drain_within;
    while (!drained() && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(milliseconds{10});
    hub_->closing = true;
    broker_ = nullptr;
  }

  ~transport_module() override {
    hub_->wake.stop();
    hub_->io = nullptr;
  }

  id_t id() const override { return openssl_manager; }
  void* subtype_ptr() override { return static_cast<transport*>(this); }

  // --- transport ---

  result<std::uint16_t> listen(const std::string& address, const caf::actor& gateway,
                               bool psk) override {
    if (psk ? !hub_->psk() : !hub_->tls())
      return error{errc::untrusted, fmt::format("listen at '{}': this node has no {}", address,
                                                psk ? "pre-shared keys" : "certificate")};
    auto where = parse_address(address);
    if (!where)
      return where.why();
    auto fd = listen_tcp(*where);
    if (!fd)
      return fd.why();
    const auto port = port_of(fd->get());
    caf::io::doorman_ptr made = caf::make_counted<link_doorman>(*hub_->io.load(), fd->get(), hub_, psk);
    fd->release();
    caf::anon_send(broker_, caf::publish_atom::value, std::move(made), port,
                   caf::actor_cast<caf::strong_actor_ptr>(gateway), system_.message_types(gateway));
    return port;
  }

  void dial(const std::string& name, const std::vector<std::string>& addresses,
            on_dialled done) override {
    dialer_.add({name, addresses, std::move(done)});
  }

  // The bytes that CAF's broker would write, without the way through its mailbox.
  void send(const caf::actor& from, const caf::actor& to, const caf::message& what) override {
    namespace basp = caf::io::basp;
    const auto way = hub_->way_to(to.node());
    // A handle ends with its link: it must not speak over the next one with the same process.
    if (!way || caf::actor_cast<caf::abstract_actor*>(to)->getf(caf::abstract_actor::is_terminated_flag))
      return;
    thread_local std::vector<char> frame;
    frame.clear();
    basp::header head{basp::message_type::direct_message, 0, 0, caf::make_message_id().integer_value(), from.id(), to.id()};
    auto body = caf::make_callback([&](caf::serializer& sink) -> caf::error {
      std::vector<caf::strong_actor_ptr> stages; // that it shall pass through
      return sink(stages, const_cast<caf::message&>(what));
    });
    basp::instance::write(system_.dummy_execution_unit(), frame, head, &body);
    if (way->send(frame))
      hub_->post([record = way->record()] {
        if (record->io != nullptr)
          record->io->flush();
      });
    if (frame.capacity() > most_kept)
      frame = {};
  }

  void beat(const std::vector<std::string>& names) override {
    mono_ns nobody_waits = 0;
    (void)hub_->beat_asked.compare_exchange_strong(nobody_waits, hub_->now());
    hub_->post([shared = hub_, names] { shared->beat(names); });
  }

  std::chrono::nanoseconds io_late() const override {
    const mono_ns asked = hub_->beat_asked;
    return std::chrono::nanoseconds{asked == 0 ? 0 : std::max<mono_ns>(0, hub_->now() - asked)};
  }

  std::vector<link_view> links() const override { return hub_->links(); }

  std::optional<peer_identity> identify(const caf::node_id& id) const override {
    return hub_->identify(to_string(id));
  }

  status reload() override {
    auto done = hub_->read_files();
    hub_->post([shared = hub_] { shared->drop_revoked(); });
    return done;
  }

  void drop(const std::string& name, const std::string& why) override {
    hub_->post([shared = hub_, name, why] { shared->drop(name, why); });
  }

  void hold(const std::string& name, milliseconds length) override {
    hub_->post([shared = hub_, name, length] { shared->disturb(name, length, std::nullopt); });
  }

  void delay(const std::string& name, milliseconds length, const lateness& how) override {
    hub_->post([shared = hub_, name, length, how] { shared->disturb(name, length, how); });
  }

private:
  bool drained() {
    auto promise = std::make_shared<std::promise<bool>>();
    auto answer = promise->get_future();
    hub_->post([promise, shared = hub_] { promise->set_value(shared->nothing_queued()); });
    return answer.wait_for(hub_->how.bounds.drain_within) == std::future_status::ready && answer.get();
  }

  caf::actor_system& system_;
  std::shared_ptr<hub> hub_;
  dialer dialer_;
  caf::actor broker_;
};

} // namespace

status transport::load(caf::actor_system_config& config, options how) {
  auto shared = std::make_shared<hub>(std::move(how));
  if (auto done = shared->read_files(); !done)
    return done;
  config.load<caf::io::middleman>();
  // Read messages in the I/O thread: one hand-over less on the way to the actor.
  config.set("middleman.workers", std::size_t{0});
  // One peer that never stops sending must not hold the beats of all others back:
  // a record or two of it, then whoever else has something.
  config.set("middleman.max-consecutive-reads", std::size_t{2});
  // Our own beats replace CAF's, and our guard refuses what this would need.
  config.set("middleman.heartbeat-interval", caf::timespan{0});
  config.set("middleman.connection-timeout", caf::timespan{0});
  config.set("middleman.enable-automatic-connections", false);
  config.module_factories.push_back(
    [shared](caf::actor_system& system) -> caf::actor_system::module* {
      return new transport_module(system, shared);
    });
  return {};
}

transport& transport::of(caf::actor_system& system) {
  // CAF hands out what `subtype_ptr` returned, under the type of its own module.
  return reinterpret_cast<transport&>(system.openssl_manager());
}

} // namespace troupe::cluster
