#pragma once

#include "actors/supervision/fence.hpp"
#include "actors/supervision/vitals.hpp"
#include "config/model/result.hpp"

#include <caf/actor.hpp>
#include <caf/message.hpp>
#include <caf/send.hpp>

#include <compare>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace troupe {

/// Addresses are names: who answers to a name now. Entries come and go with
/// supervision; a restart in place changes nothing here, a replaced actor
/// changes the handle. Threads: any.
class directory {
public:
  struct row {
    std::string name;
    std::string type;   ///< "channel", "rule", "bus", "supervisor"
    std::string parent; ///< its supervisor
    caf::actor handle;
    std::shared_ptr<vitals> life;
    bool detached = false;
  };

  /// Adds or replaces.
  void put(row x);
  void erase(const std::string& name);

  [[nodiscard]] caf::actor find(const std::string& name) const; ///< null if none
  [[nodiscard]] std::optional<row> lookup(const std::string& name) const;
  [[nodiscard]] std::vector<row> list() const; ///< ordered by name

  /// Where names are looked for that nobody here has: another node. Set once,
  /// before the first actor starts; called on the sender's thread, must not
  /// block. @returns whether the message is on its way.
  using elsewhere_fn = std::function<bool(const std::string& name, caf::message what)>;
  void elsewhere(elsewhere_fn f) { elsewhere_ = std::move(f); }

  /// Sends to whoever has the name now, here or elsewhere. @returns false if
  /// nobody has, or if the caller itself was fenced: another one speaks in its
  /// name.
  template <class... Ts>
  bool send(const std::string& name, Ts&&... xs) const {
    if (supervision::speaker_is_fenced())
      return false;
    auto whom = find(name);
    if (!whom)
      return elsewhere_ && elsewhere_(name, caf::make_message(std::forward<Ts>(xs)...));
    caf::anon_send(whom, std::forward<Ts>(xs)...);
    return true;
  }

private:
  /// What siblings have in common, kept once and counted.
  struct kin {
    std::string type;
    std::string parent;
    bool detached = false;
    friend auto operator<=>(const kin&, const kin&) = default;
  };
  using kin_map = std::map<kin, std::size_t>;

  struct entry {
    caf::actor handle;
    std::shared_ptr<vitals> life;
    kin_map::iterator of;
  };
  using entry_map = std::unordered_map<std::string, entry>;

  static row row_of(const entry_map::value_type& x);
  void let_go(kin_map::iterator of);

  elsewhere_fn elsewhere_;
  mutable std::shared_mutex mutex_;
  kin_map kins_;
  entry_map rows_;
};

} // namespace troupe
