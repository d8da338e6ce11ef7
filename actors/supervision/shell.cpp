#include "actors/supervision/shell.hpp"

#include "actors/supervision/fault.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <limits>
#include <stdexcept>
#include <thread>
#include <time.h>
#include <utility>

namespace troupe::supervision {

namespace {

using std::memory_order_relaxed;

/// Bound to nothing, so that an actor without a unit is still alive.
struct nothing {};

caf::behavior no_messages() {
  return {[](const nothing&) {}};
}

template <class T>
const T* only(const caf::type_erased_tuple& x) {
  if (x.size() != 1 || !x.matches(0, 0, &typeid(T)))
    return nullptr;
  return &x.get_as<T>(0);
}

/// CLOCK_MONOTONIC as of the last tick, 1 to 4 ms ago; a tenth of the price.
mono_ns kernel_tick() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
  return mono_ns{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

/// The longest drill: somebody must come back to a node that was left in one.
constexpr mono_ns longest_hang = 60'000'000'000;

} // namespace

shell::shell(caf::actor_config& cfg, house& h, std::shared_ptr<cell> c, child_key key,
             caf::actor supervisor)
  : caf::event_based_actor(cfg), house_(h), room_(h.bounds.running_mailbox),
    more_room_(h.bounds.waiting_mailbox), cell_(std::move(c)),
    supervisor_(std::move(supervisor)), key_(key) {
  house_.living.fetch_add(1);
}

shell::~shell() {
  depart(); // never run, so never ended
}

/// The house may go once all have departed; who still holds a handle to one
/// that has ended does not keep it.
void shell::depart() {
  if (!std::exchange(departed_, true))
    house_.living.fetch_sub(1);
}

caf::behavior shell::make_behavior() {
  set_default_handler([this](caf::scheduled_actor*, caf::message_view&) { return unmatched(); });
  // CAF's default ends the requester when an error finds no handler. A
  // request without one is a mistake of the unit and counts as its crash; an
  // error that somebody just sent is nobody's.
  set_error_handler([this](caf::error& x) {
    if (current_mailbox_element() && current_message_id().is_response())
      throw std::runtime_error("request failed and has no error handler: "
                               + system().render(x));
  });
  set_down_handler([](caf::down_msg&) {});
  return no_messages();
}

void shell::on_exit() {
  // Here and not in the destructor: on the actor's own thread.
  unit_.reset();
  supervisor_ = nullptr;
  if (cell_->fenced)
    house_.fenced.ended(id(), mono());
  depart();
}

mono_ns shell::mono() const {
  return clock().now().time_since_epoch().count();
}

void shell::tell(notice x) {
  x.child = key_;
  x.from = id();
  if (supervisor_)
    caf::anon_send<caf::message_priority::high>(supervisor_, std::move(x));
}

// --- messages ----------------------------------------------------------------

void shell::enqueue(caf::mailbox_element_ptr x, caf::execution_unit* host) {
  const auto room = room_ != 0 ? room_ : std::numeric_limits<std::uint32_t>::max();
  if (!cell_->queue.arrive(room)) {
    if (!passes(*x))
      return refuse(*x, host);
    cell_->queue.push();
  }
  caf::event_based_actor::enqueue(std::move(x), host);
}

/// Its mailbox is full. What may come in all the same?
bool shell::passes(const caf::mailbox_element& x) const {
  // Ended: the framework answers in its way, and nothing is kept.
  if (x.mid.is_urgent_message() || x.mid.is_response() || getf(is_terminated_flag))
    return true;
  const auto& what = x.content();
  if (only<order>(what) || what.match_elements<caf::exit_msg>()
      || what.match_elements<caf::down_msg>() || what.match_elements<caf::timeout_msg>())
    return true;
  const auto before = cell_->queue.length();
  // Those that wait for its restart have a bound of their own: there the
  // oldest goes.
  if (cell_->life.state.load(memory_order_relaxed) != run_state::running)
    return before < room_ + more_room_;
  return before < 2 * room_ && what.match_elements<caf::atom_value>();
}

void shell::refuse(caf::mailbox_element& x, caf::execution_unit* host) {
  cell_->dropped.fetch_add(1, memory_order_relaxed);
  cell_->overfull.store(true, memory_order_relaxed);
  if (x.mid.is_request() && x.sender)
    x.sender->enqueue(nullptr, x.mid.response_id(),
                      caf::make_message(to_caf(
                        errc::over_limit,
                        fmt::format("'{}' has {} messages before it; try again later",
                                    cell_->spec->id, cell_->queue.length()))),
                      host);
}

caf::invoke_message_result shell::consume(caf::mailbox_element& x) {
  const auto result = take(x);
  if (result != caf::invoke_message_result::skipped)
    cell_->queue.took();
  return result;
}

caf::invoke_message_result shell::take(caf::mailbox_element& x) {
  if (cell_->fenced.load(memory_order_relaxed))
    return leave(x);
  if (auto o = only<order>(x.content())) {
    follow(*o, x);
    return caf::invoke_message_result::consumed;
  }
  if (only<view_state>(x.content())) {
    current_mailbox_element(&x);
    auto state = unit_ ? unit_->state() : nlohmann::json::object();
    make_response_promise().deliver(
      state.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    return caf::invoke_message_result::consumed;
  }
  if (house_.fenced.stands() && x.sender && house_.fenced.keeps_out(x.sender->id())) {
    if (x.mid.is_request()) {
      current_mailbox_element(&x);
      make_response_promise().deliver(to_caf(errc::fenced, "the sender was replaced"));
    }
    return caf::invoke_message_result::consumed;
  }
  return mode_ == mode::running ? handle(x) : keep(x);
}

/// Another one answers to the name: the unit goes, the rest is refused. The
/// exit that ends this actor is on its way.
caf::invoke_message_result shell::leave(caf::mailbox_element& x) {
  if (unit_)
    end_incarnation();
  mode_ = mode::quarantined;
  return caf::event_based_actor::consume(x);
}

/// The hot path.
caf::invoke_message_result shell::handle(caf::mailbox_element& x) {
  auto& life = cell_->life;
  auto begun = mono();
  life.handling_since.store(begun, memory_order_relaxed);
  last_.note(x.content(), begun);
  if (life.tapped.load(memory_order_relaxed))
    house_.told.tapped(cell_->spec->id, render(x.content()));
  auto result = caf::invoke_message_result::consumed;
  guarded(x, [&] { result = caf::event_based_actor::consume(x); });
  auto count = life.handled.load(memory_order_relaxed);
  if (result == caf::invoke_message_result::consumed)
    life.handled.store(count + 1, memory_order_relaxed);
  // Reading the clock costs as much as handling a small message. So the end is
  // read for each that outlasts a tick of the kernel, and for one in 16 below.
  if (count % 16 == 0 || kernel_tick() > begun) {
    auto took = mono() - begun;
    if (took > life.longest_handling.load(memory_order_relaxed))
      life.longest_handling.store(took, memory_order_relaxed);
  }
  life.handling_since.store(0, memory_order_relaxed);
  return result;
}

/// Without a unit: keeps what is for the next one, within the bound.
caf::invoke_message_result shell::keep(caf::mailbox_element& x) {
  auto result = caf::event_based_actor::consume(x); // exits and the like; the rest is unmatched
  if (result != caf::invoke_message_result::skipped)
    return result;
  auto& kept = get_normal_queue().cache();
  while (kept.total_task_size() >= house_.bounds.waiting_mailbox) {
    std::size_t one = 1;
    auto oldest = kept.next(one);
    if (!oldest)
      break;
    cell_->queue.took();
    cell_->dropped.fetch_add(1, memory_order_relaxed);
    if (oldest->mid.is_request()) {
      current_mailbox_element(oldest.get());
      make_response_promise().deliver(
        to_caf(errc::over_limit, "'" + cell_->spec->id + "' waits for its restart and its "
                                 "mailbox is full; try again later"));
    }
  }
  current_mailbox_element(&x);
  return result;
}

/// What no handler took. An answer only where one was asked for: an error
/// sent to somebody who just sends would be a stray message there.
caf::result<caf::message> shell::unmatched() {
  const bool asked = current_message_id().is_request();
  switch (mode_) {
    case mode::idle:
    case mode::waiting: return caf::skip;
    case mode::quarantined:
      cell_->dropped.fetch_add(1, memory_order_relaxed);
      if (asked)
        return to_caf(errc::quarantined,
                      "'" + cell_->spec->id + "' is quarantined: " + cell_->trouble());
      break;
    case mode::running:
      if (asked)
        return caf::make_error(caf::sec::unexpected_message);
      break;
  }
  return caf::message{};
}

void shell::follow(const order& x, caf::mailbox_element& in) {
  current_mailbox_element(&in);
  auto& life = cell_->life;
  switch (x.what) {
    case order::kind::start: start(); break;
    case order::kind::stop:
      stop(mode::waiting);
      tell({.what = notice::kind::stopped});
      break;
    case order::kind::quarantine:
      stop(mode::quarantined);
      // What waited for the next incarnation is answered now.
      get_normal_queue().flush_cache();
      break;
    case order::kind::quit:
      stop(mode::waiting);
      quit();
      break;
    case order::kind::ping:
      life.mailbox_age.store(mono() - x.number, memory_order_relaxed);
      life.pinged_at.store(0, memory_order_relaxed);
      break;
    case order::kind::wake: wake(in); break;
    case order::kind::hang:
      life.handling_since.store(mono(), memory_order_relaxed);
      std::this_thread::sleep_for(
        std::chrono::nanoseconds{std::min(x.number, longest_hang)});
      life.handling_since.store(0, memory_order_relaxed);
      break;
  }
}

// --- incarnations ------------------------------------------------------------

/// Runs a handler of the unit; what leaves it ends the incarnation.
template <class F>
void shell::guarded(caf::mailbox_element& in, F&& f) {
  speaking as{cell_->fenced};
  try {
    f();
  } catch (const unit_done&) {
    end_incarnation();
    tell({.what = notice::kind::ended, .how = end::normal});
  } catch (const std::exception& e) {
    failed(in, e.what());
  } catch (...) {
    failed(in, "an exception that is no std::exception");
  }
}

/// Makes and starts a unit. @returns how that ended, if it did not go well.
std::optional<shell::ending> shell::begin() {
  auto& life = cell_->life;
  life.incarnation.fetch_add(1, memory_order_relaxed);
  life.started_at.store(mono(), memory_order_relaxed);
  speaking as{cell_->fenced};
  std::optional<ending> bad;
  try {
    unit_ = cell_->spec->make(context_);
    if (!unit_)
      throw std::runtime_error("its maker returned nothing");
    unit_->start();
    if (auto handler = unit_->messages())
      become(caf::behavior{std::move(handler)});
    mode_ = mode::running;
    life.state.store(run_state::running, memory_order_relaxed);
    get_normal_queue().flush_cache(); // what waited for this moment
    return std::nullopt;
  } catch (const unit_done&) {
    bad = ending{end::normal, {}};
  } catch (const std::exception& e) {
    bad = ending{end::start_failed, e.what()};
  } catch (...) {
    bad = ending{end::start_failed, "an exception that is no std::exception"};
  }
  end_incarnation();
  return bad;
}

/// Everything of an incarnation goes: its timers, and what it still expects
/// to hear, whose handlers point into it.
void shell::end_incarnation() {
  mode_ = mode::waiting;
  awaited_responses_.clear();
  multiplexed_responses_.clear();
  timers_.clear();
  become(no_messages());
  unit_.reset();
}

/// An ordered start.
void shell::start() {
  if (mode_ == mode::running)
    return;
  auto& life = cell_->life;
  life.state.store(run_state::starting, memory_order_relaxed);
  life.handling_since.store(mono(), memory_order_relaxed); // a start may hang, too
  auto bad = begin();
  life.handling_since.store(0, memory_order_relaxed);
  if (!bad)
    return tell({.what = notice::kind::started});
  life.state.store(run_state::waiting, memory_order_relaxed);
  if (bad->how != end::normal) {
    life.crashes.fetch_add(1, memory_order_relaxed);
    bury(*bad, "", nlohmann::json::object(), life.started_at.load(memory_order_relaxed));
  }
  tell({.what = notice::kind::ended, .how = bad->how, .text = bad->why});
}

/// A handler threw. The order is the point: destroy (it may hold a line that
/// the next one needs), start anew if that was granted, and only then spend
/// time on the post-mortem.
void shell::failed(caf::mailbox_element& in, const std::string& what) {
  auto died = mono();
  auto& life = cell_->life;
  auto state = unit_->state();
  auto born = life.started_at.load(memory_order_relaxed);
  auto number = life.incarnation.load(memory_order_relaxed);
  end_incarnation();
  life.crashes.fetch_add(1, memory_order_relaxed);
  notice x{.what = notice::kind::ended, .how = end::crashed, .text = what};
  auto grants = cell_->permits.load(memory_order_relaxed);
  if (grants > 0 && !cell_->fenced.load(memory_order_relaxed)) {
    cell_->permits.store(grants - 1, memory_order_relaxed);
    auto bad = begin();
    x.back_up = !bad;
    x.number = mono() - died;
    if (bad) {
      life.crashes.fetch_add(1, memory_order_relaxed);
      x.how = bad->how;
      x.text = what + "; then its restart failed: " + bad->why;
    }
  }
  if (!x.back_up)
    life.state.store(run_state::waiting, memory_order_relaxed);
  if (in.mid.is_request()) {
    current_mailbox_element(&in);
    make_response_promise().deliver(caf::make_error(caf::sec::runtime_error, what));
  }
  ending of{x.how, x.text, number};
  tell(std::move(x));
  bury(of, doing_ ? fmt::format("timer {}", *doing_) : render(in.content()), std::move(state), born);
}

void shell::bury(const ending& of, std::string message, nlohmann::json state, mono_ns born) {
  auto x = std::make_shared<post_mortem>();
  x->actor = cell_->spec->id;
  x->incarnation = of.incarnation ? of.incarnation : context_.incarnation();
  x->at = house_.clocks.wall();
  x->how = to_string(of.how);
  x->error = of.why;
  x->message = std::move(message);
  x->state = std::move(state);
  x->last_messages = last_.list(mono());
  x->lived_ms = static_cast<double>(mono() - born) / 1e6;
  house_.dead.add(x);
  house_.told.crashed(*x);
}

/// Ends the unit in order, as far as it lets itself.
void shell::stop(mode next) {
  auto& life = cell_->life;
  if (unit_) {
    life.state.store(run_state::stopping, memory_order_relaxed);
    life.handling_since.store(mono(), memory_order_relaxed);
    speaking as{cell_->fenced};
    try {
      unit_->stop();
    } catch (const std::exception& e) {
      bury({end::crashed, std::string{"while it stopped: "} + e.what()}, "",
           unit_->state(), life.started_at.load(memory_order_relaxed));
    } catch (...) {
      bury({end::crashed, "while it stopped: an exception that is no std::exception"}, "",
           unit_->state(), life.started_at.load(memory_order_relaxed));
    }
    end_incarnation();
    life.handling_since.store(0, memory_order_relaxed);
  }
  mode_ = next;
  life.state.store(next == mode::quarantined ? run_state::quarantined : run_state::stopped,
                   memory_order_relaxed);
}

// --- timers ------------------------------------------------------------------

void shell::wake(caf::mailbox_element& in) {
  auto& life = cell_->life;
  auto now = mono();
  while (auto timer = timers_.due(now)) {
    life.handling_since.store(now, memory_order_relaxed);
    doing_ = *timer;
    guarded(in, [&] { unit_->on_timer(*timer); });
    doing_.reset();
    life.handling_since.store(0, memory_order_relaxed);
  }
  if (auto at = timers_.next())
    wake_at(*at);
}

void shell::wake_at(mono_ns at) {
  // Ahead of the queue: a lease ends also while messages pour in (I5).
  clock().schedule_message(
    caf::actor_clock::time_point{std::chrono::nanoseconds{at}},
    caf::actor_cast<caf::strong_actor_ptr>(this),
    caf::make_mailbox_element(nullptr, caf::make_message_id(caf::message_priority::high), {},
                              order{.what = order::kind::wake}));
}

void shell::context::arm(int timer, std::chrono::nanoseconds delay) {
  if (auto at = of_.timers_.arm(timer, now() + std::max<mono_ns>(delay.count(), 0)))
    of_.wake_at(*at);
}

const std::string& shell::context::name() const {
  return of_.cell_->spec->id;
}

std::uint32_t shell::context::incarnation() const {
  return of_.cell_->life.incarnation.load(memory_order_relaxed);
}

bool shell::context::fenced() const {
  return of_.cell_->fenced.load();
}

} // namespace troupe::supervision
