#pragma once

#include "actors/rule/sandbox.hpp"
#include "config/model/result.hpp"
#include "config/model/value.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace troupe::rule {

/// One call of a host function by a script. nil is a value of kind none; a
/// Lua float is analog, an integer integer, a boolean digital.
struct script_call {
  int line = 0; ///< of the rule's text
  std::vector<value> args;
  std::vector<std::pair<std::string, value>> options; ///< of a last table argument
  std::vector<value> answers;
  std::string trouble; ///< not empty: becomes an error at the calling line
};

/// A name that scripts may call.
struct script_function {
  const char* name;
  unsigned least; ///< arguments, without the options
  unsigned most;
  bool with_options;
};

/// The other side of a script's calls. Exceptions become script errors.
class script_host {
public:
  virtual ~script_host() = default;
  /// `function` is the index in the table given to `script::load`.
  virtual void on_call(std::size_t function, script_call& call) = 0;
};

/// How one run ended.
struct script_result {
  bool ok = false;
  bool overrun = false;       ///< a budget ended it
  std::string text;           ///< of the error
  int line = 0;               ///< of the error; 0: unknown
  std::optional<value> returned; ///< by an expression or `return`; kind none: nil
  std::uint64_t instructions = 0;
  std::size_t memory = 0;     ///< in use after the run
};

/// A compiled rule text. Each run starts with fresh globals: what must outlast
/// a run is in `state`, so a rule behaves the same after a restart or on
/// another node.
///
/// Threads: one.
class script {
public:
  /// `prelude` is Lua text with trusted functions on top of the table's.
  /// @returns `script_error`: "line 3: unexpected symbol near 'then'".
  static result<std::unique_ptr<script>> load(const std::string& lua, sandbox_limits limits,
                                              std::span<const script_function> functions,
                                              const char* prelude);

  script_result run(script_host& host);

private:
  script(sandbox_limits limits, std::span<const script_function> functions);
  static int set_up(lua_State* lua);
  static int compile(lua_State* lua);
  static int execute(lua_State* lua);
  static int dispatch(lua_State* lua);
  bool serve(std::size_t function);

  sandbox box_;
  std::span<const script_function> functions_;
  const char* prelude_ = "";
  const std::string* text_ = nullptr;
  script_host* host_ = nullptr;
  script_call call_;      ///< scratch: lives here because Lua's errors jump over frames
  std::string text_or_expression_;
  std::optional<value> returned_;
  int chunk_ = 0;
};

/// Compiles only, for `troupe check`.
/// @returns what is wrong: "line 3: unexpected symbol near 'then'".
std::optional<std::string> check_script(const std::string& lua);

} // namespace troupe::rule
