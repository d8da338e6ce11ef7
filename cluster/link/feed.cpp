#include "cluster/link/feed.hpp"

#include <algorithm>

namespace troupe::cluster {

namespace {

std::size_t wire_bytes(const far_row& x) {
  auto bytes = x.name.size() + x.unit.size() + x.now.val.words.size() + 96;
  for (const auto& step : x.story)
    bytes += step.kind.size() + step.name.size() + step.text.size() + 24;
  return bytes + 27 * x.edges.size();
}

} // namespace

feed::feed(const storage::live_table& live, const clock_source& clocks, send_fn send,
           incarnation_fn incarnation_of)
  : live_(live), clocks_(clocks), send_(std::move(send)), incarnation_of_(std::move(incarnation_of)) {}

void feed::begin() {
  std::lock_guard lock{mutex_};
  due_.clear();
  queued_.clear();
  lazy_.clear();
  told_.clear();
  for (const auto& row : live_.list())
    if (row.node.empty())
      queue(row.name);
  picture_left_ = due_.size();
  picture_begun_ = false;
  begun_ = true;
  urgent_ = true;
  flush(false);
}

void feed::queue(const std::string& name) {
  if (queued_.insert(name).second)
    due_.push_back(name);
}

void feed::changed(const std::string& name) {
  std::lock_guard lock{mutex_};
  if (!begun_)
    return; // the picture will have it
  lazy_.erase(name);
  queue(name);
  urgent_ = true;
  flush(false);
}

void feed::refreshed(const std::string& name) {
  std::lock_guard lock{mutex_};
  if (begun_ && !queued_.contains(name))
    lazy_.insert(name);
}

void feed::breathe() {
  std::lock_guard lock{mutex_};
  const auto now = clocks_.mono();
  std::erase_if(told_, [&](const auto& x) { return now - x.second.at > storage::edge_tail::most_age; });
  flush(true);
}

void feed::taken(std::uint64_t seq) {
  std::lock_guard lock{mutex_};
  window_.taken(seq);
  flush(false);
}

std::size_t feed::waiting() const {
  std::lock_guard lock{mutex_};
  return due_.size() + lazy_.size();
}

void feed::flush(bool also_lazy) {
  if (also_lazy && !lazy_.empty()) {
    for (const auto& name : lazy_)
      queue(name);
    lazy_.clear();
    urgent_ = true;
  }
  while (begun_ && urgent_ && window_.is_open()) {
    auto batch = next();
    if (due_.empty())
      urgent_ = false;
    batch.seq = window_.send();
    send_(std::move(batch));
  }
}

/// What the row says is later than any of them: an edge that came meanwhile goes
/// with the next row.
std::vector<far_edge> feed::edges_of(const storage::live_table::row& row, mono_ns now) {
  std::vector<far_edge> out;
  if (row.run == 0 || row.now.val.kind != value_kind::digital)
    return out;
  const auto before = told_.find(row.name);
  for (const auto& x : live_.edges_since(row.name, before == told_.end() ? storage::edge_position{} : before->second.upto))
    if (x.changes <= row.now.changes && now - x.at <= storage::edge_tail::most_age)
      out.push_back({x.changes, std::max<mono_ns>(0, now - x.at), x.wall, x.on, x.grade, x.why});
  if (!out.empty())
    told_[row.name] = {{row.run, out.back().changes}, now};
  return out;
}

reading_batch feed::next() {
  reading_batch out;
  const auto now = clocks_.mono();
  const bool picture = !picture_begun_ || picture_left_ > 0;
  const bool first = !picture_begun_;
  picture_begun_ = true;
  std::size_t bytes = 0;
  while (!due_.empty() && out.rows.size() + out.gone.size() < batch_rows && bytes < batch_bytes) {
    auto name = std::move(due_.front());
    due_.pop_front();
    queued_.erase(name);
    auto row = live_.find(name);
    if (!row || !row->node.empty()) {
      bytes += name.size();
      out.gone.push_back(std::move(name));
    } else {
      far_row x;
      x.run = row->run;
      x.edges = edges_of(*row, now);
      x.name = std::move(name);
      x.unit = std::move(row->unit);
      if (incarnation_of_)
        x.incarnation = incarnation_of_(x.name);
      x.now = std::move(row->now);
      x.age_ns = x.now.measured_at == 0 ? -1 : std::max<mono_ns>(0, now - x.now.measured_at);
      if (row->why)
        x.story = *row->why;
      bytes += wire_bytes(x);
      out.rows.push_back(std::move(x));
    }
    if (picture_left_ > 0 && --picture_left_ == 0)
      break; // news does not travel in a picture
  }
  using place = reading_batch::place;
  if (picture) {
    const bool done = picture_left_ == 0;
    out.is = first ? (done ? place::only : place::first) : (done ? place::last : place::middle);
  }
  return out;
}

} // namespace troupe::cluster
