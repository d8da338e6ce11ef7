#pragma once

#include <nlohmann/json.hpp>

#include <map>
#include <string>
#include <string_view>

namespace troupe {

/// Where something was written. Line 0: not from a file.
struct place {
  std::string file;
  int line = 0;
  int column = 0;

  friend bool operator==(const place&, const place&) = default;
};

/// "house.toml:41", or the file alone, or empty.
std::string to_string(const place& x);

/// One thing that is desired: what stands under `[channel."hall/lamp"]`, as the
/// store, the history and the control interface hold it.
///
/// `body` holds only what was written. Known keys with a good value are in
/// canonical form (config/schema/option.hpp), so that documents that mean the
/// same are equal; anything else is as written, so that nothing is lost, also
/// the option of a newer release.
struct document {
  std::string section; ///< "bus", "channel", "counter", "rule", "drill"; "node"
  std::string name;    ///< "hall/lamp"; empty for "node"
  nlohmann::json body = nlohmann::json::object();

  // Where it came from; not part of what it says.
  place at;
  std::map<std::string, int> lines; ///< of its keys
  bool incomplete = false; ///< lines of it were not TOML and are missing here

  friend bool operator==(const document& x, const document& y) {
    return x.section == y.section && x.name == y.name && x.body == y.body;
  }
};

/// A document from anywhere (a request, the store), brought into canonical
/// form. A null in the body means that the key is not there.
document make_document(std::string section, std::string name, nlohmann::json body);

} // namespace troupe
