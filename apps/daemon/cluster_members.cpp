// What this node keeps of its peers, and of its own ban, over a restart.
#include "apps/daemon/cluster_part.hpp"
#include "apps/daemon/json.hpp"
#include "config/model/address.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <future>

namespace troupe::daemon {

using namespace std::chrono_literals;
using storage::slot_kind;

namespace {

std::string members_key(const std::string& node) { return "node/" + node + "/members"; }
std::string ban_key(const std::string& node) { return "node/" + node + "/ban"; }

std::int64_t today(const clock_source& clocks) { return clocks.wall() / 86'400'000; }

/// @param row  pairs of an address and its last good day; an address alone, of an
///             older version, was good today
address_book::lines lines_in(const json& row, std::int64_t today) {
  address_book::lines out;
  for (const auto& x : row.is_array() ? row : json::array()) {
    const auto& at = x.is_array() && x.size() == 2 ? x[0] : x;
    if (at.is_string())
      out.push_back({at.get<std::string>(), x.is_array() && x[1].is_number_integer() ? x[1].get<std::int64_t>() : today});
  }
  return out;
}

} // namespace

/// How often this node was removed and taken back, as it last heard it.
std::uint32_t cluster_part::own_ban() const {
  const auto kept = all_.store.get(slot_kind::own, ban_key(config_.name));
  const auto x = kept ? json::parse(kept->payload, nullptr, false) : json();
  const auto n = x.is_object() ? x.value("banned", json()) : json();
  return n.is_number_unsigned() ? n.get<std::uint32_t>() : 0;
}

/// Of node.toml and of earlier runs.
std::vector<cluster::known_peer> cluster_part::known_peers() {
  std::map<std::string, std::vector<std::string>> known;
  std::map<std::string, std::uint32_t> banned;
  std::map<std::string, std::string> told_by;
  if (const auto kept = all_.store.get(slot_kind::own, members_key(config_.name))) {
    const auto x = json::parse(kept->payload, nullptr, false);
    if (x.is_object())
      for (const auto& [name, row] : x.items()) {
        const auto words = row.is_object() ? row.value("banned", json()) : json();
        if (words.is_number_unsigned())
          banned[name] = words.get<std::uint32_t>();
        if (row.is_object())
          told_by[name] = text_in(row, "told_by");
        addresses_.load(name, lines_in(row.is_object() ? row.value("addresses", json::array()) : row, today(all_.clocks)));
        for (const auto& line : addresses_.kept(name))
          known[name].push_back(line.at);
        known.try_emplace(name);
      }
  }
  for (const auto& text : config_.peers) {
    const auto x = read_peer_address(text);
    if (!x.trouble.empty())
      continue;
    auto& addresses = known[x.is.name];
    std::erase(addresses, to_string(x.is.at));
    addresses.insert(addresses.begin(), to_string(x.is.at)); // what the operator wrote is tried first
    told_by.erase(x.is.name);
  }
  known.erase(config_.name);
  std::vector<cluster::known_peer> out;
  for (auto& [name, addresses] : known)
    out.push_back({name, std::move(addresses), banned[name], told_by[name]});
  return out;
}

void cluster_part::keep_members() {
  if (table_.look().members.empty())
    return; // stopped before the membership began
  if (auto put = put_members({}); !put)
    spdlog::warn("cannot keep the members: {}", put.why().context);
}

status cluster_part::keep_members_durably() {
  auto promise = std::make_shared<std::promise<status>>();
  auto kept = promise->get_future();
  if (auto put = put_members([promise](const status& x) { promise->set_value(x); }); !put)
    return put;
  if (kept.wait_for(10s) != std::future_status::ready)
    return error{errc::timed_out, "the disk has not confirmed it within 10 s; see `troupe status`"};
  return kept.get();
}

/// Where peers are reached at this moment.
std::map<std::string, std::vector<std::string>> cluster_part::good_addresses(const cluster::member_table::picture& now) {
  auto good = now.reached_at;
  if (open_link_)
    for (const auto& x : net().links())
      if (x.who->dialled)
        good[x.who->name].push_back(x.who->address);
  return good;
}

/// @param done  called also if nothing has changed, when that is safe
status cluster_part::put_members(storage::on_durable done) {
  std::lock_guard lock{keeping_members_}; // an older view must not come after a newer one
  json x = json::object();
  const auto now = table_.look();
  auto good = good_addresses(now);
  if (const auto me = table_.find(config_.name); me && me->banned != own_ban())
    if (auto put = all_.store.put(slot_kind::own, ban_key(config_.name), json{{"banned", me->banned}}.dump()); !put)
      return put;
  for (const auto& m : now.members) {
    const auto told = now.hearsay.find(m.name);
    const bool is_hearsay = told != now.hearsay.end();
    // Hearsay is heard again; kept, it would come back as if somebody vouched for it.
    if (m.name == config_.name || m.is == cluster::standing::waiting || (is_hearsay && m.banned == 0))
      continue;
    addresses_.note(m.name, m.addresses, good[m.name], today(all_.clocks));
    auto lines = json::array();
    for (const auto& line : addresses_.kept(m.name))
      lines.push_back(json::array({line.at, line.day}));
    x[m.name] = {{"addresses", std::move(lines)}};
    if (m.banned > 0) // an operator's word outlives every node
      x[m.name]["banned"] = m.banned;
    if (is_hearsay)
      x[m.name]["told_by"] = told->second;
  }
  const auto text = x.dump();
  if (!done)
    if (const auto kept = all_.store.get(slot_kind::own, members_key(config_.name)); kept && kept->payload == text)
      return {};
  return all_.store.put(slot_kind::own, members_key(config_.name), text, std::move(done));
}

} // namespace troupe::daemon
