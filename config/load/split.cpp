#include "config/load/split.hpp"

#include "config/load/item.hpp"

#include <fmt/format.h>

namespace troupe {

namespace {

// Wrong shapes are `check`'s to tell; here they are as good as not written.
std::string text_under(const document& x, const char* key) {
  const auto at = x.body.find(key);
  return at != x.body.end() && at->is_string() ? at->get<std::string>() : std::string{};
}

bool has_node(const document& x) { return x.section == "bus" || x.section == "rule" || x.section == "drill"; }

bool follows_bus(const document& x) { return x.section == "channel" || x.section == "counter"; }

std::string own_node(const document& x, const std::string& otherwise) {
  auto node = has_node(x) ? text_under(x, "node") : std::string{};
  return node.empty() ? otherwise : node;
}

} // namespace

split_house split(const std::vector<document>& whole, const std::string& here,
                  const std::vector<document>& elsewhere) {
  split_house it;
  std::map<std::string, std::string> node_of_bus;
  for (const auto* part : {&whole, &elsewhere})
    for (const auto& x : *part)
      if (x.section == "bus")
        node_of_bus.emplace(x.name, own_node(x, part == &whole ? here : std::string{}));
  for (const auto& x : whole) {
    if (!follows_bus(x)) {
      it.of[own_node(x, here)].push_back(x);
      continue;
    }
    const auto bus = text_under(x, "bus");
    const auto at = node_of_bus.find(bus);
    if (at != node_of_bus.end() && !at->second.empty()) {
      it.of[at->second].push_back(x);
      continue;
    }
    it.problems.push_back(load::at_key(
      x, "bus",
      at == node_of_bus.end() ? fmt::format("bus is \"{}\", which no node has", bus)
                              : fmt::format("bus is \"{}\", and it is not known which node has it", bus),
      fmt::format("Add [bus.\"{}\"] with its node, or correct the name.", bus)));
    it.problems.back().code = errc::not_found;
  }
  sort(it.problems);
  bound(it.problems);
  return it;
}

std::vector<document> at_node(std::vector<document> all, const std::string& node) {
  for (auto& x : all) {
    if (has_node(x) && text_under(x, "node").empty())
      x.body["node"] = node;
    x.at = {fmt::format("node '{}'", node), 0, 0};
    x.lines.clear();
  }
  return all;
}

} // namespace troupe
