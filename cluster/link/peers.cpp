#include "cluster/link/peers.hpp"

namespace troupe::cluster {

peer_ptr peers::put(const peer_ptr& x) {
  std::unique_lock lock{mutex_};
  auto& slot = by_name_[x->who.name];
  auto before = std::exchange(slot, x);
  if (before)
    by_node_.erase(before->node);
  by_node_[x->node] = x;
  return before;
}

bool peers::erase(const peer_ptr& x) {
  std::unique_lock lock{mutex_};
  const auto found = by_name_.find(x->who.name);
  if (found == by_name_.end() || found->second != x)
    return false;
  by_name_.erase(found);
  by_node_.erase(x->node);
  return true;
}

peer_ptr peers::find(const std::string& name) const {
  std::shared_lock lock{mutex_};
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

peer_ptr peers::find(const caf::node_id& node) const {
  std::shared_lock lock{mutex_};
  const auto found = by_node_.find(node);
  return found == by_node_.end() ? nullptr : found->second;
}

std::vector<peer_ptr> peers::all() const {
  std::shared_lock lock{mutex_};
  std::vector<peer_ptr> out;
  out.reserve(by_name_.size());
  for (const auto& [name, x] : by_name_)
    out.push_back(x);
  return out;
}

} // namespace troupe::cluster
