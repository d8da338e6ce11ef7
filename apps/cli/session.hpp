#pragma once

#include "apps/cli/exit_code.hpp"
#include "apps/cli/style.hpp"
#include "apps/cli/text.hpp"
#include "apps/client/node.hpp"

#include <functional>
#include <optional>
#include <string>

namespace troupe::cli {

/// One run of `troupe`: what every command needs. Commands print to standard
/// output and leave how they ended in `code`.
class session {
public:
  client::target where; ///< --socket, --host, --identity, --node
  bool as_json = false; ///< --json
  style how;
  int code = exit_ok;

  [[nodiscard]] client::node node() const { return client::node{client::resolve(where)}; }

  /// The name of the node that answers, as the cluster calls it; empty when
  /// that cannot be told. Asked once.
  [[nodiscard]] const std::string& here();

  /// Prints the document with `view`, or as it is with --json; a problem goes
  /// to standard error and into `code`.
  void show(const client::answer<json>& got, const std::function<std::string(const json&)>& view);

  void print(const std::string& text);
  void print_json(const json& x);

  /// "troupe: text" on standard error (a JSON error with --json).
  void fail(const client::problem& why);
  void fail(int exit_with, const std::string& text);

  [[nodiscard]] static wall_ms now();
  /// The clock by which an answer is written; ours if it does not say.
  [[nodiscard]] static wall_ms clock_of(const json& answer);

  /// "y/N" on the terminal. @returns false also when there is none.
  [[nodiscard]] static bool confirm(const std::string& question);
  [[nodiscard]] static bool has_terminal();

private:
  std::optional<std::string> here_;
};

} // namespace troupe::cli
