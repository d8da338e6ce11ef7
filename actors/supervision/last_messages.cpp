#include "actors/supervision/last_messages.hpp"

#include <caf/type_nr.hpp>

#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string_view>

namespace troupe::supervision {

std::string name_of(const caf::rtti_pair& type) {
  if (!type.second)
    return type.first > 0 ? caf::numbered_type_names[type.first - 1] : "?";
  int status = 0;
  std::unique_ptr<char, void (*)(void*)> plain{
    abi::__cxa_demangle(type.second->name(), nullptr, nullptr, &status), std::free};
  std::string_view name = status == 0 ? plain.get() : type.second->name();
  // A template's arguments stay whole: only what stands before them is cut.
  auto colons = name.substr(0, name.find('<')).rfind("::");
  return std::string{colons == std::string_view::npos ? name : name.substr(colons + 2)};
}

nlohmann::json last_messages::list(mono_ns now) const {
  auto result = nlohmann::json::array();
  for (std::size_t i = 0; i < std::min(next_, kept); ++i) {
    auto& x = ring_[(next_ - 1 - i) % kept];
    std::string name = x.first != 0 ? name_of(unpacked(x.first)) : "empty";
    if (x.second != 0)
      name += ", " + name_of(unpacked(x.second));
    if ((x.second & more) != 0)
      name += ", ...";
    result.push_back({{"ago_ms", static_cast<double>(now - x.at) / 1e6},
                      {"message", std::move(name)}});
  }
  return result;
}

std::string render(const caf::type_erased_tuple& x, std::size_t longest) {
  std::string text;
  try {
    text = x.stringify();
  } catch (const std::exception& e) {
    text = std::string{"(cannot be shown: "} + e.what() + ')';
  }
  if (text.size() > longest) {
    text.resize(longest);
    text += "...";
  }
  return text;
}

} // namespace troupe::supervision
