#include "config/load/document.hpp"

#include "config/schema/schema.hpp"
#include "config/schema/take.hpp"

namespace troupe {

std::string to_string(const place& x) {
  return x.line > 0 ? x.file + ":" + std::to_string(x.line) : x.file;
}

document make_document(std::string section, std::string name, nlohmann::json body) {
  document it{std::move(section), std::move(name), nlohmann::json::object(), {}, {}, false};
  const auto* known = schema::find_section(it.section);
  if (!body.is_object())
    return it;
  for (auto& [key, written] : body.items()) {
    if (written.is_null())
      continue;
    const auto* option = known ? known->find(key) : nullptr;
    auto taken = option ? schema::take(*option, written) : schema::taken{};
    it.body[key] = taken.value.is_null() ? std::move(written) : std::move(taken.value);
  }
  return it;
}

} // namespace troupe
