#include "apps/daemon/threads/real_time_share.hpp"

#include <algorithm>
#include <utility>

namespace troupe::daemon {

std::vector<int> real_time_share::who_gives_up(std::vector<use> in, double used) const {
  std::erase_if(in, [](const use& x) { return x.cores < little; });
  std::sort(in.begin(), in.end(), [](const use& a, const use& b) { return a.cores > b.cores; });
  std::vector<int> out;
  for (auto x = in.begin(); x != in.end() && used > enough * cores_; ++x) {
    used -= x->cores;
    out.push_back(x->thread);
  }
  return out;
}

real_time_share::change real_time_share::look(const std::vector<use>& all) {
  change done;
  std::vector<use> in;
  double in_real_time = 0, wanted = 0;
  for (const auto& x : all) {
    wanted += out_.contains(x.thread) ? x.wants : x.cores;
    if (out_.contains(x.thread))
      continue;
    in_real_time += x.cores;
    in.push_back(x);
  }
  std::erase_if(out_, [&](int thread) { return std::none_of(all.begin(), all.end(), [&](const use& x) { return x.thread == thread; }); });
  over_ = in_real_time > most * cores_ ? over_ + 1 : 0;
  if (over_ >= over_for) {
    done.gives_up = who_gives_up(std::move(in), in_real_time);
    out_.insert(done.gives_up.begin(), done.gives_up.end());
    over_ = 0;
  }
  calm_ = wanted < enough * cores_ ? calm_ + 1 : 0;
  if (calm_ >= calm_for) {
    const auto back = std::exchange(out_, {});
    done.is_back.assign(back.begin(), back.end());
    calm_ = 0;
  }
  return done;
}

} // namespace troupe::daemon
