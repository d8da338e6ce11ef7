#pragma once

#include <compare>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace troupe::cluster {

/// Where an announcement is seen: the same node is seen once for each interface
/// and family.
struct sighting_key {
  int interface = 0;
  int family = 0;
  std::string instance;
  std::string domain;

  friend auto operator<=>(const sighting_key&, const sighting_key&) = default;
};

/// Which nodes are seen at which addresses. Pure; one thread.
class sightings {
public:
  static constexpr std::size_t max_seen = 256;     ///< more are passed over
  static constexpr std::size_t max_addresses = 16; ///< of one name

  /// What is to be told. No addresses: lost.
  struct change {
    std::string name;
    std::vector<std::string> addresses; ///< sorted, each once

    friend bool operator==(const change&, const change&) = default;
  };

  /// Nothing where nothing is new.
  std::vector<change> saw(const sighting_key& at, const std::string& name, const std::string& address);
  std::vector<change> gone(const sighting_key& at);

  /// The view was interrupted: all stays as it is until it is seen again, or
  /// `forget_doubted`.
  void doubt();
  std::vector<change> forget_doubted();

  [[nodiscard]] std::size_t size() const { return seen_.size(); }

private:
  struct one {
    std::string name;
    std::string address;
    bool doubted = false;
  };
  [[nodiscard]] std::vector<std::string> addresses_of(const std::string& name) const;
  std::vector<change> told(const std::vector<std::string>& names);

  std::map<sighting_key, one> seen_;
  std::map<std::string, std::vector<std::string>> told_; ///< by name
};

} // namespace troupe::cluster
