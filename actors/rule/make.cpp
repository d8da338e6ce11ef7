#include "actors/rule/make.hpp"

#include "actors/rule/rule_unit.hpp"

namespace troupe {

make_unit make_rule(services& house, rule_config config, make_authority may_act) {
  return [&house, config = std::move(config), may_act = std::move(may_act)](unit_context& context) -> std::unique_ptr<unit> {
    return std::make_unique<rule::rule_unit>(context, house, config,
                                             may_act ? may_act() : nullptr);
  };
}

std::string rule_address(const std::string& rule_name) {
  return rule::address_of(rule_name);
}

status forget_rule(storage::store& store, const std::string& rule_name) {
  return store.erase(storage::slot_kind::own, rule::address_of(rule_name));
}

} // namespace troupe
