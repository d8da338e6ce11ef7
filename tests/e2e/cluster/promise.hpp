#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe::test {

/// What one document of a single writer must show after any troubles: what was
/// acknowledged last, or what was asked for since and never answered. Nothing
/// stands for "there is none".
///
/// If its writes were carried out at several nodes that could not hear of each
/// other, both sides of a cut have written it: the last of each side is kept, and
/// which one is shown is not promised (docs/replication.md).
class promise {
public:
  using text = std::optional<std::string>;

  void asked(text what) { open_.push_back(std::move(what)); }
  /// The last that was asked for was answered: done, at this node.
  void acknowledged(const std::string& node) {
    known_ = open_.back();
    kept_.erase(""); // every node had that
    kept_[node] = known_;
    open_.clear();
  }
  /// The last that was asked for was refused before anything was changed.
  void refused() { open_.pop_back(); }
  /// What was asked for may still be under way: nobody may write this now.
  [[nodiscard]] bool in_doubt() const noexcept { return !open_.empty(); }

  [[nodiscard]] bool allows(const text& shown) const {
    return std::any_of(kept_.begin(), kept_.end(), [&](const auto& x) { return x.second == shown; })
           || std::find(open_.begin(), open_.end(), shown) != open_.end();
  }
  /// All is quiet and every node shows this: nothing is open any more.
  void settled(text shown) {
    known_ = std::move(shown);
    kept_ = {{"", known_}};
    open_.clear();
  }
  [[nodiscard]] const text& known() const noexcept { return known_; }

private:
  text known_;
  std::map<std::string, text> kept_{{"", {}}}; ///< the last of each node that wrote
  std::vector<text> open_;
};

} // namespace troupe::test
