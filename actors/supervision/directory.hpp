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
#include <set>
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

  /// How to reach an actor on another node, which may be one of several that
  /// have its name. As `elsewhere`; without it other nodes are out of reach.
  using at_node_fn = std::function<bool(const std::string& node, const std::string& name, caf::message what)>;
  void at_node(std::string self, at_node_fn f) {
    self_ = std::move(self);
    at_node_ = std::move(f);
  }
  [[nodiscard]] const std::string& self() const noexcept { return self_; }

  /// Sends to whoever has the name on that node.
  template <class... Ts>
  bool send_to(const std::string& node, const std::string& name, Ts&&... xs) const {
    if (supervision::speaker_is_fenced())
      return false;
    if (!node.empty() && node != self_)
      return at_node_ && at_node_(node, name, caf::make_message(std::forward<Ts>(xs)...));
    auto whom = find(name);
    if (whom)
      caf::anon_send(whom, std::forward<Ts>(xs)...);
    return static_cast<bool>(whom);
  }

  /// Whoever has the name here is told of each node whose link ends.
  void follow_nodes(const std::string& name);
  /// In the order of calls, before what a later link of that node brings.
  template <class Message>
  void tell_followers(const Message& what) const {
    for (const auto& whom : followers())
      caf::anon_send(whom, what);
  }

private:
  [[nodiscard]] std::vector<caf::actor> followers() const;

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
  at_node_fn at_node_;
  std::string self_;
  mutable std::shared_mutex mutex_;
  kin_map kins_;
  entry_map rows_;
  std::set<std::string> followers_;
};

} // namespace troupe
