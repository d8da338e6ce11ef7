#include "cluster/link/messages.hpp"

#include "cluster/membership/inspect.hpp"

namespace troupe::cluster {

namespace {

/// Calls `f` with the name and a null pointer of each type.
template <class F>
void each(F f) {
  f("troupe::hello", static_cast<hello*>(nullptr));
  f("troupe::reading_batch", static_cast<reading_batch*>(nullptr));
  f("troupe::batch_taken", static_cast<batch_taken*>(nullptr));
  f("troupe::envelope", static_cast<envelope*>(nullptr));
  f("troupe::ownership_frame", static_cast<ownership_frame*>(nullptr));
  f("troupe::envelopes_taken", static_cast<envelopes_taken*>(nullptr));
  f("troupe::tick_asked", static_cast<tick_asked*>(nullptr));
  f("troupe::tick_told", static_cast<tick_told*>(nullptr));
  f("troupe::far_call", static_cast<far_call*>(nullptr));
  f("troupe::far_answer", static_cast<far_answer*>(nullptr));
  f("troupe::far_pull", static_cast<far_pull*>(nullptr));
  f("troupe::far_events", static_cast<far_events*>(nullptr));
  f("troupe::far_close", static_cast<far_close*>(nullptr));
  f("troupe::replica_frame", static_cast<replica_frame*>(nullptr));
  f("troupe::catalogue_part", static_cast<catalogue_part*>(nullptr));
  f("troupe::trust_offer", static_cast<trust_offer*>(nullptr));
  f("troupe::membership_message", static_cast<membership_message*>(nullptr));
}

} // namespace

void add_link_messages(caf::actor_system_config& config) {
  each([&]<class T>(const char* name, T*) { config.add_message_type<T>(name); });
}

std::vector<std::string> link_message_names() {
  std::vector<std::string> out;
  each([&](const char* name, auto*) { out.emplace_back(name); });
  return out;
}

} // namespace troupe::cluster
