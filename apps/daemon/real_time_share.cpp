#include "apps/daemon/real_time_share.hpp"

#include <algorithm>

namespace troupe::daemon {

std::vector<real_time_share::use> real_time_share::who_gives_up(std::vector<use> in, double used) const {
  std::erase_if(in, [](const use& x) { return x.cores < little; });
  std::sort(in.begin(), in.end(), [](const use& a, const use& b) { return a.cores > b.cores; });
  std::vector<use> out;
  for (auto x = in.begin(); x != in.end() && used > enough * cores_; ++x) {
    used -= x->cores;
    out.push_back(*x);
  }
  return out;
}

real_time_share::change real_time_share::look(const std::vector<use>& all) {
  change out;
  std::vector<use> in;
  double in_real_time = 0, together = 0;
  for (const auto& x : all) {
    together += x.cores;
    if (out_.contains(x.thread))
      continue;
    in_real_time += x.cores;
    in.push_back(x);
  }
  std::erase_if(out_, [&](const auto& gone) { return std::none_of(all.begin(), all.end(), [&](const use& x) { return x.thread == gone.first; }); });
  over_ = in_real_time > most * cores_ ? over_ + 1 : 0;
  if (over_ >= over_for) {
    out.gives_up = who_gives_up(std::move(in), in_real_time);
    for (const auto& x : out.gives_up)
      out_.emplace(x.thread, x.is);
    over_ = 0;
  }
  calm_ = together < enough * cores_ ? calm_ + 1 : 0;
  if (calm_ >= calm_for && !out_.empty()) {
    for (const auto& [thread, is] : std::exchange(out_, {}))
      out.is_back.push_back({thread, is, 0});
    calm_ = 0;
  }
  return out;
}

} // namespace troupe::daemon
