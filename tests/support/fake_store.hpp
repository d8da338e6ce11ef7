#pragma once

#include "storage/store.hpp"

#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace troupe::test {

/// A store for tests of units: documents and journal in plain sight, refusals
/// on demand. Survives the units, as a disk does. One thread.
class fake_store final : public storage::store {
public:
  std::map<std::pair<storage::slot_kind, std::string>, std::string> documents;
  std::vector<storage::journal_event> events;
  std::size_t puts = 0;
  error refuses; ///< told to every writer while its code is not none

  status put(storage::slot_kind kind, const std::string& key, std::string payload,
             storage::on_durable done = {}, storage::ack = storage::ack::usual) override {
    if (refuses.code != errc::none)
      return refuses;
    ++puts;
    documents[{kind, key}] = std::move(payload);
    if (done)
      done({});
    return {};
  }

  status erase(storage::slot_kind kind, const std::string& key, storage::on_durable done = {},
               storage::ack = storage::ack::usual) override {
    documents.erase({kind, key});
    if (done)
      done({});
    return {};
  }

  std::optional<storage::entry> get(storage::slot_kind kind,
                                    const std::string& key) const override {
    const auto found = documents.find({kind, key});
    if (found == documents.end())
      return {};
    storage::entry x;
    x.kind = kind;
    x.key = key;
    x.payload = found->second;
    return x;
  }

  std::vector<storage::entry> list(storage::slot_kind kind,
                                   const std::string& prefix = {}) const override {
    std::vector<storage::entry> all;
    for (const auto& [key, payload] : documents)
      if (key.first == kind && key.second.starts_with(prefix))
        all.push_back(*get(kind, key.second));
    return all;
  }

  void counted(const std::string& key, std::uint64_t n) override { counts[key] = n; }
  storage::counter_view counter(const std::string& key) const override {
    const auto found = counts.find(key);
    const auto n = found != counts.end() ? found->second : 0;
    return {n, n, n, true};
  }
  status set_counter(const std::string& key, std::uint64_t total, const std::string&,
                     storage::on_durable done = {}) override {
    counts[key] = total;
    if (done)
      done({});
    return {};
  }
  void checkpoint_now() override {}

  void append(storage::journal_event event) override {
    event.seq = events.size() + 1;
    events.push_back(std::move(event));
  }
  std::vector<storage::journal_event> journal(const storage::journal_query&) const override {
    return events;
  }

  std::shared_ptr<void> on_change(storage::slot_kind, const std::string&,
                                  std::function<void(const storage::entry&, bool)>) override {
    return nullptr;
  }
  std::shared_ptr<void>
  on_event(std::function<void(const storage::journal_event&)>) override {
    return nullptr;
  }

  storage::store_stats stats() const override { return {}; }
  void set_wake(std::function<void()>) override {}
  mono_ns work() override { return std::numeric_limits<mono_ns>::max(); }
  status close() override { return {}; }

  std::map<std::string, std::uint64_t> counts;
};

} // namespace troupe::test
