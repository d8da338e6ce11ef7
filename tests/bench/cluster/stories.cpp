#include "tests/bench/cluster/stories.hpp"

#include "apps/client/node.hpp"

#include <algorithm>

namespace troupe::bench {

std::string stories::told::standing() const {
  const auto from = text.find(" -> ");
  const auto to = text.find(':');
  return from == std::string::npos || to == std::string::npos || to < from ? "" : text.substr(from + 4, to - from - 4);
}

stories::~stories() { end(); }

void stories::end() {
  ending_ = true;
  for (auto& x : threads_)
    x.join();
  threads_.clear();
}

void stories::follow(const std::string& node) {
  threads_.emplace_back([this, node] {
    while (!ending_) {
      read(node);
      pause(std::chrono::milliseconds{20});
    }
  });
}

void stories::read(const std::string& node) {
  client::target to;
  to.socket = farm_.socket(node);
  to.node = node; // its own journal alone
  const client::node from{client::resolve(to)};
  // Ends with the node.
  (void)from.stream("/v1/streams/log", {{"kind", "node"}, {"newest", "1"}}, [&](const client::event& x) {
    const auto at = now_ns();
    const auto said = nlohmann::json::parse(x.data, nullptr, false);
    if (said.is_object() && said.contains("text")) {
      std::lock_guard lock{mutex_};
      told_.push_back({at, node, said.value("subject", ""), said.value("text", "")});
      changed_.notify_all();
    }
    return !ending_;
  });
}

std::optional<stories::told> stories::await(const std::string& by, const std::string& of,
                                            const std::vector<std::string>& standings, std::int64_t since,
                                            std::chrono::milliseconds limit) {
  std::unique_lock lock{mutex_};
  std::optional<told> found;
  changed_.wait_for(lock, limit, [&] {
    for (const auto& x : told_)
      if (x.at >= since && x.by == by && x.of == of
          && std::find(standings.begin(), standings.end(), x.standing()) != standings.end()) {
        found = x;
        return true;
      }
    return false;
  });
  return found;
}

std::vector<stories::told> stories::all() const {
  std::lock_guard lock{mutex_};
  return told_;
}

void stories::forget() {
  std::lock_guard lock{mutex_};
  told_.clear();
}

} // namespace troupe::bench
