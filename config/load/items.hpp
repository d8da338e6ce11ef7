#pragma once

#include "config/load/check.hpp"
#include "config/load/item.hpp"
#include "config/model/house.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

// A house as the cross-checks see it; inside config/load only.

namespace troupe::load {

/// A document, its settings and the keys that are in trouble already.
template <class T>
struct item {
  const document* doc;
  T is;
  std::set<std::string> bad;
  bool elsewhere = false; ///< another node's: what names it counts, nothing is told about it

  bool wrote(const std::string& key) const { return doc->body.contains(key); }
  /// False if one of the keys has been complained about: its value is a default
  /// that nobody wrote, so no second complaint is built on it.
  template <class... Key>
  bool fine(const Key&... key) const {
    return (!bad.contains(key) && ...) && (!doc->incomplete || (wrote(key) && ...));
  }
};

struct items {
  std::vector<item<bus_config>> buses;
  std::vector<item<channel_config>> channels;
  std::vector<item<counter_config>> counters;
  std::vector<item<rule_config>> rules;
  std::vector<item<drill_config>> drills;
  std::map<std::string_view, const item<bus_config>*> bus_of;
  std::map<std::string_view, const item<channel_config>*> channel_of;
  std::map<std::string_view, const item<counter_config>*> counter_of;
  viewpoint from;

  /// @returns nothing where it cannot be known: in trouble, or an empty `node`
  ///          while nobody said which node this is.
  std::optional<std::string> node_of(const item<bus_config>& x) const;
  std::optional<std::string> node_of(const item<channel_config>& x) const;
  std::optional<std::string> node_of(const item<rule_config>& x) const;
};

/// Of a node.toml: its addresses, and what they make of each other.
void check_links(const item<node_config>& x, std::vector<problem>& found);
/// And what a server's disk is allowed.
void check_server(const item<node_config>& x, std::vector<problem>& found);

// Each adds what it finds. One file each beside this one.
void check_nodes(const items& all, std::vector<problem>& found);
void check_references(const items& all, std::vector<problem>& found);
void check_times(const items& all, std::vector<problem>& found);
void check_values(const items& all, std::vector<problem>& found);
void check_drills(const items& all, std::vector<problem>& found);

} // namespace troupe::load
