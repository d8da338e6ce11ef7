#include "cluster/membership/dial_plan.hpp"

#include <algorithm>

namespace troupe::cluster {

void dial_plan::want(bool we_are_smaller, mono_ns now) {
  if (wanted_)
    return;
  wanted_ = true;
  if (!up_since_ && !dialling_until_)
    next_ = we_are_smaller ? now : now + larger_waits;
}

void dial_plan::on_dialling(const profile& pace, mono_ns now) {
  dialling_until_ = now + std::chrono::nanoseconds{pace.dial_forgotten}.count();
  next_.reset();
}

void dial_plan::on_failed(dial_end how, const profile& pace, std::mt19937_64& chance, mono_ns now) {
  dialling_until_.reset();
  if (!up_since_)
    pause(how == dial_end::silence ? pace.redial_silent : pace.redial_longest, pace, chance, now);
}

void dial_plan::on_up(mono_ns now) {
  dialling_until_.reset();
  next_.reset();
  up_since_ = now;
}

void dial_plan::on_down(bool lost, const profile& pace, std::mt19937_64& chance, mono_ns now) {
  const bool lived = up_since_ && now - *up_since_ >= settled;
  up_since_.reset();
  if (lived)
    failures_ = 0;
  if (lost && (!at_once_ || now - *at_once_ >= settled)) {
    next_ = now;
    at_once_ = now;
  } else {
    pause(pace.redial_longest, pace, chance, now);
  }
}

void dial_plan::on_new_address(mono_ns now) {
  failures_ = 0;
  if (next_)
    next_ = std::min(*next_, now);
}

std::optional<mono_ns> dial_plan::due() const {
  if (up_since_)
    return {};
  if (dialling_until_)
    return dialling_until_;
  return next_;
}

bool dial_plan::dialling(mono_ns now) const {
  return dialling_until_ && now < *dialling_until_;
}

void dial_plan::pause(milliseconds most, const profile& pace, std::mt19937_64& chance, mono_ns now) {
  const auto longest = std::chrono::nanoseconds{most}.count();
  auto length = std::chrono::nanoseconds{pace.redial_first}.count();
  for (unsigned i = 0; i < failures_ && length < longest; ++i)
    length *= 2;
  length = std::min(length, longest);
  ++failures_;
  std::uniform_int_distribution<mono_ns> pick{length / 2, length + length / 2};
  next_ = now + pick(chance);
}

} // namespace troupe::cluster
