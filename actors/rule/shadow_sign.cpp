#include "actors/rule/shadow_sign.hpp"

namespace troupe::rule {

std::string shadow_sign::name_of(const std::string& rule, const std::string& node) {
  return "shadow/" + rule + "/" + node;
}

shadow_sign::shadow_sign(storage::live_table& live, const std::string& rule, const std::string& node)
  : live_(live), name_(name_of(rule, node)) {}

shadow_sign::~shadow_sign() {
  if (!shown_.empty())
    live_.remove(name_);
}

void shadow_sign::show(const shadow& x, const moment& now) {
  const std::string is = to_string(x.is(now.mono));
  auto told = x.told();
  if (name_.size() > longest_name || (is == shown_ && told == differences_))
    return;
  if (is != shown_) {
    changed_wall_ = now.wall;
    changes_ += shown_.empty() ? 0 : 1;
  }
  auto steps = std::make_shared<std::vector<storage::step>>();
  for (std::size_t i = 0; i < told.size() && i < most_shown; ++i) {
    steps->push_back({"acting", told[i].what, told[i].acting, told[i].since_wall});
    steps->push_back({"shadow", told[i].what, told[i].shadow, told[i].since_wall});
  }
  reading r;
  r.val = value::text(is);
  r.grade = quality::good;
  r.why = reason::none;
  r.told_as = shown_.empty() ? origin::refresh : origin::change;
  r.measured_at = now.mono;
  r.measured_wall = now.wall;
  r.changed_wall = changed_wall_;
  r.changes = changes_;
  shown_ = is;
  differences_ = std::move(told);
  live_.publish(name_, r, std::move(steps));
}

} // namespace troupe::rule
