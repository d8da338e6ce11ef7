#include "actors/rule/sandbox.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <cstring>

// Lua leaves C functions by longjmp: no frame between an API call that may
// fail and its protected call may own anything with a destructor.

namespace troupe::rule {

namespace {

/// Instructions between two looks at the budget. Fewer cost time in every
/// rule; more make the reported count coarse.
constexpr int stride = 100;

/// A script that hovers at its memory limit makes Lua collect everything for
/// each allocation; after so many it has overrun, or it would burn seconds.
constexpr unsigned most_refusals = 64;

} // namespace

sandbox::sandbox(sandbox_limits limits) : limits_(limits) {
  lua_ = lua_newstate(&sandbox::allocate, this);
  if (lua_ == nullptr)
    return;
  ready_ = call(&sandbox::open, nullptr) == outcome::ok;
}

sandbox::~sandbox() {
  if (lua_ != nullptr)
    lua_close(lua_);
}

sandbox& sandbox::of(lua_State* lua) {
  void* self = nullptr;
  lua_getallocf(lua, &self);
  return *static_cast<sandbox*>(self);
}

void* sandbox::owner_of(lua_State* lua) {
  return of(lua).owner_;
}

void* sandbox::allocate(void* self, void* block, std::size_t old_size,
                        std::size_t new_size) {
  auto& box = *static_cast<sandbox*>(self);
  // For a new block Lua passes its type in place of the old size.
  const std::size_t before = block == nullptr ? 0 : old_size;
  if (new_size == 0) {
    box.memory_ -= before;
    std::free(block);
    return nullptr;
  }
  if (new_size > before) {
    const auto growth = new_size - before;
    if (box.memory_ + growth > box.limits_.memory_bytes
        || box.overrun_ == outcome::out_of_memory) {
      if (++box.refusals_ > most_refusals)
        box.overrun_ = outcome::out_of_memory;
      return nullptr;
    }
  }
  // Lua relies on shrinking never failing; realloc keeps that in practice, and
  // the old block serves as well.
  void* moved = std::realloc(block, new_size);
  if (moved == nullptr) {
    if (new_size > before)
      return nullptr;
    moved = block;
  }
  box.memory_ += new_size - before;
  return moved;
}

void sandbox::arm(int instructions) {
  lua_sethook(lua_, &sandbox::count, LUA_MASKCOUNT, instructions);
}

void sandbox::count(lua_State* lua, lua_Debug*) {
  auto& box = of(lua);
  if (box.overrun_ == outcome::ok) {
    box.used_ += stride;
    if (box.used_ < box.limits_.instructions)
      return;
    box.overrun_ = outcome::out_of_instructions;
    box.used_ = box.limits_.instructions;
  }
  // What still runs while the error unwinds (`__close`) ends at its first step.
  box.arm(1);
  lua_pushnil(lua);
  lua_error(lua);
}

int sandbox::line_of(lua_State* lua) {
  lua_Debug frame;
  for (int level = 0; lua_getstack(lua, level, &frame) != 0; ++level) {
    lua_getinfo(lua, "Sl", &frame);
    if (std::strcmp(frame.source, chunk_name) == 0 && frame.currentline > 0)
      return frame.currentline;
  }
  return 0;
}

int sandbox::on_error(lua_State* lua) {
  of(lua).error_line_ = line_of(lua);
  return 1;
}

sandbox::outcome sandbox::call(lua_CFunction function, void* argument) {
  used_ = 0;
  refusals_ = 0;
  error_line_ = 0;
  error_text_.clear();
  overrun_ = outcome::ok;
  arm(stride);
  lua_settop(lua_, 0);
  lua_pushcfunction(lua_, &sandbox::on_error);
  lua_pushcfunction(lua_, function);
  lua_pushlightuserdata(lua_, argument);
  const int status = lua_pcall(lua_, 1, 0, 1);
  if (status == LUA_OK && overrun_ == outcome::ok) {
    lua_settop(lua_, 0);
    return outcome::ok;
  }
  if (status == LUA_ERRMEM)
    overrun_ = outcome::out_of_memory;
  keep_error();
  const auto result = overrun_ == outcome::ok ? outcome::failed : overrun_;
  overrun_ = outcome::ok;
  lua_settop(lua_, 0);
  return result;
}

void sandbox::keep_error() {
  if (overrun_ == outcome::out_of_instructions) {
    error_text_ = fmt::format("ran over its budget of {} instructions", limits_.instructions);
    return;
  }
  if (overrun_ == outcome::out_of_memory) {
    error_text_ = fmt::format("ran over its budget of {} bytes of memory", limits_.memory_bytes);
    return;
  }
  // Not lua_tostring: on a number it allocates, and here nothing catches.
  if (lua_type(lua_, -1) != LUA_TSTRING) {
    error_text_ = lua_type(lua_, -1) == LUA_TNUMBER
                    ? fmt::format("{}", lua_tonumber(lua_, -1))
                    : fmt::format("error() with a {}", luaL_typename(lua_, -1));
    return;
  }
  error_text_ = lua_tostring(lua_, -1);
  // "rule:3: text" and "blocks:7: text": the line is told apart.
  for (const char* prefix : {"rule:", "blocks:"}) {
    const auto length = std::strlen(prefix);
    if (error_text_.compare(0, length, prefix) != 0)
      continue;
    const auto digits = error_text_.find_first_not_of("0123456789", length);
    if (digits == std::string::npos || error_text_.compare(digits, 2, ": ") != 0)
      continue;
    if (error_line_ == 0 && prefix[0] == 'r')
      error_line_ = std::atoi(error_text_.c_str() + length);
    error_text_.erase(0, digits + 2);
  }
}

int sandbox::pcall(lua_State* lua) {
  luaL_checkany(lua, 1);
  const int status = lua_pcall(lua, lua_gettop(lua) - 1, LUA_MULTRET, 0);
  auto& box = of(lua);
  if (status == LUA_ERRMEM)
    box.overrun_ = outcome::out_of_memory;
  // A budget is not an error that a script may catch.
  if (box.overrun_ != outcome::ok)
    return lua_error(lua);
  lua_pushboolean(lua, status == LUA_OK);
  lua_insert(lua, 1);
  return lua_gettop(lua);
}

int sandbox::open(lua_State* lua) {
  push_safe_libraries(lua);
  lua_pushcfunction(lua, &sandbox::pcall);
  lua_setfield(lua, -2, "pcall");
  lua_setfield(lua, LUA_REGISTRYINDEX, "troupe.safe");
  return 0;
}

} // namespace troupe::rule
