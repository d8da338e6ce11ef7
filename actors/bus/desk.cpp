#include "actors/bus/desk.hpp"

#include "actors/bus/caretaker.hpp"
#include "actors/bus/session.hpp"

namespace troupe {

bus_desk::bus_desk(std::string name, const clock_source& clocks)
  : name_(std::move(name)), clocks_(clocks) {}

bus_desk::~bus_desk() = default;

std::shared_ptr<input_port> bus_desk::attach_input(const std::string& name,
                                                   const input_wish& wish, waker who) {
  std::shared_ptr<input_port> port;
  bool changed = false;
  {
    std::lock_guard lock{mutex_};
    const auto& was = lines_[name].what;
    const bool known = was && was->port;
    port = known ? was->port : std::make_shared<input_port>(wish.ring_edges, clocks_);
    changed = !known || was->line != wish.line || was->kind != wish.kind
              || was->poll_every != wish.poll_every;
    if (changed)
      put(name, {name, 0, port, nullptr, wish.line, wish.kind, wish.poll_every});
  }
  port->set_waker(std::move(who));
  if (changed)
    nudge();
  return port;
}

std::shared_ptr<output_cell> bus_desk::attach_output(const std::string& name,
                                                     const output_wish& wish, waker who) {
  std::shared_ptr<output_cell> cell;
  bool changed = false;
  {
    std::lock_guard lock{mutex_};
    const auto& was = lines_[name].what;
    const bool known = was && was->cell;
    cell = known ? was->cell
                 : std::make_shared<output_cell>(wish.safe, wish.initial, wish.keep_at_stop);
    changed = !known || was->line != wish.line || was->kind != wish.kind;
    if (changed)
      put(name, {name, 0, nullptr, cell, wish.line, wish.kind, milliseconds{0}});
  }
  cell->configure(wish.safe, wish.initial, wish.keep_at_stop);
  cell->set_waker(std::move(who));
  if (changed)
    nudge();
  return cell;
}

void bus_desk::put(const std::string& name, attachment x) {
  x.revision = ++revision_;
  lines_[name].what = std::make_shared<const attachment>(std::move(x));
  note_change(name);
}

void bus_desk::detach(const std::string& name) {
  {
    std::lock_guard lock{mutex_};
    keepsakes_.erase(name);
    const auto found = lines_.find(name);
    if (found == lines_.end())
      return;
    if (found->second.what->port)
      found->second.what->port->set_waker({});
    if (found->second.what->cell)
      found->second.what->cell->set_waker({});
    lines_.erase(found);
    note_change(name);
  }
  nudge();
}

void bus_desk::leave(const std::string& name) {
  std::lock_guard lock{mutex_};
  const auto found = lines_.find(name);
  if (found == lines_.end())
    return;
  if (found->second.what->port)
    found->second.what->port->set_waker({});
  if (found->second.what->cell)
    found->second.what->cell->set_waker({});
}

void bus_desk::force_safe(const std::string& name) {
  std::shared_ptr<output_cell> cell;
  {
    std::lock_guard lock{mutex_};
    const auto found = lines_.find(name);
    if (found == lines_.end() || !found->second.what->cell)
      return;
    cell = found->second.what->cell;
  }
  if (cell->want(cell->safe(), no_deadline))
    nudge(name);
}

void bus_desk::nudge() { nudge({}); }

void bus_desk::nudge(const std::string& name) {
  waker call;
  {
    std::lock_guard lock{mutex_};
    const auto found = lines_.find(name);
    if (found != lines_.end() && !found->second.nudged) {
      found->second.nudged = true;
      nudged_.push_back(name);
    }
    if (!woken_) {
      woken_ = true;
      call = bus_;
    }
  }
  wake(call);
}

std::uint64_t bus_desk::take_over(waker who) {
  std::lock_guard lock{mutex_};
  bus_ = std::move(who);
  // The first look of the new bus actor sees everything that waits.
  woken_ = true;
  const auto epoch = epoch_.fetch_add(1, std::memory_order_acq_rel) + 1;
  if (caretaker_)
    caretaker_->relieve();
  return epoch;
}

std::vector<bus_desk::shared_attachment> bus_desk::attachments() const {
  std::vector<shared_attachment> all;
  std::lock_guard lock{mutex_};
  all.reserve(lines_.size());
  for (const auto& [name, x] : lines_)
    all.push_back(x.what);
  return all;
}

std::size_t bus_desk::size() const {
  std::lock_guard lock{mutex_};
  return lines_.size();
}

void bus_desk::note_change(const std::string& name) {
  if (all_changed_)
    return;
  changed_.insert(name);
  // A bus that hangs takes nothing: names that come and go must not pile up.
  if (changed_.size() > lines_.size() + most_gone) {
    all_changed_ = true;
    changed_.clear();
  }
}

std::optional<bus_desk::changes> bus_desk::take_changes(std::uint64_t epoch, bool all) {
  changes news;
  std::lock_guard lock{mutex_};
  if (!is_current(epoch))
    return std::nullopt;
  news.all = std::exchange(all_changed_, false) || all;
  const auto names = std::exchange(changed_, {});
  if (news.all) {
    news.lines.reserve(lines_.size());
    for (const auto& [name, x] : lines_)
      news.lines.push_back({name, x.what});
    return news;
  }
  news.lines.reserve(names.size());
  for (const auto& name : names) {
    const auto found = lines_.find(name);
    news.lines.push_back({name, found == lines_.end() ? nullptr : found->second.what});
  }
  return news;
}

std::vector<std::string> bus_desk::take_nudges() {
  std::lock_guard lock{mutex_};
  woken_ = false;
  for (const auto& name : nudged_) {
    const auto found = lines_.find(name);
    if (found != lines_.end())
      found->second.nudged = false;
  }
  return std::exchange(nudged_, {});
}

void bus_desk::disturbed() {
  for (const auto& x : attachments()) {
    if (!x->cell)
      continue;
    x->cell->disturbed();
    nudge(x->name);
  }
}

void bus_desk::trouble(const error& why) {
  const auto now = clocks_.mono();
  for (const auto& x : attachments()) {
    if (x->port)
      x->port->closed(why, now);
    else
      x->cell->closed(why);
  }
}

void bus_desk::park(std::shared_ptr<bus_session> session) {
  // Swapped under the lock, destroyed outside: closing lines calls the driver.
  std::lock_guard lock{mutex_};
  session_.swap(session);
}

std::shared_ptr<bus_session> bus_desk::adopt() {
  auto candidate = session();
  if (!candidate || candidate->idle())
    return candidate;
  park({});
  // From here on nobody vouches for its lines: the gap begins now, even if the
  // call returns before they are opened anew.
  trouble({errc::bus_timeout, "a driver call of bus '" + name_ + "' hangs"});
  return {};
}

std::shared_ptr<bus_session> bus_desk::session() const {
  std::lock_guard lock{mutex_};
  return session_;
}

void bus_desk::unattended(std::uint64_t epoch) {
  std::lock_guard lock{mutex_};
  if (epoch_.load(std::memory_order_acquire) != epoch || !session_)
    return;
  if (!caretaker_)
    caretaker_ = std::make_unique<caretaker>();
  caretaker_->watch(session_);
}

} // namespace troupe
