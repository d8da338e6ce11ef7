#pragma once

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <vector>

/// What people type, as the documents that a node takes. Pure but `read_input`.
namespace troupe::cli {

using json = nlohmann::json;

/// A number if it is one, else text: on, off, 21.5, "5s".
[[nodiscard]] json value_of(const std::string& word);

/// Of an option: also true, false and lists in brackets; quotes make text.
[[nodiscard]] json option_of(const std::string& word);

/// {"bus": "gpio", "line": 17} from "bus=gpio", "line=17".
/// @returns nothing for a word without '=' or a key that stands twice; then
///          `why` says which.
[[nodiscard]] std::optional<json> document_of(const std::vector<std::string>& pairs,
                                              std::string& why);

/// A file's text, or standard input for "-". @returns nothing with the reason
/// in `why`.
[[nodiscard]] std::optional<std::string> read_input(const std::string& path, std::string& why);

/// The known word that is closest to what was typed, empty if none is close.
[[nodiscard]] std::string closest(const std::string& typed, const std::vector<std::string>& known);

} // namespace troupe::cli
