#include "apps/daemon/node.hpp"

#include "actors/protocol/registration.hpp"
#include "actors/rule/script.hpp"
#include "actors/supervision/root.hpp"
#include "apps/control/server.hpp"
#include "apps/daemon/api.hpp"
#include "apps/daemon/ask.hpp"
#include "apps/daemon/cluster_part.hpp"
#include "apps/daemon/drill_clock.hpp"
#include "apps/daemon/drill_desk.hpp"
#include "apps/daemon/drill_hand.hpp"
#include "apps/daemon/drill_schedule.hpp"
#include "apps/daemon/journal_report.hpp"
#include "apps/daemon/json.hpp"
#include "apps/daemon/machine.hpp"
#include "apps/daemon/threads/ordered_sharing.hpp"
#include "apps/daemon/threads/priority.hpp"
#include "apps/daemon/threads/thread_watch.hpp"
#include "apps/daemon/tree.hpp"
#include "config/load/check.hpp"
#include "config/load/split.hpp"
#include "config/model/patience.hpp"
#include "storage/disk_drill.hpp"
#include "storage/replicated_store.hpp"
#include "storage/rocks/rocks_engine.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <filesystem>
#include <mutex>
#include <thread>

namespace troupe::daemon {

using namespace std::chrono_literals;
using storage::slot_kind;

namespace {

/// Key of what this run says of itself; tells the next one how it ended.
std::string run_key(const std::string& node) { return "node/" + node + "/run"; }

struct caf_config : caf::actor_system_config {
  explicit caf_config(const node_config& config) {
    load_ordered_sharing(*this);
    set("scheduler.max-threads", std::size_t{config.worker_threads});
    if (config.run_first)
      add_thread_hook<actors_in_real_time>();
    add_messages(*this);
  }
};

storage::journal_event event(storage::severity level, const std::string& kind, const std::string& subject,
                             const std::string& text) {
  storage::journal_event x;
  x.level = level;
  x.kind = kind;
  x.subject = subject;
  x.text = text;
  return x;
}

/// The tree starts behind our back; its parts have names within milliseconds.
caf::actor await_actor(const directory& names, const std::string& name) {
  for (int i = 0; i < 5000; ++i) {
    if (auto found = names.find(name))
      return found;
    std::this_thread::sleep_for(1ms);
  }
  return {};
}

} // namespace

struct node::parts {
  explicit parts(options x) : how(std::move(x)) {}

  status open_store();
  status first_house();
  void note_previous_end();
  void note_own_end(const std::string& state);
  [[nodiscard]] drill_hand::powers drill_powers();
  void open_drills();
  void tell_real_time(std::size_t threads_out);

  options how;
  drill_clock clocks;
  std::shared_ptr<storage::disk_drill> disk_drill = std::make_shared<storage::disk_drill>();
  std::unique_ptr<storage::replicated_store> disk;
  storage::live_table live{clocks};
  directory names;
  catalog people;
  std::shared_ptr<running_things> running = std::make_shared<running_things>();
  std::mutex ending;
  std::string gave_up; ///< why supervision did; under `ending`

  // In order of dependence: each outlives what stands below it.
  std::unique_ptr<services> all;
  std::unique_ptr<desired> wanted;
  std::unique_ptr<node_names> whose;
  std::unique_ptr<placement_desk> placing;
  std::unique_ptr<workshop> makers;
  std::unique_ptr<streams> events;
  std::unique_ptr<journal_report> report;
  std::unique_ptr<cluster_part> cluster; ///< null: a node alone
  std::unique_ptr<caf::actor_system_config> caf;
  std::unique_ptr<caf::actor_system> system;
  std::unique_ptr<supervision::root> tree;
  std::unique_ptr<drill_hand> hand;
  std::unique_ptr<drill_desk> drills;
  std::unique_ptr<drill_schedule> schedule; ///< of drills that begin by themselves
  std::unique_ptr<node_control> control;
  std::unique_ptr<control::server> server;
  std::unique_ptr<thread_watch> watch; ///< null: nothing runs in real time
};

node::node(options how) : parts_(std::make_unique<parts>(std::move(how))) {}

node::~node() {
  // Also after a start that failed half-way: links end before the actor system.
  if (parts_->cluster)
    parts_->cluster->close();
}

status node::parts::open_store() {
  const auto& config = how.config;
  std::error_code failed;
  std::filesystem::create_directories(config.data_dir, failed);
  if (failed)
    return error{errc::io_error, fmt::format("cannot make the data directory {}: {}. Make it, or name another "
                                             "with data-dir in node.toml.", config.data_dir, failed.message())};
  storage::store_options options;
  options.node = config.name;
  options.machine = machine_fingerprint();
  options.synchronised = clock_synchronised;
  options.clustered = cluster_part::is_member(config);
  if (options.clustered)
    options.settle_for = 5s; // members tell what they know of this node's counters
  options.ring_path = config.data_dir + "/pulse.ring";
  options.checkpoint_every = config.checkpoint_every;
  options.flash_bytes_per_day = config.flash_bytes_per_day;
  options.journal_events = config.journal_events;
  options.journal_days = static_cast<int>(config.journal_days);
  storage::rocks_options database;
  database.memory_bytes = config.store_memory_bytes;
  auto engine = storage::open_rocks(config.data_dir + "/store", database);
  if (!engine)
    return engine.why();
  auto opened = storage::replicated_store::open(storage::drillable(std::move(*engine), disk_drill), options, clocks);
  if (!opened) {
    // The engine names only its lock file; the operator needs the reason.
    if (opened.why().code == errc::busy)
      return error{errc::busy, fmt::format("the data directory {} is in use by another trouped. Stop that one "
                                           "(`troupe shutdown`), or name another data-dir in node.toml. ({})",
                                           config.data_dir, opened.why().context)};
    return opened.why();
  }
  disk = std::move(*opened);
  return {};
}

void node::parts::note_previous_end() {
  const auto last = disk->get(slot_kind::own, run_key(how.config.name));
  if (!last || !disk->stats().restored.empty()) // then it says how the run ended that was saved
    return;
  const auto x = json::parse(last->payload, nullptr, false);
  const auto state = x.is_object() ? x.value("state", "") : "";
  if (state == "starting")
    disk->append(event(storage::severity::warning, "start", how.config.name,
                       "the previous run ended before it was ready; the log of trouped says why"));
  else if (state == "running")
    disk->append(event(storage::severity::warning, "start", how.config.name,
                       "the previous run ended without an orderly stop: a crash, a kill or a power cut"));
  else if (state != "stopped")
    disk->append(event(storage::severity::alarm, "start", how.config.name, "the previous run ended: " + state));
}

void node::parts::note_own_end(const std::string& state) {
  if (auto put = disk->put(slot_kind::own, run_key(how.config.name), json{{"state", state}}.dump()); !put)
    spdlog::warn("cannot note how this run ends: {}", put.why().context);
}

status node::parts::first_house() {
  if (how.first_house.empty() || !wanted->documents().empty())
    return {};
  auto house = read_house({{how.first_house_name, how.first_house}}, rule::check_script,
                          {how.config.name, patience_of(how.config.profile).suspect_after});
  std::string text;
  for (const auto& x : house.problems)
    text += (text.empty() ? "" : "\n") + x.to_string();
  if (any_fatal(house.problems))
    return error{errc::invalid_argument, text};
  if (!text.empty())
    spdlog::warn("{}", text);
  // The file may be of a whole house with several nodes.
  const auto own = split(house.documents, how.config.name).of[how.config.name];
  if (auto written = wanted->write({}, own, how.config.name, "first house: " + how.first_house_name); !written)
    return written.why();
  return {};
}

/// What a drill may do to this node. Nothing of it touches the owner's data.
drill_hand::powers node::parts::drill_powers() {
  drill_hand::powers out;
  if (cluster)
    out.link = [to = cluster.get()](const drill_fault& x) {
      if (x.kind == drill_kind::cut_link)
        to->cut(x.peer, x.length);
      else
        to->slow_down(x.peer, x.length, {x.delay, x.loss / 100});
    };
  out.disk = [to = disk_drill](const drill_fault& x) {
    if (x.length.count() == 0)
      to->end();
    else if (x.kind == drill_kind::fill_disk)
      to->fill(x.length);
    else
      to->slow(x.length, x.delay);
  };
  out.disk_met = [of = disk_drill]() -> json {
    const auto met = of->met();
    return {{"slowed", met.slowed}, {"refused", met.refused}};
  };
  out.clock = [this](const drill_fault& x) { clocks.shift(x.by, x.length); };
  out.real_buses = [this] {
    std::string names;
    for (const auto& x : wanted->documents())
      if (x.section == "bus" && text_in(x.body, "driver") != "sim")
        names += (names.empty() ? "bus " : ", ") + x.name;
    return names;
  };
  out.journal = [this](const std::string& text) { disk->append(event(storage::severity::warning, "drill", how.config.name, text)); };
  return out;
}

/// After the links are made.
void node::parts::open_drills() {
  drill_desk::parts drilling{control.get(), control.get(), {}, [this] { return hand->is_at_it(); }};
  if (cluster) {
    drilling.house = &cluster->front();
    drilling.ask = [to = cluster.get()](const std::string& node, const control::caller& who, const std::string& method, const std::string& path,
                                        const json& body) { return to->ask_node(node, who, method, path, body); };
  }
  drills->open(std::move(drilling));
  schedule = std::make_unique<drill_schedule>(
    how.config.name, drill_schedule::parts{[this] { return clocks.wall(); }, [this] { return drills->configured(); }, [this] { return drills->living(); },
                                           [this](const std::string& name, wall_ms due) { return drills->is_done(name, due); },
                                           [this](const drill_config& what, wall_ms due) { return drills->begin(what, due); },
                                           [this](const drill_config& what, wall_ms due) { drills->miss(what, due); },
                                           [this] { return hand->is_at_it(); }});
  schedule->start();
}

/// On the watch's thread.
void node::parts::tell_real_time(std::size_t threads_out) {
  const auto text = threads_out == 0 ? std::string{"all its threads run in real time again"}
                                     : fmt::format("{} of its threads left no processor to anybody else for two seconds, and run in real time no more until they "
                                                   "want less; renewals of leases may be late meanwhile. `troupe ps` shows which actors are busy", threads_out);
  spdlog::warn("{}: {}", how.config.name, text);
  disk->append(event(threads_out == 0 ? storage::severity::notice : storage::severity::alarm, "real-time", how.config.name, text));
}

status node::start() {
  auto& p = *parts_;
  const auto began = p.clocks.mono();
  const auto& config = p.how.config;
  if (auto opened = p.open_store(); !opened)
    return opened;
  p.note_previous_end();
  p.note_own_end("starting");
  p.all = std::make_unique<services>(services{p.live, *p.disk, p.names, p.clocks});
  p.wanted = std::make_unique<desired>(*p.disk, p.clocks, config.name);
  p.whose = std::make_unique<node_names>(*p.disk, p.clocks, config.name);
  p.placing = std::make_unique<placement_desk>(config, *p.all);
  p.makers = std::make_unique<workshop>(*p.all, config, p.people, *p.placing, p.how.open_bus);
  p.events = std::make_unique<streams>(p.live, *p.disk, p.names, p.people, p.clocks);
  if (cluster_part::is_wanted(config))
    p.events->name_nodes([of = p.whose.get()](std::uint64_t hash) { return of->of(hash); });
  p.report = std::make_unique<journal_report>(*p.disk, p.clocks);
  p.report->set_tap([to = p.events.get()](const std::string& actor, const std::string& message) {
    to->tapped(actor, message);
  });
  p.caf = std::make_unique<caf_config>(config);
  if (cluster_part::is_wanted(config)) {
    p.cluster = std::make_unique<cluster_part>(config, *p.all, *p.disk, *p.wanted, p.people);
    if (auto loaded = p.cluster->load(*p.caf); !loaded)
      return loaded;
    p.names.elsewhere([to = p.cluster.get()](const std::string& name, caf::message what) {
      return to->forward(name, std::move(what));
    });
    p.placing->look_with([of = p.cluster.get()] { return of->placement_view(); });
  }
  p.names.at_node(config.name, p.cluster ? [to = p.cluster.get()](const std::string& node, const std::string& name, caf::message what) {
    return to->send_to(node, name, std::move(what));
  } : directory::at_node_fn{});
  p.system = std::make_unique<caf::actor_system>(*p.caf);
  p.tree = supervision::start_root(*p.system, whole_tree(*p.all, *p.events, *p.wanted, *p.makers, *p.placing, p.running, config.run_first,
                                              p.cluster ? std::optional{p.cluster->membership_child()} : std::nullopt),
                                   *p.report, p.names, p.clocks, [&p](const std::string& why) {
                                     {
                                       std::lock_guard lock{p.ending};
                                       p.gave_up = why;
                                     }
                                     p.how.on_end(escalated);
                                   });
  // The store's thread runs now, so that writes can become durable.
  if (auto house = p.first_house(); !house)
    return house;
  const auto reconciler = await_actor(p.names, "reconciler");
  auto running = ask<reconciled>(*p.system, reconciler, "reconciler", 60s, reconcile_atom::value);
  if (!running)
    return running.why();
  for (const auto& [what, why] : running->failed)
    spdlog::error("does not run: {}: {}", what, why);
  p.hand = std::make_unique<drill_hand>(p.drill_powers());
  p.drills = std::make_unique<drill_desk>(*p.all, config.name);
  if (!threads_that_may_give_up().empty())
    p.watch = std::make_unique<thread_watch>([&p](std::size_t threads) { p.tell_real_time(threads); });
  p.control = std::make_unique<node_control>(api_parts{
    *p.system, config, *p.all, *p.wanted, *p.makers, *p.placing, p.people, *p.events, *p.report, *p.tree,
    *p.running, *p.whose, began, [&p] { p.how.on_end(stopped); },
    p.cluster ? [of = p.cluster.get()] { return of->elsewhere(); } : std::function<std::vector<document>()>{},
    p.cluster.get(), p.disk.get(), p.drills.get(), p.hand.get()});
  if (p.cluster)
    if (auto opened = p.cluster->open(*p.system, *p.control); !opened)
      return opened;
  p.open_drills();
  control::server_options listening;
  listening.path = config.socket;
  listening.group = config.socket_group;
  if (p.cluster) {
    listening.tls_listen = config.control_listen;
    listening.tls = [of = p.cluster.get()] { return of->context(); };
    listening.on_refused = [of = p.cluster.get()](const std::string& address, const std::string& claimed,
                                                  const std::string& why) {
      of->refused_at_control(address, claimed, why);
    };
  }
  auto server = p.cluster ? control::server::start(p.cluster->front(), listening, &p.cluster->others())
                          : control::server::start(*p.control, listening);
  if (!server)
    return server.why();
  p.server = std::move(*server);
  p.note_own_end("running");
  const auto things = p.wanted->documents().size() - running->failed.size();
  const auto ready_ms = static_cast<double>(p.clocks.mono() - began) / 1e6;
  p.disk->append(event(storage::severity::notice, "start", config.name,
                       fmt::format("ready after {:.0f} ms with {} things", ready_ms, things)));
  spdlog::info("{} is ready after {:.0f} ms with {} things; control at {}", config.name, ready_ms, things,
               config.socket);
  return {};
}

bool node::alive(std::chrono::milliseconds within) const {
  const auto& tree = parts_->tree;
  return tree && parts_->clocks.mono() - tree->swept_at() < std::chrono::nanoseconds{within}.count();
}

status node::stop() {
  auto& p = *parts_;
  p.watch.reset();
  if (p.events)
    p.events->end_all("the node stops");
  p.server.reset();
  if (p.schedule)
    p.schedule->stop();
  if (p.drills)
    p.drills->close(); // heals what it broke, while there are links
  if (p.hand)
    p.hand->stop();
  // Supervision may give up while an operator's stop is on its way.
  const auto gave_up = [&p] {
    std::lock_guard lock{p.ending};
    return p.gave_up;
  }();
  if (p.disk)
    p.note_own_end(gave_up.empty() ? "stopped" : "supervision gave up: " + gave_up);
  status ended;
  if (p.tree)
    ended = p.tree->stop(10s); // says goodbye to the peers first
  if (p.cluster)
    p.cluster->close();
  if (p.disk)
    if (auto closed = p.disk->close(); !closed && ended)
      ended = closed;
  if (ended) {
    p.control.reset();
    p.tree.reset();
    p.system.reset();
    p.cluster.reset(); // the transport tells it to the end
  }
  return ended;
}

} // namespace troupe::daemon
