#include "actors/rule/script.hpp"

#undef CAF_SUITE
#define CAF_SUITE rule_script
#include <caf/test/dsl.hpp>

#include <stdexcept>

using namespace troupe;
using namespace troupe::rule;

namespace {

/// Echoes what it gets; trouble and exceptions on demand.
class echo final : public script_host {
public:
  void on_call(std::size_t, script_call& call) override {
    last = call;
    if (call.args[0] == value::text("trouble"))
      call.trouble = "no such thing";
    if (call.args[0] == value::text("throw"))
      throw std::runtime_error("thrown");
    call.answers = {call.args[0]};
  }
  script_call last;
};

constexpr script_function faces[] = {{"echo", 1, 2, true}};

script_result run(const std::string& lua, echo& host) {
  auto made = script::load(lua, {}, faces, "function twice(x) return echo(echo(x)) end");
  CAF_REQUIRE(made);
  return (*made)->run(host);
}

} // namespace

CAF_TEST(values pass between a rule and its host unchanged) {
  echo host;
  const std::pair<const char*, value> rows[] = {
    {"echo(true)", value::digital(true)},      {"echo(false)", value::digital(false)},
    {"echo(42)", value::integer(42)},          {"echo(0.5)", value::analog(0.5)},
    {"echo('a\\0b')", value::text({"a\0b", 3})}, {"echo(nil)", {}},
    {"twice('x')", value::text("x")},
  };
  for (const auto& [lua, expected] : rows) {
    const auto done = run(lua, host);
    CAF_CHECK(done.ok);
    CAF_REQUIRE(done.returned);
    CAF_CHECK_EQUAL(*done.returned, expected);
  }
}

CAF_TEST(options come by name) {
  echo host;
  CAF_CHECK(run("echo(1, 2, {priority = 8, lease = '5s'})", host).ok);
  CAF_CHECK_EQUAL(host.last.options.size(), 2u);
  CAF_CHECK(run("echo(1, {lease = '5s'})", host).ok);
  CAF_REQUIRE_EQUAL(host.last.options.size(), 1u);
  CAF_CHECK_EQUAL(host.last.options[0].first, "lease");
  CAF_CHECK_EQUAL(host.last.options[0].second, value::text("5s"));
}

CAF_TEST(errors tell the line of the rule and the text) {
  struct row {
    const char* lua;
    int line;
    const char* text;
  };
  const row rows[] = {
    {"local a = 1\n\nlocal b = a + nil", 3, "attempt to perform arithmetic on a nil value"},
    {"local a\necho('trouble')", 2, "no such thing"},
    {"local a\necho('throw')", 2, "thrown"},
    {"local a\n\ntwice('trouble')", 3, "no such thing"},
    {"local a\necho()", 2, "echo takes 1 to 2 arguments, not 0"},
    {"local a\necho(1, 2, 3)", 2, "echo takes 1 to 2 arguments, not 3"},
    {"local a\necho({})", 2, "echo: argument 1 is a table that cannot be passed on"},
    {"local a\necho(1, {1})", 2, "echo: the options must look like {name = value}"},
    {"local a\nerror('mine')", 2, "mine"},
    {"local a\nunknown_function()", 2, "attempt to call a nil value (global 'unknown_function')"},
  };
  for (const auto& x : rows) {
    echo host;
    const auto done = run(x.lua, host);
    CAF_CHECK(!done.ok);
    CAF_CHECK_EQUAL(done.line, x.line);
    CAF_CHECK_EQUAL(done.text, x.text);
  }
}

CAF_TEST(what does not compile is told with its line before it runs) {
  CAF_CHECK(!check_script("if on('a') then set('b', true) end"));
  CAF_CHECK(!check_script("on('a') and not on('b')"));
  CAF_CHECK(!check_script(""));
  CAF_CHECK(!check_script("-- nothing"));
  const auto wrong = check_script("local a = 1\nif a then\nset('b', )\nend");
  CAF_REQUIRE(wrong);
  CAF_CHECK_EQUAL(*wrong, "line 3: unexpected symbol near ')'");
  const auto open = check_script("if on('a') then");
  CAF_REQUIRE(open);
  CAF_CHECK(open->find("'end' expected") != std::string::npos);
}
