#pragma once

#include <lua.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace troupe::rule {

struct sandbox_limits {
  std::uint64_t instructions = 200000; ///< of one call
  std::size_t memory_bytes = 1 << 20;  ///< of the whole Lua state
};

/// One Lua 5.4 state that can harm nobody: a fixed set of functions that reach
/// nothing outside, a memory budget in its allocator, an instruction budget in
/// a count hook. An overrun ends the call, also from inside `pcall`.
///
/// How it stays closed (each line has its test in sandbox_test.cpp):
/// - no io, os, package, debug, coroutine, load, dofile, collectgarbage,
///   rawset, string.dump, math.randomseed; text is compiled, bytecode never;
/// - no `xpcall` and no `__gc`: Lua runs message handlers and finalizers with
///   hooks switched off, so a loop there could not be ended;
/// - C functions that loop without executing instructions (string.rep of
///   nothing, table.move over 2^60, patterns that backtrack) check their work
///   before they begin;
/// - library tables and the metatable of strings are read-only.
///
/// Threads: one. Errors: told by `call`; never thrown.
class sandbox {
public:
  enum class outcome : std::uint8_t { ok, failed, out_of_instructions, out_of_memory };

  explicit sandbox(sandbox_limits limits);
  ~sandbox();
  sandbox(const sandbox&) = delete;
  sandbox& operator=(const sandbox&) = delete;

  /// False if the memory budget does not even hold the libraries.
  [[nodiscard]] bool ready() const noexcept { return ready_; }

  /// Runs `function(argument)` protected, with the whole instruction budget.
  /// Everything that touches the state goes through here: a failed allocation
  /// outside would end the process.
  outcome call(lua_CFunction function, void* argument);

  /// About the last call.
  [[nodiscard]] std::uint64_t instructions() const noexcept { return used_; }
  [[nodiscard]] const std::string& error_text() const noexcept { return error_text_; }
  /// The line of the rule's own text where it failed; 0 if outside of it.
  [[nodiscard]] int error_line() const noexcept { return error_line_; }

  [[nodiscard]] std::size_t memory() const noexcept { return memory_; }
  [[nodiscard]] const sandbox_limits& limits() const noexcept { return limits_; }

  /// What C functions called by the script find by `owner_of`.
  void set_owner(void* x) noexcept { owner_ = x; }
  static void* owner_of(lua_State* lua);

  /// The line of the rule's own text that is being executed; 0 if none. The
  /// rule's chunk has the name `chunk_name`, so that blocks do not count.
  static int line_of(lua_State* lua);
  static constexpr const char* chunk_name = "=rule";

private:
  static sandbox& of(lua_State* lua);
  static void* allocate(void* self, void* block, std::size_t old_size, std::size_t new_size);
  static void count(lua_State* lua, lua_Debug* where);
  static int on_error(lua_State* lua);
  static int pcall(lua_State* lua);
  static int open(lua_State* lua);
  void arm(int instructions);
  void keep_error();

  sandbox_limits limits_;
  lua_State* lua_ = nullptr;
  void* owner_ = nullptr;
  std::size_t memory_ = 0;
  unsigned refusals_ = 0;
  std::uint64_t used_ = 0;
  std::string error_text_;
  int error_line_ = 0;
  outcome overrun_ = outcome::ok;
  bool ready_ = false;
};

/// Leaves the table of what a script sees of Lua itself on the stack.
void push_safe_libraries(lua_State* lua);

} // namespace troupe::rule
