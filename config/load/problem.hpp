#pragma once

#include "config/load/document.hpp"
#include "config/model/result.hpp"

#include <string>
#include <vector>

namespace troupe {

/// One thing that is wrong with a configuration, written for the person who
/// wrote the configuration.
struct problem {
  place at;
  std::string path;    ///< for programs: `channel."hall/lamp".lease`
  std::string text;    ///< "channel 'hall/lamp': lease is 100ms, but ..."
  std::string way_out; ///< "Use 300ms or more."; empty where there is none
  bool fatal = true;   ///< false: advice (told as a note), it works as it says
  errc code = errc::invalid_argument; ///< conflict: twice; not_found: names nothing

  friend bool operator==(const problem&, const problem&) = default;

  /// "house.toml:41  counter 'water': ...", wrapped at `width` columns with the
  /// further lines under the text. Width 0: one line.
  std::string to_string(std::size_t width = 79) const;
};

/// The most problems that are told at once, which is more than anybody reads.
inline constexpr std::size_t max_problems = 1000;

/// Keeps the first `max_problems`; one more then says that there are more.
void bound(std::vector<problem>& all);

/// In the order of files, then lines; what has no line comes last.
void sort(std::vector<problem>& all);

/// True if at least one of them is fatal.
bool any_fatal(const std::vector<problem>& all);

/// `channel."hall/lamp".lease`; the key may be empty.
std::string path_of(const std::string& section, const std::string& name, const std::string& key);

/// "channel 'hall/lamp': "; empty for node.toml, which has one subject.
std::string subject_of(const document& x);

} // namespace troupe
