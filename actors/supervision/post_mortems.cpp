#include "actors/supervision/post_mortems.hpp"

#include <algorithm>

namespace troupe::supervision {

nlohmann::json to_json(const post_mortem& x) {
  return {{"actor", x.actor},       {"incarnation", x.incarnation},
          {"at", x.at},             {"how", x.how},
          {"error", x.error},       {"message", x.message},
          {"state", x.state},       {"last_messages", x.last_messages},
          {"lived_ms", x.lived_ms}};
}

void post_mortems::add(std::shared_ptr<const post_mortem> x) {
  // Declared before the lock: what is dropped is destroyed after it.
  std::shared_ptr<const post_mortem> dropped;
  std::lock_guard guard{mutex_};
  auto same = [&](auto& y) { return y->actor == x->actor; };
  auto& all = newest_last_;
  auto have = std::count_if(all.begin(), all.end(), same);
  auto victim = have >= static_cast<std::ptrdiff_t>(per_actor)
                  ? std::find_if(all.begin(), all.end(), same)
                  : all.size() >= in_all ? all.begin() : all.end();
  if (victim != all.end()) {
    dropped = std::move(*victim);
    all.erase(victim);
  }
  all.push_back(std::move(x));
}

std::vector<std::shared_ptr<const post_mortem>> post_mortems::of(const std::string& actor) const {
  std::vector<std::shared_ptr<const post_mortem>> result;
  std::lock_guard guard{mutex_};
  std::copy_if(newest_last_.rbegin(), newest_last_.rend(), std::back_inserter(result),
               [&](auto& x) { return x->actor == actor; });
  return result;
}

std::size_t post_mortems::size() const {
  std::lock_guard guard{mutex_};
  return newest_last_.size();
}

} // namespace troupe::supervision
