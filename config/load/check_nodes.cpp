#include "config/load/items.hpp"
#include "config/model/names.hpp"

#include <fmt/format.h>

// Whose each thing is. A bus owns its hardware; channels and counters follow it.

namespace troupe::load {

namespace {

template <class T>
std::optional<std::string> written_node(const item<T>& x, const std::string& here) {
  // A document from elsewhere belongs to somebody, but to whom is not known.
  if (x.bad.contains("node") || (x.doc->incomplete && x.is.node.empty()))
    return std::nullopt;
  if (!x.is.node.empty())
    return x.is.node;
  return x.elsewhere || here.empty() ? std::nullopt : std::optional{here};
}

template <class T>
void check_form(const item<T>& x, std::vector<problem>& found) {
  if (x.elsewhere || x.is.node.empty() || !x.fine("node") || is_valid_node_name(x.is.node))
    return;
  found.push_back(at_key(*x.doc, "node",
                         fmt::format("node is \"{}\", which is no name of a node", x.is.node),
                         "Use one word of a-z 0-9 - _ . that begins with a letter or digit, as in "
                         "that node's node.toml."));
}

} // namespace

std::optional<std::string> items::node_of(const item<bus_config>& x) const {
  return written_node(x, from.here);
}

std::optional<std::string> items::node_of(const item<channel_config>& x) const {
  const auto bus = bus_of.find(x.is.bus);
  if (!x.fine("bus") || bus == bus_of.end())
    return std::nullopt;
  return node_of(*bus->second);
}

std::optional<std::string> items::node_of(const item<rule_config>& x) const {
  return written_node(x, from.here);
}

void check_nodes(const items& all, std::vector<problem>& found) {
  for (const auto& x : all.buses)
    check_form(x, found);
  for (const auto& x : all.rules)
    check_form(x, found);
  for (const auto& x : all.drills)
    check_form(x, found);
}

} // namespace troupe::load
