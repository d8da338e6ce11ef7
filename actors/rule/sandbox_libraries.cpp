#include "actors/rule/sandbox.hpp"

#include <algorithm>
#include <cmath>

// What a script sees of Lua's own libraries. See sandbox.hpp for the reasons.

namespace troupe::rule {

namespace {

/// Steps of C code that a single library call may take. At some 5 ns each the
/// longest call holds its thread for about 50 ms.
constexpr double most_steps = 1e7;

/// Elements of a table that one library call may walk over.
constexpr lua_Integer most_elements = 100000;

/// Sorting compares more often than it has elements.
constexpr lua_Integer most_sorted = 10000;

int call_original(lua_State* lua) {
  lua_pushvalue(lua, lua_upvalueindex(1));
  lua_insert(lua, 1);
  lua_call(lua, lua_gettop(lua) - 1, LUA_MULTRET);
  return lua_gettop(lua);
}

int refuse_write(lua_State* lua) {
  return luaL_error(lua, "the libraries are read-only");
}

int set_metatable(lua_State* lua) {
  if (lua_type(lua, 2) == LUA_TTABLE) {
    lua_pushliteral(lua, "__gc");
    lua_rawget(lua, 2);
    if (!lua_isnil(lua, -1))
      return luaL_error(lua, "__gc is not available to rules");
    lua_pop(lua, 1);
  }
  return call_original(lua);
}

// --- string ---

int rep(lua_State* lua) {
  std::size_t length = 0;
  std::size_t separator = 0;
  luaL_checklstring(lua, 1, &length);
  const lua_Integer n = luaL_checkinteger(lua, 2);
  luaL_optlstring(lua, 3, "", &separator);
  // Nothing, repeated 2^60 times, takes no memory and never ends.
  if (n > 0 && static_cast<double>(n) * static_cast<double>(length + separator + 1) > most_steps)
    return luaL_error(lua, "string.rep: %I repeats are too many", n);
  return call_original(lua);
}

/// Each repeat item may be tried at every length of the subject: the worst
/// case is the length to the power of their number.
double worst_case(const char* pattern, std::size_t size, std::size_t subject) {
  const double n = static_cast<double>(subject) + 1;
  double steps = size > 0 && pattern[0] == '^' ? 1 : n;
  for (std::size_t i = 0; i < size; ++i) {
    const char c = pattern[i];
    if (c == '%' && i + 1 < size) {
      ++i;
      if (pattern[i] == 'b')
        steps *= n;
    } else if (c == '*' || c == '+' || c == '-') {
      steps *= n;
    } else if (c == '?') {
      steps *= 2;
    }
  }
  return steps * (static_cast<double>(size) + 1);
}

int check_pattern(lua_State* lua) {
  std::size_t subject = 0;
  std::size_t size = 0;
  luaL_checklstring(lua, 1, &subject);
  const char* pattern = luaL_checklstring(lua, 2, &size);
  if (worst_case(pattern, size, subject) > most_steps)
    return luaL_error(lua, "pattern '%s' could take too long on a text of %d bytes: use a "
                           "shorter text or fewer of * + -", pattern, static_cast<int>(subject));
  return call_original(lua);
}

int find(lua_State* lua) {
  if (lua_toboolean(lua, 4))
    return call_original(lua); // plain
  return check_pattern(lua);
}

// --- table ---

/// A plain table of bounded length: with `__len`, `__index` or a forged border
/// the library's loops in C would never come back.
lua_Integer check_list(lua_State* lua, int index, lua_Integer most) {
  luaL_checktype(lua, index, LUA_TTABLE);
  if (lua_getmetatable(lua, index))
    luaL_argerror(lua, index, "a table without a metatable is wanted");
  const auto length = lua_rawlen(lua, index);
  if (length > static_cast<lua_Unsigned>(most))
    luaL_argerror(lua, index, "the table is too long");
  return static_cast<lua_Integer>(length);
}

void check_span(lua_State* lua, int from_index, int to_index, lua_Integer from_default,
                lua_Integer to_default) {
  const auto from = static_cast<double>(luaL_optinteger(lua, from_index, from_default));
  const auto to = static_cast<double>(luaL_optinteger(lua, to_index, to_default));
  if (to - from > static_cast<double>(most_elements))
    luaL_error(lua, "more than %I elements", most_elements);
}

int insert_or_remove(lua_State* lua) {
  check_list(lua, 1, most_elements);
  return call_original(lua);
}

int concat(lua_State* lua) {
  const auto length = check_list(lua, 1, most_elements);
  check_span(lua, 3, 4, 1, length);
  return call_original(lua);
}

int unpack(lua_State* lua) {
  const auto length = check_list(lua, 1, most_elements);
  check_span(lua, 2, 3, 1, length);
  return call_original(lua);
}

int move(lua_State* lua) {
  check_list(lua, 1, most_elements);
  if (!lua_isnoneornil(lua, 5))
    check_list(lua, 5, most_elements);
  check_span(lua, 2, 3, 1, 1);
  return call_original(lua);
}

int sort(lua_State* lua) {
  check_list(lua, 1, most_sorted);
  return call_original(lua);
}

// --- which functions ---

void copy(lua_State* lua, int from, int to, const char* const* names) {
  for (; *names != nullptr; ++names) {
    lua_getfield(lua, from, *names);
    lua_setfield(lua, to, *names);
  }
}

/// library[name] = guard with the original as its upvalue.
void guard(lua_State* lua, int library, const char* name, lua_CFunction with) {
  lua_getfield(lua, library, name);
  lua_pushcclosure(lua, with, 1);
  lua_setfield(lua, library, name);
}

/// Leaves a stand-in for the library on top of the stack in the table `into`.
void put_read_only(lua_State* lua, int into, int library, const char* name) {
  lua_newtable(lua);
  lua_newtable(lua);
  lua_pushvalue(lua, library);
  lua_setfield(lua, -2, "__index");
  lua_pushcfunction(lua, refuse_write);
  lua_setfield(lua, -2, "__newindex");
  lua_pushboolean(lua, 0);
  lua_setfield(lua, -2, "__metatable");
  lua_setmetatable(lua, -2);
  lua_setfield(lua, into, name);
}

int drop(lua_State* lua, int library, const char* name) {
  lua_pushnil(lua);
  lua_setfield(lua, library, name);
  return 0;
}

} // namespace

void push_safe_libraries(lua_State* lua) {
  lua_newtable(lua);
  const int safe = lua_gettop(lua);

  luaL_requiref(lua, "_G", luaopen_base, 0);
  const int base = lua_gettop(lua);
  static constexpr const char* const basics[]
    = {"assert", "error", "getmetatable", "ipairs", "next", "pairs", "rawequal", "rawget",
       "rawlen", "select", "setmetatable", "tonumber", "tostring", "type", nullptr};
  guard(lua, base, "setmetatable", set_metatable);
  copy(lua, base, safe, basics);

  // The real table of strings stays reachable through ("x"):rep, so it is the
  // one that gets the guards.
  luaL_requiref(lua, "string", luaopen_string, 0);
  const int string = lua_gettop(lua);
  drop(lua, string, "dump");
  guard(lua, string, "rep", rep);
  guard(lua, string, "find", find);
  for (const char* name : {"match", "gmatch", "gsub"})
    guard(lua, string, name, check_pattern);
  put_read_only(lua, safe, string, "string");
  lua_pushliteral(lua, "");
  lua_getmetatable(lua, -1);
  lua_pushboolean(lua, 0);
  lua_setfield(lua, -2, "__metatable");

  luaL_requiref(lua, "table", luaopen_table, 0);
  const int table = lua_gettop(lua);
  guard(lua, table, "insert", insert_or_remove);
  guard(lua, table, "remove", insert_or_remove);
  guard(lua, table, "concat", concat);
  guard(lua, table, "unpack", unpack);
  guard(lua, table, "move", move);
  guard(lua, table, "sort", sort);
  put_read_only(lua, safe, table, "table");

  luaL_requiref(lua, "math", luaopen_math, 0);
  const int math = lua_gettop(lua);
  drop(lua, math, "randomseed");
  put_read_only(lua, safe, math, "math");

  luaL_requiref(lua, "utf8", luaopen_utf8, 0);
  put_read_only(lua, safe, lua_gettop(lua), "utf8");

  // What is not in `safe` is out of reach; the registry keeps no way to it.
  lua_pushnil(lua);
  lua_setfield(lua, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_settop(lua, safe);
}

} // namespace troupe::rule
