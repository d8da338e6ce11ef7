#pragma once

#include "config/model/time.hpp"

#include <deque>
#include <map>
#include <optional>
#include <string>

namespace troupe::rule {

/// A bucket that refills: how often something may happen.
class pace {
public:
  pace(double per_second, double at_once) : per_second_(per_second), most_(at_once), left_(at_once) {}

  [[nodiscard]] bool take(mono_ns now);

private:
  double per_second_;
  double most_;
  double left_;
  mono_ns at_ = 0;
};

/// Keeps a talkative rule from filling the journal: the same text once a
/// minute, all texts together ten a minute after the first ten.
class quiet {
public:
  /// @returns nothing if the text is to be kept back; else how many were kept
  ///          back since the last one that was not.
  std::optional<std::uint64_t> admit(const std::string& text, mono_ns now);

private:
  static constexpr std::size_t most_texts_ = 16;
  pace all_{10.0 / 60, 10};
  std::map<std::string, mono_ns> told_;
  std::uint64_t kept_back_ = 0;
};

/// Failures in a row. Five within a minute: the rule cannot do its work.
class streak {
public:
  static constexpr std::size_t most = 5;
  static constexpr mono_ns within = 60'000'000'000;

  /// @returns true if this failure was one too many.
  [[nodiscard]] bool failed(mono_ns now);
  void succeeded() { failures_.clear(); }

private:
  std::deque<mono_ns> failures_;
};

} // namespace troupe::rule
