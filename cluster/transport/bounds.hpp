#pragma once

#include "config/model/time.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <utility>

namespace troupe::cluster {

/// Counts connections that have not proved anything yet. Pure; one thread.
class half_open_table {
public:
  half_open_table(std::size_t in_all, std::size_t per_address)
    : in_all_(in_all), per_address_(per_address) {}

  /// @returns "" and counts it, or why it must be closed at once.
  std::string admit(const std::string& host);
  void release(const std::string& host);
  [[nodiscard]] std::size_t count() const noexcept { return count_; }

private:
  std::size_t in_all_, per_address_, count_ = 0;
  std::map<std::string, std::size_t> by_host_;
};

/// A share of a processor: what strangers may cost the thread that all links need.
/// A token bucket (RFC 2697) of processor time. Pure; one thread.
class time_budget {
public:
  /// @param share of one processor @param burst that may be spent at once
  time_budget(double share, milliseconds burst) : share_(share), most_(static_cast<double>(to_ns(burst))), left_(most_) {}

  void spend(std::chrono::nanoseconds used, mono_ns now);
  [[nodiscard]] bool is_spent(mono_ns now);

private:
  void refill(mono_ns now);

  double share_, most_, left_; ///< nanoseconds
  mono_ns at_ = 0;
};

/// How many refusals are told one by one; a flood must not fill the journal.
/// Pure; one thread.
class refusal_meter {
public:
  explicit refusal_meter(unsigned per_second) : per_second_(per_second) {}

  struct answer {
    bool tell = false;     ///< this one
    unsigned unsaid = 0;   ///< so many before it were not told: tell the sum first
  };
  answer note(mono_ns now);
  /// What was not told and whose second is over; then forgotten.
  unsigned take_unsaid(mono_ns now);
  /// The same at the end of all, without waiting for the second.
  unsigned take_all() noexcept { return std::exchange(unsaid_, 0u); }
  [[nodiscard]] bool owes() const noexcept { return unsaid_ > 0; }

private:
  unsigned per_second_, told_ = 0, unsaid_ = 0;
  mono_ns second_ = 0;
};

} // namespace troupe::cluster
