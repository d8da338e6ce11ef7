#include "actors/rule/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace troupe::rule {

namespace {

const wish* find(const comparison::wishes& all, const std::string& output) {
  const auto found = all.find(output);
  return found == all.end() ? nullptr : &found->second;
}

bool is_number(const value& x) { return !x.empty() && x.kind != value_kind::text; }

} // namespace

std::string to_text(const wish* x, int usual_priority) {
  if (x == nullptr || x->val.empty())
    return "nothing";
  return x->priority == usual_priority ? to_string(x->val)
                                       : fmt::format("{} at priority {}", to_string(x->val), x->priority);
}

void comparison::note(const wishes& own, mono_ns now) {
  for (auto& [output, all] : own_) {
    const auto* is = find(own, output);
    auto& last = all.back();
    const value val = is != nullptr ? is->val : value{};
    const int priority = is != nullptr ? is->priority : 0;
    if (last.val == val && last.priority == priority)
      continue;
    last.until = now;
    all.push_back({val, priority, 0});
    if (all.size() > most_kept)
      all.pop_front();
  }
  for (const auto& [output, x] : own)
    if (!own_.contains(output)) {
      auto& all = own_[output];
      if (known_from_ != 0) // it wanted nothing of it until now
        all.push_back({{}, 0, now});
      all.push_back({x.val, x.priority, 0});
    }
  if (known_from_ == 0)
    known_from_ = now;
}

void comparison::forget_before(mono_ns then) {
  for (auto& [output, all] : own_)
    while (all.size() > 1 && all.front().until < then)
      all.pop_front();
  std::erase_if(own_, [](const auto& x) { return x.second.size() == 1 && x.second.front().val.empty(); });
}

bool comparison::wanted(const std::string& output, const wish* theirs) const {
  const bool wants_nothing = theirs == nullptr || theirs->val.empty();
  const auto found = own_.find(output);
  if (found == own_.end())
    return wants_nothing;
  auto low = std::numeric_limits<double>::infinity(), high = -low;
  for (const auto& x : found->second) {
    if (wants_nothing ? x.val.empty() : x.priority == theirs->priority && x.val == theirs->val)
      return true;
    if (!wants_nothing && x.priority == theirs->priority && is_number(x.val)) {
      low = std::min(low, x.val.number());
      high = std::max(high, x.val.number());
    }
  }
  if (wants_nothing || !is_number(theirs->val) || low > high)
    return false;
  const auto is = theirs->val.number();
  const auto slack = near_enough * std::max({std::abs(low), std::abs(high), std::abs(is)});
  return is >= low - slack && is <= high + slack;
}

comparison::news comparison::look(const wishes& acting, const moment& now,
                                  const std::map<std::string, std::pair<std::string, std::string>>& besides) {
  news out;
  const bool first = looked_at_ == 0;
  if (!first && known_from_ != 0) {
    forget_before(looked_at_ - to_ns(before));
    ++judged_;
    std::map<std::string, difference> differ;
    const auto add = [&](const std::string& what, std::string theirs, std::string own) {
      difference x{what, std::move(theirs), std::move(own), looked_at_, now.wall - (now.mono - looked_at_) / 1'000'000};
      if (const auto before_now = open_.find(what); before_now != open_.end()) {
        x.since = before_now->second.since;
        x.since_wall = before_now->second.since_wall;
      }
      differ.emplace(what, std::move(x));
    };
    for (const auto& [what, values] : besides)
      if (values.first != values.second)
        add(what, values.first, values.second);
    std::set<std::string> outputs;
    for (const auto& [output, x] : last_)
      outputs.insert(output);
    for (const auto& [output, x] : own_)
      outputs.insert(output);
    for (const auto& output : outputs) {
      const auto* theirs = find(last_, output);
      if (wanted(output, theirs))
        continue;
      const auto own = own_.find(output);
      wish mine;
      if (own != own_.end()) {
        mine.val = own->second.back().val;
        mine.priority = own->second.back().priority;
      }
      const int usual = mine.val.empty() && theirs != nullptr ? theirs->priority : mine.priority;
      add(output, to_text(theirs, usual), to_text(&mine, usual));
    }
    open_ = std::move(differ);
    for (const auto& [what, x] : open_) {
      const auto known = told_.find(what);
      if (known != told_.end()) {
        known->second.differed = now.mono;
        known->second.what.acting = x.acting;
        known->second.what.shadow = x.shadow;
      } else if (now.mono - x.since >= to_ns(settle_) && told_.size() < most_told) {
        told_[what] = {x, now.mono};
        out.began.push_back(x);
      }
    }
    for (auto it = told_.begin(); it != told_.end();) {
      if (now.mono - it->second.differed < to_ns(calm)) {
        ++it;
        continue;
      }
      out.ended.push_back(it->second.what);
      it = told_.erase(it);
    }
  }
  last_ = acting;
  looked_at_ = now.mono;
  return out;
}

void comparison::begin_anew() {
  own_.clear();
  open_.clear();
  last_.clear();
  known_from_ = looked_at_ = 0;
  judged_ = 0;
}

std::vector<difference> comparison::told() const {
  std::vector<difference> all;
  for (const auto& [what, x] : told_)
    all.push_back(x.what);
  return all;
}

} // namespace troupe::rule
