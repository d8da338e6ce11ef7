#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace troupe::daemon {

/// What people call things: facts of the configuration that answers carry
/// along. Filled by the reconciler. Threads: any.
class catalog {
public:
  struct item {
    std::string kind;  ///< "input", "output", "counter", "rule", "bus"
    std::string label;
    std::string unit;
    std::string bus;
  };

  void put(const std::string& name, item x);
  void erase(const std::string& name);
  [[nodiscard]] std::optional<item> find(const std::string& name) const;
  [[nodiscard]] std::map<std::string, item> all() const;

private:
  mutable std::mutex mutex_;
  std::map<std::string, item> items_;
};

} // namespace troupe::daemon
