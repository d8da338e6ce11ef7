#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace troupe::test {

/// What one document of a single writer must show after any troubles: what was
/// acknowledged last, or what was asked for since and never answered. Nothing
/// stands for "there is none".
class promise {
public:
  using text = std::optional<std::string>;

  void asked(text what) { open_.push_back(std::move(what)); }
  /// The last that was asked for was answered: done.
  void acknowledged() {
    known_ = open_.back();
    open_.clear();
  }
  /// The last that was asked for was refused before anything was changed.
  void refused() { open_.pop_back(); }
  /// What was asked for may still be under way: nobody may write this now.
  [[nodiscard]] bool in_doubt() const noexcept { return !open_.empty(); }

  [[nodiscard]] bool allows(const text& shown) const {
    return shown == known_ || std::find(open_.begin(), open_.end(), shown) != open_.end();
  }
  /// All is quiet and every node shows this: nothing is open any more.
  void settled(text shown) {
    known_ = std::move(shown);
    open_.clear();
  }
  [[nodiscard]] const text& known() const noexcept { return known_; }

private:
  text known_;
  std::vector<text> open_;
};

} // namespace troupe::test
