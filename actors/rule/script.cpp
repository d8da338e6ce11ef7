#include "actors/rule/script.hpp"

#include <fmt/format.h>

#include <exception>

namespace troupe::rule {

namespace {

constexpr const char* environment_key = "troupe.environment";
constexpr std::size_t most_options = 8;

/// Longest text that passes between a script and its host.
constexpr std::size_t longest_text = 4096;

bool to_value(lua_State* lua, int index, value& out) {
  switch (lua_type(lua, index)) {
  case LUA_TNIL: out = {}; return true;
  case LUA_TBOOLEAN: out = value::digital(lua_toboolean(lua, index) != 0); return true;
  case LUA_TNUMBER:
    out = lua_isinteger(lua, index) ? value::integer(lua_tointeger(lua, index))
                                    : value::analog(lua_tonumber(lua, index));
    return true;
  case LUA_TSTRING: {
    std::size_t size = 0;
    const char* text = lua_tolstring(lua, index, &size);
    if (size > longest_text)
      return false;
    out = value::text({text, size});
    return true;
  }
  default: return false;
  }
}

/// May raise a memory error: owns nothing.
void push_value(lua_State* lua, const value& x) {
  switch (x.kind) {
  case value_kind::none: lua_pushnil(lua); break;
  case value_kind::digital: lua_pushboolean(lua, x.whole != 0); break;
  case value_kind::integer: lua_pushinteger(lua, x.whole); break;
  case value_kind::analog: lua_pushnumber(lua, x.real); break;
  case value_kind::text: lua_pushlstring(lua, x.words.data(), x.words.size()); break;
  }
}

} // namespace

script::script(sandbox_limits limits, std::span<const script_function> functions)
  : box_(limits), functions_(functions) {
  box_.set_owner(this);
}

result<std::unique_ptr<script>> script::load(const std::string& lua, sandbox_limits limits,
                                             std::span<const script_function> functions,
                                             const char* prelude) {
  std::unique_ptr<script> made{new script(limits, functions)};
  made->prelude_ = prelude;
  made->text_ = &lua;
  if (!made->box_.ready()
      || made->box_.call(&script::set_up, made.get()) != sandbox::outcome::ok)
    return error{errc::over_limit,
                 fmt::format("a memory budget of {} bytes does not hold the script "
                             "libraries; use at least 64 KiB", limits.memory_bytes)};
  // A rule may be an expression: what compiles as an argument is one. `select`
  // passes on what it gets, also nothing, and leaves the rule's frame on the
  // stack, which a plain `return f()` would not: errors tell its line.
  made->text_or_expression_ = "return select(1, " + lua + "\n)";
  auto how = made->box_.call(&script::compile, made.get());
  if (how == sandbox::outcome::failed) {
    made->text_or_expression_ = lua;
    how = made->box_.call(&script::compile, made.get());
  }
  made->text_ = nullptr;
  made->text_or_expression_ = {};
  if (how != sandbox::outcome::ok) {
    const auto line = made->box_.error_line();
    const auto& text = made->box_.error_text();
    return error{errc::script_error,
                 line > 0 ? fmt::format("line {}: {}", line, text) : text};
  }
  return made;
}

int script::set_up(lua_State* lua) {
  auto& self = *static_cast<script*>(lua_touserdata(lua, 1));
  lua_getfield(lua, LUA_REGISTRYINDEX, "troupe.safe");
  for (std::size_t i = 0; i < self.functions_.size(); ++i) {
    lua_pushinteger(lua, static_cast<lua_Integer>(i));
    lua_pushcclosure(lua, &script::dispatch, 1);
    lua_setfield(lua, -2, self.functions_[i].name);
  }
  // The prelude's globals are what scripts find: it writes into this table.
  if (luaL_loadbufferx(lua, self.prelude_, std::char_traits<char>::length(self.prelude_),
                       "=blocks", "t") != LUA_OK)
    return lua_error(lua);
  lua_pushvalue(lua, -2);
  lua_setupvalue(lua, -2, 1);
  lua_call(lua, 0, 0);
  // The metatable of every run's globals: reads fall through, writes do not.
  lua_newtable(lua);
  lua_pushvalue(lua, -2);
  lua_setfield(lua, -2, "__index");
  lua_pushboolean(lua, 0);
  lua_setfield(lua, -2, "__metatable");
  lua_setfield(lua, LUA_REGISTRYINDEX, environment_key);
  return 0;
}

int script::compile(lua_State* lua) {
  auto& self = *static_cast<script*>(lua_touserdata(lua, 1));
  const auto& text = self.text_or_expression_;
  if (luaL_loadbufferx(lua, text.data(), text.size(), sandbox::chunk_name, "t") != LUA_OK)
    return lua_error(lua);
  self.chunk_ = luaL_ref(lua, LUA_REGISTRYINDEX);
  return 0;
}

int script::execute(lua_State* lua) {
  auto& self = *static_cast<script*>(lua_touserdata(lua, 1));
  lua_rawgeti(lua, LUA_REGISTRYINDEX, self.chunk_);
  lua_newtable(lua);
  lua_pushvalue(lua, -1);
  lua_setfield(lua, -2, "_G");
  lua_getfield(lua, LUA_REGISTRYINDEX, environment_key);
  lua_setmetatable(lua, -2);
  lua_setupvalue(lua, -2, 1);
  const int base = lua_gettop(lua) - 1;
  lua_call(lua, 0, LUA_MULTRET);
  if (lua_gettop(lua) > base) {
    value x;
    if (to_value(lua, base + 1, x))
      self.returned_ = std::move(x);
  }
  return 0;
}

script_result script::run(script_host& host) {
  host_ = &host;
  returned_.reset();
  const auto how = box_.call(&script::execute, this);
  host_ = nullptr;
  script_result done;
  done.ok = how == sandbox::outcome::ok;
  done.overrun = !done.ok && how != sandbox::outcome::failed;
  done.text = box_.error_text();
  done.line = box_.error_line();
  done.instructions = box_.instructions();
  done.memory = box_.memory();
  if (done.ok)
    done.returned = std::move(returned_);
  return done;
}

int script::dispatch(lua_State* lua) {
  auto& self = *static_cast<script*>(sandbox::owner_of(lua));
  const auto index = static_cast<std::size_t>(lua_tointeger(lua, lua_upvalueindex(1)));
  const auto& row = self.functions_[index];
  auto& call = self.call_;
  call.args.clear();
  call.options.clear();
  call.answers.clear();
  call.trouble.clear();
  if (self.host_ == nullptr)
    return luaL_error(lua, "%s is not available here", row.name);
  int top = lua_gettop(lua);
  if (row.with_options && top > static_cast<int>(row.least) && lua_istable(lua, top)) {
    for (lua_pushnil(lua); lua_next(lua, top) != 0; lua_pop(lua, 1)) {
      call.options.emplace_back();
      auto& [name, x] = call.options.back();
      if (lua_type(lua, -2) != LUA_TSTRING || !to_value(lua, -1, x)
          || call.options.size() > most_options)
        return luaL_error(lua, "%s: the options must look like {name = value}", row.name);
      name = lua_tostring(lua, -2);
    }
    --top;
  }
  if (top < static_cast<int>(row.least) || top > static_cast<int>(row.most))
    return luaL_error(lua, "%s takes %d to %d arguments, not %d", row.name,
                      static_cast<int>(row.least), static_cast<int>(row.most), top);
  for (int i = 1; i <= top; ++i) {
    call.args.emplace_back();
    if (!to_value(lua, i, call.args.back()))
      return luaL_error(lua, "%s: argument %d is a %s that cannot be passed on", row.name, i,
                        luaL_typename(lua, i));
  }
  call.args.resize(row.most);
  call.line = sandbox::line_of(lua);
  if (!self.serve(index)) {
    lua_pushlstring(lua, call.trouble.data(), call.trouble.size());
    return lua_error(lua);
  }
  luaL_checkstack(lua, static_cast<int>(call.answers.size()), nullptr);
  for (const auto& x : call.answers)
    push_value(lua, x);
  return static_cast<int>(call.answers.size());
}

bool script::serve(std::size_t function) {
  try {
    host_->on_call(function, call_);
  } catch (const std::exception& e) {
    call_.trouble = e.what();
  }
  return call_.trouble.empty();
}

std::optional<std::string> check_script(const std::string& lua) {
  auto made = script::load(lua, {200000, 4u << 20}, {}, "");
  if (made)
    return {};
  return made.why().context;
}

} // namespace troupe::rule
