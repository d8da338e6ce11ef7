#include "cluster/link/catalogue.hpp"

namespace troupe::cluster {

std::vector<catalogue_part> catalogue::cut(std::uint64_t revision,
                                           const std::vector<std::string>& documents) {
  std::vector<catalogue_part> out(1);
  std::size_t bytes = 0;
  for (const auto& x : documents) {
    if (bytes + x.size() > part_bytes && !out.back().documents.empty()) {
      out.emplace_back();
      bytes = 0;
    }
    bytes += x.size();
    out.back().documents.push_back(x);
  }
  for (std::uint32_t i = 0; i < out.size(); ++i) {
    out[i].revision = revision;
    out[i].part = i;
    out[i].parts = static_cast<std::uint32_t>(out.size());
  }
  return out;
}

bool catalogue::take(const std::string& node, const catalogue_part& part, bool* over) {
  std::lock_guard lock{mutex_};
  auto& x = books_[node];
  if (part.part == 0) {
    x.coming = part.revision;
    x.parts_seen = 0;
    x.bytes = 0;
    x.arriving.clear();
  }
  if (part.revision != x.coming || part.part != x.parts_seen)
    return false; // the rest of a revision whose begin was lost with its link
  ++x.parts_seen;
  for (const auto& document : part.documents) {
    x.bytes += document.size() + document_costs;
    if (x.bytes > most_bytes) {
      x.arriving = {};
      x.parts_seen = part.parts; // none of its further parts is wanted
      if (over != nullptr)
        *over = true;
      return false;
    }
    x.arriving.push_back(document);
  }
  if (x.parts_seen < part.parts)
    return false;
  x.documents = std::move(x.arriving);
  x.arriving = {};
  x.whole = true;
  return true;
}

void catalogue::forget(const std::string& node) {
  std::lock_guard lock{mutex_};
  books_.erase(node);
}

std::vector<std::string> catalogue::of(const std::string& node) const {
  std::lock_guard lock{mutex_};
  const auto found = books_.find(node);
  return found == books_.end() ? std::vector<std::string>{} : found->second.documents;
}

std::map<std::string, std::vector<std::string>> catalogue::all() const {
  std::lock_guard lock{mutex_};
  std::map<std::string, std::vector<std::string>> out;
  for (const auto& [node, x] : books_)
    if (x.whole)
      out[node] = x.documents;
  return out;
}

} // namespace troupe::cluster
