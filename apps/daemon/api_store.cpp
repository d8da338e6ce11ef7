#include "apps/daemon/api.hpp"

#include "apps/daemon/json.hpp"
#include "cluster/replication/frame.hpp"
#include "storage/counter_state.hpp"
#include "storage/read.hpp"
#include "storage/visible.hpp"

#include <fmt/format.h>


// The store as operators look into it: what is compared with that of another
// node, and what a backup takes.

namespace troupe::daemon {

using storage::slot_kind;

namespace {

constexpr std::size_t most_told = 2000; ///< of a value, for people who compare

std::string hex(std::uint64_t x) { return fmt::format("{:016x}", x); }

error no_store() { return {errc::unsupported, "this node has no store that can be compared or saved"}; }

result<slot_kind> kind_from(const std::string& word) {
  for (const auto x : {slot_kind::map, slot_kind::own, slot_kind::ctr, slot_kind::ovr})
    if (word == to_string(x))
      return x;
  return error{errc::invalid_argument, fmt::format("kind is '{}'; there are map, own, ctr and ovr", word.substr(0, 40))};
}

/// A document as it is; else its bytes, for they are somebody's own.
json shown(std::string_view bytes) {
  auto out = json::parse(bytes, nullptr, false);
  if (!out.is_discarded() && bytes.size() <= most_told)
    return out;
  std::string text{bytes.substr(0, most_told)};
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= ' ' && c != 127; });
  if (!plain) {
    std::string dumped;
    for (const char c : std::string_view{text}.substr(0, 64))
      dumped += fmt::format("{:02x}", static_cast<unsigned char>(c));
    text = "bytes " + dumped;
  }
  return text;
}

json value_of(slot_kind kind, const storage::slot_set& slots) {
  if (kind == slot_kind::map || kind == slot_kind::own) {
    const auto x = kind == slot_kind::own ? storage::read_own(slots) : storage::read_map(slots);
    return x ? shown(x->payload) : json();
  }
  storage::counter_state all;
  for (const auto& [of, x] : slots)
    if (kind == slot_kind::ctr) {
      (void)storage::decode_counts(x.payload, all);
    } else {
      storage::counter_state other;
      other.mark = storage::decode_mark(x.payload);
      join(all, other);
    }
  if (kind == slot_kind::ctr)
    return all.raw();
  return all.mark ? json(all.mark->set) : json();
}

} // namespace

json node_control::store() {
  const auto s = parts_.all.store.stats();
  const json check_points{{"every_s", static_cast<double>(s.checkpoint_every.count()) / 1000},
                          {"covered_by", s.covered_by.empty() ? json() : json(s.covered_by)},
                          {"why", s.uncovered_why},
                          {"covers", s.covers}};
  json out{{"node", parts_.node.name}, {"stream", s.stream}, {"entries", s.entries}, {"pending", s.pending_ops},
           {"events", s.events}, {"event_bytes", s.event_bytes}, {"bytes_per_day", s.bytes_per_day},
           {"budget_per_day", parts_.node.flash_bytes_per_day}, {"archive", parts_.node.archive}, {"degraded", s.degraded},
           {"check_points", check_points}};
  if (parts_.disk == nullptr)
    return out;
  const auto now = parts_.disk->summarize();
  out["digest"] = hex(storage::visible::fingerprint(now.sums));
  out["seen"] = hex(cluster::frame::hash(now.seen));
  out["streams"] = now.seen.items().size();
  out["sums"] = json::array();
  for (const auto x : now.sums.sums)
    out["sums"].push_back(hex(x));
  return out;
}

result<json> node_control::store_vector() {
  if (parts_.disk == nullptr)
    return no_store();
  auto seen = json::object();
  const auto now = parts_.disk->summarize();
  for (const auto& [of, seq] : now.seen.items())
    seen[to_string(of)] = seq;
  return json{{"node", parts_.node.name}, {"seen", std::move(seen)}};
}

result<json> node_control::store_rows(std::uint64_t bucket) {
  if (parts_.disk == nullptr)
    return no_store();
  if (bucket >= storage::digest::buckets)
    return error{errc::invalid_argument, fmt::format("there is no bucket {}; they are 0 to {}", bucket, storage::digest::buckets - 1)};
  auto out = json::array();
  for (const auto& x : parts_.disk->digest_rows(bucket))
    out.push_back({{"kind", to_string(x.kind)}, {"key", x.key}, {"hash", hex(x.hash)}});
  return out;
}

result<json> node_control::store_entry(const std::string& word, const std::string& key) {
  if (parts_.disk == nullptr)
    return no_store();
  const auto kind = kind_from(word);
  if (!kind)
    return kind.why();
  storage::slot_set slots;
  auto told = json::array();
  for (auto& x : parts_.disk->slots_of({{*kind, key, {}, 0, 0}})) {
    told.push_back({{"stream", to_string(x.of)}, {"node", parts_.whose.of(x.of.node)}, {"seq", x.content.seq}, {"at", x.content.stamp.ms()},
                    {"deleted", x.content.deleted()}});
    storage::merge(slots, x.of, std::move(x.content));
  }
  return json{{"kind", word}, {"key", key}, {"value", value_of(*kind, slots)}, {"slots", std::move(told)}};
}

result<json> node_control::begin_backup(const control_caller& who) {
  if (parts_.disk == nullptr)
    return no_store();
  const auto begun = backups_.begin(who.name, [this] { return parts_.disk->take_snapshot(); }, TROUPE_VERSION);
  if (!begun)
    return begun.why();
  journal(who, "backup", parts_.node.name, fmt::format("a backup is taken: {} slots, {} events", begun->slots, begun->events));
  return json{{"id", begun->id}, {"node", parts_.node.name}, {"slots", begun->slots}, {"events", begun->events}};
}

result<std::string> node_control::backup_block(const control_caller& who, const std::string& id, std::uint64_t number) {
  return backups_.block(who.name, id, number);
}

} // namespace troupe::daemon
