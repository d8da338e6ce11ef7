#include "actors/bus/session.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace troupe {

namespace {

constexpr mono_ns ms = 1'000'000;
constexpr mono_ns longest_pause = 60'000 * ms;
constexpr mono_ns check_every = 5'000 * ms;

bool has_edges(const bus_desk::attachment& x) {
  return x.kind == value_kind::digital && x.line.edges != edge_kind::none;
}

} // namespace

/// One attached line and what the driver gave for it. Between the driver and
/// the port it listens for the loss of the line, which is the bus's business.
struct bus_session::line final : drivers::edge_sink {
  struct seat final : agenda::seat {
    seat(line& x, std::uint64_t number) : agenda::seat{agenda::never, number}, of(x) {}
    line& of;
  };

  line(bus_desk::shared_attachment a, std::weak_ptr<bus_desk> d, std::atomic<bool>& any,
       std::uint64_t number)
    : what(std::move(a)), desk(std::move(d)), any_lost(any), due(*this, number),
      guard(*this, number) {}

  static line& of(agenda::seat* x) { return static_cast<seat*>(x)->of; }

  void on_edge(const drivers::edge& x) noexcept override { what->port->on_edge(x); }
  void on_gap(const drivers::gap& x) noexcept override { what->port->on_gap(x); }
  void on_lost(const error& why) noexcept override {
    what->port->on_lost(why);
    lost.store(true, std::memory_order_release);
    any_lost.store(true, std::memory_order_release);
    if (const auto whom = desk.lock())
      whom->nudge();
  }

  bus_desk::shared_attachment what;
  std::weak_ptr<bus_desk> desk;
  std::atomic<bool> lost{false};
  std::atomic<bool>& any_lost;
  bool open = false;
  bool can_read_back = true;
  bool read_back_due = false;
  mono_ns retry_at = no_deadline; ///< opening, or writing what failed
  mono_ns pause = 0;
  mono_ns poll_at = no_deadline;
  seat due;
  seat guard;
  // Last, so that they go first: no sink call follows their end.
  std::unique_ptr<drivers::digital_input> digital_in;
  std::unique_ptr<drivers::digital_output> digital_out;
  std::unique_ptr<drivers::analog_input> analog_in;
  std::unique_ptr<drivers::analog_output> analog_out;
};

bus_session::bus_session(bus_config config, std::unique_ptr<drivers::bus> driver)
  : config_(std::move(config)), driver_(std::move(driver)) {}

bus_session::~bus_session() = default;

template <class F>
auto bus_session::call(F f) {
  if (!desk_->is_current(epoch_))
    throw fenced_out{};
  suspect_ = true;
  auto answer = f();
  suspect_ = false;
  if (!desk_->is_current(epoch_)) {
    // The call hung and came back. What it wrote may stand after what our
    // successor wrote, so let that one write again.
    desk_->disturbed();
    throw fenced_out{};
  }
  return answer;
}

result<mono_ns> bus_session::work(bus_desk& desk, std::uint64_t epoch) {
  std::lock_guard lock{use_};
  if (!desk.is_current(epoch))
    throw fenced_out{};
  desk_ = &desk;
  home_ = desk.weak_from_this();
  if (std::exchange(epoch_, epoch) != epoch)
    look_at_all();
  const auto& clocks = desk.clocks();
  serve_outputs(clocks.mono());
  sync(desk, clocks.mono());
  serve_lost();
  serve_lines();
  if (lost_.code == errc::none && clocks.mono() >= next_check_) {
    next_check_ = clocks.mono() + check_every;
    if (const auto fine = call([&] { return driver_->check(); }); !fine)
      lost_ = fine.why();
  }
  if (lost_.code != errc::none)
    return lost_;
  return std::max(std::min({guards_.next(), next_check_, due_.next()}), clocks.mono());
}

/// A predecessor may have ended in the middle of a round, with what was due
/// taken and not done.
void bus_session::look_at_all() {
  any_lost_.store(true, std::memory_order_release);
  for (auto& [name, x] : lines_) {
    schedule(*x);
    if (x->what->cell)
      guards_.set(x->guard, 0);
  }
}

mono_ns bus_session::guard() {
  const auto keep = home_.lock();
  if (!keep)
    return no_deadline;
  std::lock_guard lock{use_};
  desk_ = keep.get();
  try {
    for (auto& [name, x] : lines_)
      if (x->what->cell)
        guards_.set(x->guard, 0);
    serve_outputs(keep->clocks().mono());
  } catch (const fenced_out&) {
    return no_deadline;
  } catch (...) {
    // The driver threw: nothing can be promised of it any more, and the next
    // bus actor opens it anew.
    return no_deadline;
  }
  return guards_.next();
}

void bus_session::close_down(bus_desk& desk) {
  std::lock_guard lock{use_};
  desk_ = &desk;
  for (auto& [name, x] : lines_)
    close(*x, !x->what->cell || !x->what->cell->keep_at_stop());
  due_ = {};
  guards_ = {};
  refused_.clear();
  lines_.clear();
  synced_ = false;
}

bool bus_session::idle() {
  if (!use_.try_lock_for(milliseconds{50}))
    return false;
  use_.unlock();
  return true;
}

std::vector<drivers::line_info> bus_session::lines() {
  std::lock_guard lock{use_};
  return driver_->lines();
}

std::string bus_session::describe() {
  std::lock_guard lock{use_};
  return driver_->describe();
}

void bus_session::sync(bus_desk& desk, mono_ns now) {
  const auto news = desk.take_changes(epoch_, !synced_);
  if (!news)
    throw fenced_out{};
  if (news->lines.empty() && !news->all)
    return;
  // Whatever ends this early, the next round looks at everything.
  synced_ = false;
  bool freed = false;
  const auto stays = [](const line& x, const bus_desk::shared_attachment& w) {
    return w && w->revision == x.what->revision;
  };
  // All closed first: what one gives up another may want.
  if (news->all) {
    std::set<std::string_view> wanted;
    for (const auto& w : news->lines)
      wanted.insert(w.name);
    for (auto i = lines_.begin(); i != lines_.end();) {
      const auto here = i++;
      if (wanted.contains(here->first))
        continue;
      drop(*here->second, now);
      lines_.erase(here);
      freed = true;
    }
  }
  for (const auto& w : news->lines) {
    const auto known = lines_.find(w.name);
    if (known == lines_.end() || stays(*known->second, w.wanted))
      continue;
    drop(*known->second, now);
    lines_.erase(known);
    freed = true;
  }
  // A line that was refused as taken may be free now.
  if (freed)
    for (auto* x : refused_) {
      x->retry_at = now;
      schedule(*x);
    }
  for (const auto& w : news->lines) {
    if (!w.wanted)
      continue;
    auto& slot = lines_[w.name];
    if (slot)
      continue;
    slot = std::make_unique<line>(w.wanted, desk.weak_from_this(), any_lost_, ++opened_);
    open(*slot, now);
    schedule(*slot);
    // A guard may end while many lines are opened.
    serve_outputs(desk.clocks().mono());
    if (lost_.code != errc::none)
      return;
  }
  synced_ = true;
}

/// Before a line is forgotten.
void bus_session::drop(line& x, mono_ns now) {
  close(x, true);
  due_.set(x.due, no_deadline);
  guards_.set(x.guard, no_deadline);
  refused_.erase(&x);
  if (x.what->port)
    x.what->port->closed({errc::closed, "the line is set up anew"}, now);
}

void bus_session::schedule(line& x) {
  due_.set(x.due, std::min({x.poll_at, x.retry_at, x.read_back_due ? mono_ns{0} : no_deadline}));
}

void bus_session::open(line& x, mono_ns now) {
  x.retry_at = no_deadline;
  refused_.erase(&x);
  x.lost.store(false, std::memory_order_release);
  if (x.what->port)
    open_input(x, now);
  else
    open_output(x, now);
}

void bus_session::open_input(line& x, mono_ns now) {
  auto& port = *x.what->port;
  std::optional<bool> level;
  std::uint64_t seen = 0;
  if (x.what->kind == value_kind::digital) {
    auto got = call([&] { return driver_->open_digital_input(x.what->line, x); });
    if (!got)
      return fail(x, got.why(), now);
    x.digital_in = std::move(*got);
    seen = port.look().edges();
    const auto shows = call([&] { return x.digital_in->level(); });
    if (shows)
      level = *shows;
  } else {
    auto got = call([&] { return driver_->open_analog_input(x.what->line); });
    if (!got)
      return fail(x, got.why(), now);
    x.analog_in = std::move(*got);
  }
  x.open = true;
  x.pause = 0;
  port.opened(level, seen, x.what->line.max_rate_hz, desk_->clocks().mono());
  if (x.what->poll_every.count() > 0 && !has_edges(*x.what))
    x.poll_at = now;
}

void bus_session::open_output(line& x, mono_ns now) {
  auto& cell = *x.what->cell;
  auto target = cell.target(now);
  if (x.what->kind == value_kind::digital) {
    const auto initial = target ? std::optional{target->is_on()} : std::nullopt;
    auto got = call([&] { return driver_->open_digital_output(x.what->line, initial); });
    if (!got)
      return fail(x, got.why(), now);
    x.digital_out = std::move(*got);
    if (!target)
      if (const auto shows = call([&] { return x.digital_out->level(); }); shows)
        target = value::digital(*shows);
  } else {
    const auto initial = target ? std::optional{target->number()} : std::nullopt;
    auto got = call([&] { return driver_->open_analog_output(x.what->line, initial); });
    if (!got)
      return fail(x, got.why(), now);
    x.analog_out = std::move(*got);
    if (!target)
      if (const auto shows = call([&] { return x.analog_out->level(); }); shows)
        target = value::analog(*shows);
  }
  x.open = true;
  x.pause = 0;
  cell.opened(target);
  guards_.set(x.guard, cell.guard_at(now));
}

void bus_session::fail(line& x, const error& why, mono_ns now) {
  if (why.code == errc::device_lost)
    lost_ = why;
  if (x.what->port)
    x.what->port->closed(why, now);
  else
    x.what->cell->closed(why);
  x.pause = std::min(x.pause == 0 ? to_ns(config_.reopen_every) : x.pause * 2, longest_pause);
  x.retry_at = now + x.pause;
  refused_.insert(&x);
}

void bus_session::close(line& x, bool to_safe) {
  if (x.open && x.what->cell && to_safe) {
    const auto safe = x.what->cell->safe();
    // The answer changes nothing any more: the line is released either way.
    if (x.digital_out)
      (void)x.digital_out->set(safe.is_on());
    else if (x.analog_out)
      (void)x.analog_out->set(safe.number());
  }
  x.open = false;
  x.poll_at = no_deadline;
  x.digital_in.reset();
  x.digital_out.reset();
  x.analog_in.reset();
  x.analog_out.reset();
}

void bus_session::serve_outputs(mono_ns now) {
  if (!desk_->is_current(epoch_))
    throw fenced_out{}; // the nudges are for the successor
  const auto look = [&](line& x) {
    write(x, now);
    guards_.set(x.guard, x.what->cell->guard_at(now));
  };
  for (const auto& name : desk_->take_nudges()) {
    const auto found = lines_.find(name);
    if (found != lines_.end() && found->second->what->cell)
      look(*found->second);
  }
  for (auto* x : guards_.due(now))
    look(line::of(x));
}

void bus_session::write(line& x, mono_ns now) {
  if (!x.open)
    return;
  auto& cell = *x.what->cell;
  const auto seen = cell.now();
  const auto target = cell.target(now);
  if (!target || seen.written == target)
    return;
  const auto how = x.digital_out
                     ? call([&] { return x.digital_out->set(target->is_on()); })
                     : call([&] { return x.analog_out->set(target->number()); });
  cell.wrote(*target, how, seen.wanted && *seen.wanted != *target);
  if (how) {
    x.pause = 0;
    x.retry_at = no_deadline;
    // An open drain shows what others on the wire do, not what we told it.
    x.read_back_due = x.can_read_back && x.digital_out
                      && x.what->line.drive == drive_kind::push_pull;
    schedule(x); // after all outputs have been served
    return;
  }
  if (how.why().code == errc::device_lost)
    lost_ = how.why();
  x.pause = std::min(x.pause == 0 ? 100 * ms : x.pause * 2, longest_pause);
  x.retry_at = now + x.pause;
  schedule(x);
}

void bus_session::read_back(line& x) {
  x.read_back_due = false;
  if (!x.open)
    return;
  const auto shows = call([&] { return x.digital_out->level(); });
  if (shows)
    x.what->cell->read_back(value::digital(*shows));
  else if (shows.why().code == errc::unsupported)
    x.can_read_back = false;
}

void bus_session::poll(line& x, mono_ns now) {
  // Aligned to the period: all inputs of one period share one wake-up.
  const auto period = to_ns(x.what->poll_every);
  x.poll_at = (now / period + 1) * period;
  auto got = result<double>{0.0};
  if (x.analog_in)
    got = call([&] { return x.analog_in->read(); });
  else if (const auto level = call([&] { return x.digital_in->level(); }); level)
    got = *level ? 1.0 : 0.0;
  else
    got = level.why();
  if (!got && got.why().code == errc::device_lost)
    lost_ = got.why();
  x.what->port->sampled(got, desk_->clocks().mono());
}

void bus_session::serve_lost() {
  if (!any_lost_.exchange(false, std::memory_order_acq_rel))
    return;
  for (auto& [name, x] : lines_) {
    if (!x->lost.exchange(false, std::memory_order_acq_rel))
      continue;
    const auto why = x->what->port->look().trouble;
    close(*x, false);
    // Is it the line or the whole chip? The driver knows.
    next_check_ = 0;
    fail(*x, why.code == errc::none ? error{errc::device_lost, name} : why,
         desk_->clocks().mono());
    schedule(*x);
  }
}

void bus_session::serve_lines() {
  for (auto* x : due_.due(desk_->clocks().mono()))
    serve(line::of(x));
}

void bus_session::serve(line& x) {
  const auto now = desk_->clocks().mono();
  if (x.open && x.poll_at <= now) {
    poll(x, now);
    // A slow poll must not keep an output from its safe state.
    serve_outputs(desk_->clocks().mono());
  }
  if (x.read_back_due)
    read_back(x);
  if (x.retry_at <= now)
    retry(x, now);
  schedule(x);
}

void bus_session::retry(line& x, mono_ns now) {
  if (lost_.code != errc::none)
    return;
  x.retry_at = no_deadline;
  if (x.open)
    write(x, now);
  else
    open(x, now);
}

} // namespace troupe
