#include "config/schema/schema.hpp"

#include <algorithm>

namespace troupe::schema {

const option* section::find(std::string_view key) const {
  const auto at = std::find_if(options.begin(), options.end(),
                               [&](const option& x) { return x.key == key; });
  return at == options.end() ? nullptr : &*at;
}

const std::vector<const section*>& house_sections() {
  static const std::vector<const section*> all
    = {&bus_section(), &channel_section(), &counter_section(), &rule_section(), &drill_section()};
  return all;
}

std::vector<std::string> house_words() {
  std::vector<std::string> all;
  for (const auto* x : house_sections())
    all.push_back(x->name);
  return all;
}

const section* find_section(std::string_view name) {
  if (name == node_section().name)
    return &node_section();
  for (const auto* x : house_sections())
    if (x->name == name)
      return x;
  return nullptr;
}

const char* to_string(shape x) noexcept {
  switch (x) {
  case shape::text: return "text";
  case shape::toggle: return "true or false";
  case shape::count: return "whole number";
  case shape::number: return "number";
  case shape::duration: return "duration";
  case shape::size: return "size";
  case shape::word: return "word";
  case shape::list: return "list of texts";
  case shape::level: return "\"on\", \"off\" or a number";
  }
  return "invalid";
}

} // namespace troupe::schema
