#pragma once

#include "storage/replicated_store.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace troupe::bench {

/// The store's own thread, as a node runs it.
class store_thread {
public:
  explicit store_thread(storage::store& of);
  ~store_thread();
  store_thread(const store_thread&) = delete;
  store_thread& operator=(const store_thread&) = delete;

private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

/// A member of a house without buses, units and control interface: the real
/// store on RocksDB, the real exchange, link and transport. What the daemon puts
/// together for replication, and nothing else.
///
/// Errors: std::runtime_error.
class member {
public:
  struct options {
    std::string name;
    std::string folder; ///< has `pki`, and gets the store
  };
  explicit member(options how);
  ~member();
  member(const member&) = delete;
  member& operator=(const member&) = delete;

  /// At a free port of loopback.
  std::uint16_t listen();
  void dial(const std::string& name, std::uint16_t port);
  /// Waits until it has exchanged everything with `name`.
  bool await_equal(const std::string& name, std::chrono::milliseconds limit);
  [[nodiscard]] storage::replicated_store& store();
  /// Bytes of frames to and from this peer so far.
  struct traffic {
    std::uint64_t out = 0, in = 0;
  };
  [[nodiscard]] traffic with(const std::string& name) const;

private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

} // namespace troupe::bench
