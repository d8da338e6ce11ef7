#include "actors/rule/script.hpp"

#undef CAF_SUITE
#define CAF_SUITE rule_sandbox
#include <caf/test/dsl.hpp>

#include <chrono>

using namespace troupe;
using namespace troupe::rule;

namespace {

class nobody final : public script_host {
public:
  void on_call(std::size_t, script_call&) override {}
};

struct sandbox_fixture {
  sandbox_limits limits{200000, 1 << 20};

  script_result run(const std::string& lua) {
    auto made = script::load(lua, limits, {}, "");
    if (!made)
      return {false, false, "compile: " + made.why().context, 0, {}, 0, 0};
    nobody host;
    return (*made)->run(host);
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(sandbox_tests, sandbox_fixture)

CAF_TEST(a rule reaches nothing outside of itself) {
  for (const char* name :
       {"io", "os", "package", "debug", "coroutine", "require", "load", "loadstring", "loadfile",
        "dofile", "collectgarbage", "rawset", "xpcall", "print", "string.dump",
        "math.randomseed", "_G.io", "_G._G.os", "(_ENV or {}).debug",
        "rawget(_G, 'io')", "('x').dump"}) {
    const auto done = run(std::string("return ") + name + " == nil");
    CAF_CHECK(done.ok);
    CAF_CHECK_EQUAL(done.returned.value_or(value{}), value::digital(true));
    CAF_MESSAGE(name << " " << done.text);
  }
}

CAF_TEST(what a rule breaks in its world is whole again in the next run) {
  auto made = script::load("if leak then return leak end\n"
                           "leak = 'seen'; tostring = nil; _G.type = nil; _ENV.pairs = 1",
                           limits, {}, "");
  CAF_REQUIRE(made);
  nobody host;
  CAF_CHECK(!(*made)->run(host).returned);
  CAF_CHECK(!(*made)->run(host).returned);
}

CAF_TEST(attempts to escape end as errors) {
  struct row {
    const char* what;
    const char* lua;
    const char* error;
  };
  const row rows[] = {
    {"bytecode", "\x1bLuaS", "compile: attempt to load a binary chunk"},
    {"write to a library", "string.rep = nil", "read-only"},
    {"write to a library by table.insert", "table.insert(math, 1)", "without a metatable"},
    {"string metatable", "getmetatable('').__index = nil", "index a boolean value"},
    {"library metatable", "setmetatable(string, {})", "protected metatable"},
    {"globals' metatable", "setmetatable(_G, {})", "protected metatable"},
    {"finalizer", "setmetatable({}, {__gc = function() while true do end end})", "__gc"},
    {"error object", "error({})", "error() with a table"},
    {"tostring trap", "error(setmetatable({}, {__tostring = function() while true do end end}))",
     "error() with a table"},
    {"repeat nothing", "string.rep('', 1 << 60)", "too many"},
    {"repeat nothing by method", "(''):rep(1 << 60)", "too many"},
    {"move for ever", "table.move({}, 1, 1 << 62, 2)", "elements"},
    {"move from the least integer", "table.move({}, math.mininteger, math.maxinteger, 1)", "elements"},
    {"forged length", "table.insert(setmetatable({}, {__len = function() return 1 << 60 end}), 1, 1)",
     "without a metatable"},
    {"long sort", "local t = {} for i = 1, 10001 do t[i] = i end table.sort(t)", "too long"},
    {"pattern bomb", "local p = ('.-'):rep(20) .. 'b'; return (('a'):rep(1000)):match(p)",
     "could take too long"},
    {"pattern bomb in gsub", "return string.gsub(('a'):rep(5000), 'a-a-a-b', '')",
     "could take too long"},
    {"concat for ever", "table.concat(setmetatable({}, {__index = type}), '', 1, 1 << 50)",
     "without a metatable"},
    {"unpack for ever", "table.unpack({}, 1, 1 << 40)", "elements"},
    {"C stack", "local function f() return pcall(f) end f() local s = ('('):rep(10) error(s)", "((("},
  };
  for (const auto& x : rows) {
    const auto done = run(x.lua);
    CAF_MESSAGE(x.what << ": " << done.text);
    CAF_CHECK(!done.ok);
    CAF_CHECK(done.text.find(x.error) != std::string::npos);
  }
}

CAF_TEST(an endless loop ends at the instruction budget also inside pcall) {
  for (const char* lua :
       {"while true do end", "pcall(function() while true do end end) state = 1",
        "while true do pcall(function() while true do end end) end",
        "local function f() pcall(f) f() end f()",
        "repeat until false", "for i = 1, 1 << 60 do end", "goto a ::a:: goto a",
        "local t <close> = setmetatable({}, {__close = function() while true do end end})\n"
        "while true do end",
        "table.sort({3, 2, 1}, function() while true do end end)",
        "string.gsub('aaa', 'a', function() while true do end end)",
        "return setmetatable({}, {__index = function(t, k) return t[k + 1] end})[1]",
        "for _ in pairs(setmetatable({}, {__pairs = function() return function() return 1 end end})) "
        "do end"}) {
    const auto began = std::chrono::steady_clock::now();
    const auto done = run(lua);
    CAF_MESSAGE(lua << ": " << done.text);
    CAF_CHECK(!done.ok);
    CAF_CHECK(done.overrun || done.text.find("stack overflow") != std::string::npos);
    CAF_CHECK(done.instructions <= limits.instructions);
    CAF_CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds{5});
  }
}

CAF_TEST(a rule that eats memory ends at its budget also inside pcall) {
  limits.instructions = 5'000'000;
  for (const char* lua :
       {"local t = {} for i = 1, 1e9 do t[i] = i end",
        "local s = 'x' while true do s = s .. s end",
        "pcall(function() local s = 'x' while true do s = s .. s end end) return 1",
        "return ('x'):rep(5000000)", "return table.concat({('x'):rep(900000), ('y'):rep(900000)})",
        "local t = {} while true do pcall(function() for i = 1, 1e9 do t[#t + 1] = {} end end) end",
        "local t = {} for i = 1, 1e9 do t[i] = ('%d'):format(i) end",
        "local function f(...) return f(1, ...) end f()"}) {
    const auto done = run(lua);
    CAF_MESSAGE(lua << ": " << done.text << ", " << done.memory << " bytes");
    CAF_CHECK(!done.ok);
    CAF_CHECK(done.overrun);
    CAF_CHECK(done.memory <= limits.memory_bytes);
  }
}

CAF_TEST(after an overrun the next run has all its budgets) {
  auto made = script::load("n = 0 if math.type(1) and ({...})[1] == nil then end\n"
                           "local t = {} for i = 1, 100 do t[i] = {} end return #t",
                           limits, {}, "");
  CAF_REQUIRE(made);
  nobody host;
  for (int i = 0; i < 200; ++i)
    CAF_CHECK((*made)->run(host).ok); // garbage of old runs does not add up
  limits.instructions = 1000;
  auto tight = script::load("for i = 1, 1e6 do end", limits, {}, "");
  CAF_REQUIRE(tight);
  CAF_CHECK((*tight)->run(host).overrun);
  CAF_CHECK((*tight)->run(host).overrun);
  CAF_CHECK_EQUAL((*tight)->run(host).instructions, 1000u);
}

CAF_TEST(a budget too small for the libraries is told at once) {
  limits.memory_bytes = 4096;
  const auto done = run("return 1");
  CAF_CHECK(done.text.find("4096 bytes") != std::string::npos);
  CAF_CHECK(done.text.find("64 KiB") != std::string::npos);
}

CAF_TEST(everyday Lua works) {
  for (const char* lua :
       {"return ('%5.1f °C'):format(21.55) ~= ''", "return ('a=1'):match('^(%w+)=(%w+)$') == 'a'",
        "local t = {3, 1, 2} table.sort(t) return table.concat(t, ',') == '1,2,3'",
        "return select('#', table.unpack({1, 2, 3})) == 3", "return math.max(1, 2) == 2",
        "return pcall(error, 'x') == false", "return #utf8.char(176) == 2",
        "local ok, e = pcall(function() local x = nil + 1 end) return e:find('arithmetic') ~= nil",
        "local n = 0 for w in ('a b c'):gmatch('%a') do n = n + 1 end return n == 3",
        "return ('a,b'):find(',', 1, true) == 2", "return tostring(1 // 0.3) ~= nil"}) {
    const auto done = run(lua);
    CAF_MESSAGE(lua << ": " << done.text);
    CAF_CHECK(done.ok);
    CAF_CHECK_EQUAL(done.returned.value_or(value{}), value::digital(true));
  }
}

CAF_TEST_FIXTURE_SCOPE_END()
