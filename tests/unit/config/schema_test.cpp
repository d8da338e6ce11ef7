#undef CAF_SUITE
#define CAF_SUITE schema

#include "config/model/house.hpp"
#include "config/schema/schema.hpp"
#include "config/schema/take.hpp"

#include <caf/test/dsl.hpp>

#include <set>

using namespace troupe;
using schema::json;

namespace {

std::vector<const schema::section*> all_sections() {
  auto all = schema::house_sections();
  all.push_back(&schema::node_section());
  return all;
}

template <class T>
void check_defaults(const schema::section& of) {
  const T fresh;
  for (const auto& x : of.options) {
    if (x.required)
      continue; // its default is never seen
    CAF_MESSAGE(of.name << "." << x.key);
    CAF_CHECK_EQUAL(x.field.read(&fresh), x.fallback);
  }
}

// Some canonical value within the limits that is not the default.
json other_value(const schema::option& x) {
  using schema::shape;
  switch (x.field.kind) {
  case shape::text: return "other";
  case shape::toggle: return !x.fallback.get<bool>();
  case shape::count:
  case shape::number: {
    const json at_limit = x.least.value_or(-3);
    return schema::take(x, at_limit).value == x.fallback
             ? schema::take(x, x.least.value_or(-4) + 2).value
             : schema::take(x, at_limit).value;
  }
  case shape::duration: return "4s";
  case shape::size: return "7MiB";
  case shape::word: return x.field.words.back() == x.fallback ? x.field.words.front()
                                                              : x.field.words.back();
  case shape::list: return json::array({"one", "two"});
  case shape::level: return 4.5;
  }
  return nullptr;
}

template <class T>
void check_bindings(const schema::section& of) {
  for (const auto& x : of.options) {
    CAF_MESSAGE(of.name << "." << x.key);
    const auto wanted = other_value(x);
    CAF_REQUIRE_EQUAL(schema::take(x, wanted).trouble, "");
    T it;
    std::vector<json> before;
    for (const auto& y : of.options)
      before.push_back(y.field.read(&it));
    x.field.write(&it, wanted);
    for (std::size_t i = 0; i < of.options.size(); ++i)
      if (of.options[i].key == x.key)
        CAF_CHECK_EQUAL(of.options[i].field.read(&it), wanted);
      else
        CAF_CHECK_EQUAL(of.options[i].field.read(&it), before[i]);
  }
}

} // namespace

CAF_TEST(every default is what the settings struct starts with) {
  check_defaults<bus_config>(schema::bus_section());
  check_defaults<channel_config>(schema::channel_section());
  check_defaults<counter_config>(schema::counter_section());
  check_defaults<rule_config>(schema::rule_section());
  check_defaults<drill_config>(schema::drill_section());
  check_defaults<node_config>(schema::node_section());
}

CAF_TEST(every option writes and reads its own field and no other) {
  check_bindings<bus_config>(schema::bus_section());
  check_bindings<channel_config>(schema::channel_section());
  check_bindings<counter_config>(schema::counter_section());
  check_bindings<rule_config>(schema::rule_section());
  check_bindings<drill_config>(schema::drill_section());
  check_bindings<node_config>(schema::node_section());
}

CAF_TEST(every default passes its own limits and is canonical) {
  for (const auto* of : all_sections())
    for (const auto& x : of->options) {
      if (x.fallback.is_null() || x.required)
        continue;
      CAF_MESSAGE(of->name << "." << x.key);
      const auto it = schema::take(x, x.fallback);
      CAF_CHECK_EQUAL(it.trouble, "");
      CAF_CHECK_EQUAL(it.value, x.fallback);
    }
}

CAF_TEST(every option is explained and kebab-case and said once) {
  for (const auto* of : all_sections()) {
    std::set<std::string> keys;
    for (const auto& x : of->options) {
      CAF_MESSAGE(of->name << "." << x.key);
      CAF_CHECK(keys.insert(x.key).second);
      CAF_CHECK_EQUAL(x.key.find_first_not_of("abcdefghijklmnopqrstuvwxyz-"), std::string::npos);
      CAF_CHECK(x.help.size() > 15 && x.help.ends_with('.'));
      CAF_CHECK(!x.required || !x.example.empty());
      for (const auto& y : x.only) {
        const auto* other = of->find(y.key);
        CAF_REQUIRE(other != nullptr);
        // A condition that nothing can fulfil would forbid the option.
        for (const auto& word : y.words)
          CAF_CHECK_EQUAL(schema::take(*other, word).trouble, "");
      }
    }
  }
}

CAF_TEST(values become canonical) {
  const auto& channel = schema::channel_section();
  const auto& rule = schema::rule_section();
  const struct {
    const schema::section& of;
    const char* key;
    json written;
    json canonical;
  } rows[] = {
    {channel, "lease", "5000ms", "5s"},      {channel, "lease", "1.5s", "1500ms"},
    {rule, "memory", "1024KiB", "1MiB"},     {channel, "line", 17, "17"},
    {channel, "safe", true, "on"},           {channel, "safe", "off", "off"},
    {channel, "safe", 4, 4.0},               {channel, "buffer", 64.0, 64},
    {channel, "scale", 2, 2.0},              {channel, "edges", "none", "none"},
    {rule, "outputs", {"a", "b"}, {"a", "b"}},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.key << " = " << x.written.dump());
    const auto it = schema::take(*x.of.find(x.key), x.written);
    CAF_CHECK_EQUAL(it.trouble, "");
    CAF_CHECK_EQUAL(it.value, x.canonical);
  }
}

CAF_TEST(limits themselves are allowed and one beyond is not) {
  for (const auto* of : all_sections())
    for (const auto& x : of->options) {
      using schema::shape;
      if (x.field.kind != shape::count && x.field.kind != shape::duration)
        continue;
      CAF_MESSAGE(of->name << "." << x.key);
      const auto written = [&](double n) {
        return x.field.kind == shape::count
                 ? json(static_cast<std::int64_t>(n))
                 : json(std::to_string(static_cast<std::int64_t>(n)) + "ms");
      };
      CAF_REQUIRE(x.least && x.most);
      CAF_CHECK_EQUAL(schema::take(x, written(*x.least)).trouble, "");
      CAF_CHECK_EQUAL(schema::take(x, written(*x.most)).trouble, "");
      CAF_CHECK_NOT_EQUAL(schema::take(x, written(*x.least - 1)).trouble, "");
      // 2^53 + 1 is no double.
      if (*x.most < 9e15)
        CAF_CHECK_NOT_EQUAL(schema::take(x, written(*x.most + 1)).trouble, "");
    }
}
