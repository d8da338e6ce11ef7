#include "apps/daemon/desired.hpp"

#include "config/load/split.hpp"
#include "config/load/typed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>

namespace troupe::daemon {

namespace {

using storage::slot_kind;

const std::string all_documents = "desired/";
const std::string all_revisions = "revision/";

/// @param number_at where its number begins. @returns null if it is the head of none
json read_head(const storage::entry& e, std::size_t number_at) {
  const auto number = e.key.substr(number_at);
  if (number.empty() || number.size() > 18 || number.find_first_not_of("0123456789") != number.npos)
    return nullptr;
  auto head = json::parse(e.payload, nullptr, false);
  if (!head.is_object())
    return nullptr;
  head["revision"] = std::stoull(number);
  return head;
}

/// `key` is "<section>/<name>", and a name may have slashes of its own.
document from_key(const std::string& key, json body) {
  const auto slash = key.find('/');
  document x;
  x.section = key.substr(0, slash);
  x.name = key.substr(slash + 1);
  x.body = std::move(body);
  return x;
}

/// Collects the acknowledgements of several writes and waits for all.
class durable_writes {
public:
  storage::on_durable one() {
    std::lock_guard lock{shared_->mutex};
    ++shared_->open;
    return [shared = shared_](const status& s) {
      std::lock_guard inner{shared->mutex};
      --shared->open;
      if (!s && shared->first_failure.code == errc::none)
        shared->first_failure = s.why();
      shared->changed.notify_all();
    };
  }

  /// A write that was refused at once gets no acknowledgement.
  void refused(const error& why) {
    std::lock_guard lock{shared_->mutex};
    --shared_->open;
    if (shared_->first_failure.code == errc::none)
      shared_->first_failure = why;
  }

  status wait() {
    std::unique_lock lock{shared_->mutex};
    if (!shared_->changed.wait_for(lock, std::chrono::seconds{10}, [&] { return shared_->open == 0; }))
      return error{errc::timed_out, "the disk has not confirmed the change within 10 s; it works in this "
                                    "run, but may be lost at a power cut. See `troupe status`"};
    if (shared_->first_failure.code != errc::none)
      return shared_->first_failure;
    return {};
  }

private:
  struct state {
    std::mutex mutex;
    std::condition_variable changed;
    int open = 0;
    error first_failure;
  };
  std::shared_ptr<state> shared_ = std::make_shared<state>();
};

std::vector<document> read(const std::vector<storage::entry>& entries, std::size_t prefix) {
  std::vector<document> all;
  for (const auto& e : entries) {
    auto body = json::parse(e.payload, nullptr, false);
    if (!body.is_discarded())
      all.push_back(from_key(e.key.substr(prefix), std::move(body)));
  }
  return all;
}

} // namespace

desired::desired(storage::store& disk, const clock_source& clocks, const std::string& node)
  : disk_(disk), clocks_(clocks), node_(node), documents_prefix_(all_documents + node + "/"),
    revisions_prefix_(all_revisions + node + "/") {}

std::string desired::node_of(const std::string& key) {
  if (!key.starts_with(all_documents))
    return {};
  return key.substr(all_documents.size(), key.find('/', all_documents.size()) - all_documents.size());
}

std::map<std::string, std::vector<document>> desired::of_all(const storage::store& disk) {
  std::map<std::string, std::vector<storage::entry>> entries;
  for (auto& e : disk.list(slot_kind::map, all_documents))
    entries[node_of(e.key)].push_back(std::move(e));
  std::map<std::string, std::vector<document>> out;
  for (const auto& [node, of_node] : entries)
    out[node] = read(of_node, all_documents.size() + node.size() + 1);
  return out;
}

bool desired::has_elsewhere(const std::string& section, const std::string& name) const {
  const auto end = "/" + section + "/" + name;
  for (const auto& e : disk_.list(slot_kind::map, all_documents))
    if (const auto node = node_of(e.key); node != node_ && e.key.size() == all_documents.size() + node.size() + end.size() && e.key.ends_with(end))
      return true;
  return false;
}

std::string desired::key_of(const document& x) const { return documents_prefix_ + x.section + "/" + x.name; }

std::string desired::key_at(const std::string& node, const document& x) { return all_documents + node + "/" + x.section + "/" + x.name; }

std::string desired::head_key(std::uint64_t revision) const { return fmt::format("{}{:010}", revisions_prefix_, revision); }

std::map<std::string, document> desired::index(const std::vector<document>& all) const {
  std::map<std::string, document> out;
  for (const auto& x : all)
    out[key_of(x)] = x;
  return out;
}

std::vector<document> desired::documents() const {
  return read(disk_.list(slot_kind::map, documents_prefix_), documents_prefix_.size());
}

std::optional<document> desired::find(const std::string& section, const std::string& name) const {
  const auto e = disk_.get(slot_kind::map, documents_prefix_ + section + "/" + name);
  if (!e)
    return {};
  auto body = json::parse(e->payload, nullptr, false);
  if (body.is_discarded())
    return {};
  return from_key(section + "/" + name, std::move(body));
}

result<std::uint64_t> desired::write(const std::vector<document>& before, const std::vector<document>& wanted,
                                     const std::string& who, const std::string& text) {
  const auto from = index(before);
  const auto after = index(wanted);
  const auto present = index(documents());
  std::map<std::string, json> deltas;
  for (const auto& [key, x] : after)
    if (!from.contains(key) || !(from.at(key) == x))
      deltas[key]["after"] = x.body;
  for (const auto& [key, x] : from)
    if (!after.contains(key) && present.contains(key)) // else somebody else has removed it
      deltas[key] = json::object();
  for (auto& [key, delta] : deltas)
    if (const auto was = present.find(key); was != present.end())
      delta["before"] = was->second.body;
  if (deltas.empty())
    return std::uint64_t{0};
  std::uint64_t revision = 1;
  auto heads = disk_.list(slot_kind::map, revisions_prefix_);
  std::erase_if(heads, [&](const auto& e) { return e.key.find('/', revisions_prefix_.size()) != std::string::npos; });
  if (!heads.empty())
    revision = std::stoull(heads.back().key.substr(revisions_prefix_.size())) + 1;

  std::vector<entry_write> changes;
  auto put = [&](const std::string& key, const json& body) { changes.push_back({key, body.dump()}); };

  // The way back first, so that a crash between cannot leave a change that
  // history does not know.
  auto lines = json::array();
  for (const auto& step : plan(before, wanted, true))
    lines.push_back(step.to_string());
  put(head_key(revision), {{"at", clocks_.wall()}, {"who", who}, {"text", text}, {"steps", lines}});
  for (const auto& [key, delta] : deltas)
    put(head_key(revision) + "/" + key.substr(documents_prefix_.size()), delta);
  for (const auto& [key, delta] : deltas)
    if (delta.contains("after"))
      put(key, delta["after"]);
    else
      changes.push_back({key, {}});
  if (auto fits = check_sizes(changes); !fits)
    return fits.why();

  durable_writes pending;
  for (auto i = changes.begin(); i != changes.end(); ++i)
    if (auto done = carry_out(*i, pending.one()); !done) {
      pending.refused(done.why());
      // Half a change is a house that nobody described. What stood there goes
      // back; the store takes it, or is in a state that `troupe status` shows.
      for (auto back = std::make_reverse_iterator(i); back != changes.rend(); ++back) {
        const auto was = present.find(back->key);
        static_cast<void>(carry_out({back->key, was == present.end() ? std::nullopt : std::optional{was->second.body.dump()}}, {}));
      }
      return error{done.why().code, "nothing was changed: " + done.why().context};
    }

  // Retention: the oldest revision goes with all its parts.
  while (heads.size() + 1 > kept_revisions) {
    for (const auto& e : disk_.list(slot_kind::map, heads.front().key))
      if (auto done = carry_out({e.key, {}}, pending.one()); !done)
        pending.refused(done.why());
    heads.erase(heads.begin());
  }
  if (auto done = pending.wait(); !done)
    return done.why();
  return revision;
}

status desired::carry_out(const entry_write& x, storage::on_durable done) {
  if (x.payload)
    return disk_.put(slot_kind::map, x.key, *x.payload, std::move(done));
  auto erased = disk_.erase(slot_kind::map, x.key, done);
  if (erased || erased.why().code != errc::not_found)
    return erased;
  if (done) // another node has removed it meanwhile
    done({});
  return {};
}

status desired::check_sizes(const std::vector<entry_write>& all) {
  for (const auto& x : all) {
    if (x.key.size() > storage::max_key_bytes)
      return error{errc::over_limit, fmt::format("{}: an address of {} bytes, {} is the most; shorten the name",
                                                 x.key, x.key.size(), storage::max_key_bytes)};
    if (x.payload && x.payload->size() > storage::max_payload_bytes)
      return error{errc::over_limit, fmt::format("{}: {} bytes with what stood there before, {} is the most; "
                                                 "split the rule, or remove it first",
                                                 x.key, x.payload->size(), storage::max_payload_bytes)};
  }
  return {};
}

json desired::history(std::size_t newest) const {
  auto out = json::array();
  auto all = disk_.list(slot_kind::map, revisions_prefix_);
  for (auto e = all.rbegin(); e != all.rend() && out.size() < newest; ++e)
    if (auto head = read_head(*e, revisions_prefix_.size()); !head.is_null())
      out.push_back(std::move(head));
  return out;
}

json desired::history_of_all(const storage::store& disk, std::size_t newest) {
  std::vector<json> all;
  for (const auto& e : disk.list(slot_kind::map, all_revisions)) {
    const auto slash = e.key.find('/', all_revisions.size());
    if (slash == e.key.npos)
      continue;
    if (auto head = read_head(e, slash + 1); !head.is_null()) {
      head["node"] = e.key.substr(all_revisions.size(), slash - all_revisions.size());
      all.push_back(std::move(head));
    }
  }
  const auto at = [](const json& x) { return x.contains("at") && x["at"].is_number_integer() ? x["at"].get<wall_ms>() : 0; };
  std::reverse(all.begin(), all.end()); // of one time the later number
  std::stable_sort(all.begin(), all.end(), [&](const json& a, const json& b) { return at(a) > at(b); });
  if (all.size() > newest)
    all.resize(newest);
  return all;
}

result<std::vector<document>> desired::at_revision(std::uint64_t revision) const {
  const auto revisions = history(kept_revisions);
  const auto newest = revisions.empty() ? 0 : revisions.front()["revision"].get<std::uint64_t>();
  const auto oldest = revisions.empty() ? 0 : revisions.back()["revision"].get<std::uint64_t>();
  if (revision > newest || revision + 1 < oldest)
    return error{errc::not_found, fmt::format("revision {} is not kept; there are {} to {}, and {} is what stood "
                                              "before the oldest (`troupe history`)",
                                              revision, oldest, newest, oldest > 0 ? oldest - 1 : 0)};
  auto documents_then = index(documents());
  for (const auto& head : revisions) {
    const auto number = head["revision"].get<std::uint64_t>();
    if (number <= revision)
      break;
    const auto prefix = head_key(number) + "/";
    for (const auto& e : disk_.list(slot_kind::map, prefix)) {
      const auto delta = json::parse(e.payload, nullptr, false);
      const auto name = e.key.substr(prefix.size());
      if (delta.contains("before"))
        documents_then[documents_prefix_ + name] = from_key(name, delta["before"]);
      else
        documents_then.erase(documents_prefix_ + name);
    }
  }
  std::vector<document> out;
  for (auto& [key, x] : documents_then)
    out.push_back(std::move(x));
  return out;
}

std::vector<fixed_rule> fixed_rules(const storage::store& disk) {
  std::vector<fixed_rule> out;
  for (const auto& [node, documents] : desired::of_all(disk))
    for (const auto& x : at_node(documents, node))
      if (x.section == "rule")
        if (auto config = to_rule(x); config && config->standby == redundancy::none)
          out.push_back({std::move(*config), node});
  return out;
}

} // namespace troupe::daemon
