#include "actors/protocol/registration.hpp"

#include "actors/protocol/channel.hpp"
#include "actors/protocol/ownership.hpp"

namespace troupe {

void add_messages(caf::actor_system_config& config) {
  config.add_message_type<value>("troupe::value");
  config.add_message_type<error>("troupe::error");
  config.add_message_type<reading>("troupe::reading");
  config.add_message_type<storage::step>("troupe::step");
  config.add_message_type<permit>("troupe::permit");
  config.add_message_type<carried>("troupe::carried");
  config.add_message_type<command>("troupe::command");
  config.add_message_type<instance>("troupe::instance");
  config.add_message_type<ballot>("troupe::ballot");
  config.add_message_type<ownership_letter>("troupe::ownership_letter");
  config.add_message_type<owner_order>("troupe::owner_order");
  config.add_message_type<node_gone>("troupe::node_gone");
  config.add_message_type<output_holder>("troupe::output_holder");
  config.add_message_type<renewal>("troupe::renewal");
  config.add_message_type<command_answer>("troupe::command_answer");
  config.add_message_type<force_value>("troupe::force_value");
  config.add_message_type<view_input>("troupe::view_input");
  config.add_message_type<input_view>("troupe::input_view");
  config.add_message_type<view_output>("troupe::view_output");
  config.add_message_type<output_slot>("troupe::output_slot");
  config.add_message_type<output_view>("troupe::output_view");
  config.add_message_type<view_counter>("troupe::view_counter");
  config.add_message_type<count_view>("troupe::count_view");
  config.add_message_type<set_total>("troupe::set_total");
  config.add_message_type<total_stored>("troupe::total_stored");
  config.add_message_type<view_bus>("troupe::view_bus");
  config.add_message_type<bus_line>("troupe::bus_line");
  config.add_message_type<bus_view>("troupe::bus_view");
}

} // namespace troupe
