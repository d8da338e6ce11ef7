#include "cluster/link/messages.hpp"

#include "cluster/membership/inspect.hpp"

namespace troupe::cluster {

void add_link_messages(caf::actor_system_config& config) {
  config.add_message_type<hello>("troupe::hello");
  config.add_message_type<reading_batch>("troupe::reading_batch");
  config.add_message_type<batch_taken>("troupe::batch_taken");
  config.add_message_type<envelope>("troupe::envelope");
  config.add_message_type<envelopes_taken>("troupe::envelopes_taken");
  config.add_message_type<tick_asked>("troupe::tick_asked");
  config.add_message_type<tick_told>("troupe::tick_told");
  config.add_message_type<far_call>("troupe::far_call");
  config.add_message_type<far_answer>("troupe::far_answer");
  config.add_message_type<far_pull>("troupe::far_pull");
  config.add_message_type<far_events>("troupe::far_events");
  config.add_message_type<far_close>("troupe::far_close");
  config.add_message_type<catalogue_part>("troupe::catalogue_part");
  config.add_message_type<trust_offer>("troupe::trust_offer");
  config.add_message_type<membership_message>("troupe::membership_message");
}

} // namespace troupe::cluster
