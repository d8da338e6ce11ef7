#pragma once

#include "config/load/document.hpp"
#include "config/load/plan.hpp"
#include "config/model/house.hpp"
#include "storage/store.hpp"

#include <nlohmann/json.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe::daemon {

using json = nlohmann::json;

/// What the operator asked for of one node: documents under `desired/<node>/` in
/// the store, and the revisions that led there under `revision/<node>/`
/// (docs/decisions/0003). In a cluster every node holds those of all, so a change
/// can be written at any of them, also while the node that it is for is away.
///
/// A revision holds, for each document that it changed, what stood there before
/// and after; so any of the kept ones can be reached again by walking back.
///
/// Threads: any; writers are serialised by the caller.
class desired {
public:
  /// How many revisions are kept.
  static constexpr std::size_t kept_revisions = 50;

  desired(storage::store& disk, const clock_source& clocks, const std::string& node);

  /// By node, as this store holds them.
  [[nodiscard]] static std::map<std::string, std::vector<document>> of_all(const storage::store& disk);
  /// Whether any other node's documents have this.
  [[nodiscard]] bool has_elsewhere(const std::string& section, const std::string& name) const;
  /// What the keys of the documents begin with.
  [[nodiscard]] const std::string& prefix() const noexcept { return documents_prefix_; }
  /// The node whose documents a key belongs to; empty: none of these.
  [[nodiscard]] static std::string node_of(const std::string& key);
  /// Under which key the store has a document of `node`.
  [[nodiscard]] static std::string key_at(const std::string& node, const document& x);

  [[nodiscard]] std::vector<document> documents() const;
  [[nodiscard]] std::optional<document> find(const std::string& section,
                                             const std::string& name) const;

  /// Writes what differs between `before` and `wanted`, and a revision that says
  /// who asked and why. Waits until it is durable.
  /// @param before the documents that `wanted` was made from. What is not changed
  ///        is left alone: another node may have written it since.
  /// @returns the revision's number, 0 if nothing changes; an error of the
  ///          store otherwise: `indeterminate` and `timed_out` mean that it
  ///          works now but may be gone after a power cut; after all others
  ///          everything is as before.
  [[nodiscard]] result<std::uint64_t> write(const std::vector<document>& before,
                                            const std::vector<document>& wanted,
                                            const std::string& who, const std::string& text);

  /// Newest first: [{revision, at, who, text, steps: [text]}].
  [[nodiscard]] json history(std::size_t newest) const;

  /// Of all nodes, as this store holds them, each with its "node": newest first.
  [[nodiscard]] static json history_of_all(const storage::store& disk, std::size_t newest);

  /// The documents as they stood after a revision; 0 is the empty house.
  [[nodiscard]] result<std::vector<document>> at_revision(std::uint64_t revision) const;

private:
  struct entry_write {
    std::string key;
    std::optional<std::string> payload; ///< none: erase
  };
  [[nodiscard]] std::string key_of(const document& x) const;
  [[nodiscard]] std::string head_key(std::uint64_t revision) const;
  [[nodiscard]] std::map<std::string, document> index(const std::vector<document>& all) const;
  status carry_out(const entry_write& x, storage::on_durable done);
  [[nodiscard]] static status check_sizes(const std::vector<entry_write>& all);

  storage::store& disk_;
  const clock_source& clocks_;
  const std::string node_;
  const std::string documents_prefix_;
  const std::string revisions_prefix_;
};

/// A rule that stays on its node.
struct fixed_rule {
  rule_config config;
  std::string node;
};
/// Of the whole house, as this store holds it.
[[nodiscard]] std::vector<fixed_rule> fixed_rules(const storage::store& disk);

} // namespace troupe::daemon
