#pragma once

#include "actors/rule/engine.hpp"

#include <map>

namespace troupe::rule {

/// The pulses that a rule of one node has said, as long as they are young: one
/// that nobody answered to, or whose way ended meanwhile, is said again. The output
/// does it once, by its id. At most `most` are kept (I11): rather those that came
/// nowhere, and the newest. Pure.
class said_pulses {
public:
  static constexpr milliseconds look_every{1000};
  static constexpr std::size_t most = max_young_pulses;

  /// @param incarnation of the output; 0: nobody was there
  void sent(const pulse_action& x, std::uint32_t incarnation, mono_ns now);

  struct turn {
    std::vector<pulse_action> again;   ///< each must be answered by `sent`
    std::vector<pulse_action> given_up; ///< never came anywhere, and are too old now, or too many
  };
  /// @param limit older ones are forgotten
  [[nodiscard]] turn look(mono_ns now, milliseconds limit, const std::function<std::uint32_t(const std::string&)>& incarnation_of);
  [[nodiscard]] std::optional<mono_ns> next() const { return rows_.empty() ? std::nullopt : std::optional{look_at_}; }

private:
  struct row {
    pulse_action what;
    std::uint32_t incarnation = 0;
  };
  void make_room();

  std::map<std::string, row> rows_; ///< by id
  std::vector<pulse_action> pushed_out_; ///< that never came anywhere
  mono_ns look_at_ = 0;
};

} // namespace troupe::rule
