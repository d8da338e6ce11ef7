#include "apps/cli/session.hpp"

#include <cstdio>
#include <iostream>
#include <sstream>

#include <unistd.h>

namespace troupe::cli {

namespace {

int code_of(const client::problem& why) {
  if (why.code == "unreachable") // the node that answers has no link to the one that is meant
    return exit_no_node;
  switch (why.kind) {
  case client::trouble::no_node:
  case client::trouble::lost: return exit_no_node;
  case client::trouble::not_found: return exit_not_found;
  case client::trouble::untrusted:
  case client::trouble::no_access: return exit_no_access;
  case client::trouble::refused:
  case client::trouble::bad_answer: break;
  }
  return exit_refused;
}

/// A node tells several problems in several lines.
std::string harmless_lines(const std::string& text) {
  std::string result;
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);)
    result += (result.empty() ? "" : "\n") + harmless(line);
  return result;
}

} // namespace

const std::string& session::here() {
  if (!here_) {
    const auto got = node().get("/v1/members");
    here_ = got ? text_at(*got, "node") : "";
  }
  return *here_;
}

void session::show(const client::answer<json>& got,
                   const std::function<std::string(const json&)>& view) {
  if (!got)
    return fail(got.why());
  if (as_json)
    return print_json(*got);
  print(view(*got));
}

void session::print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  // Lines of a stream must not wait in a buffer; a closed pipe ends the run.
  if (std::fflush(stdout) != 0 && code == exit_ok)
    code = exit_refused;
}

void session::print_json(const json& x) {
  print(x.dump(-1, ' ', false, json::error_handler_t::replace) + "\n");
}

void session::fail(const client::problem& why) {
  code = code_of(why);
  if (as_json)
    std::fprintf(stderr, "%s\n",
                 json{{"error", {{"code", why.code}, {"text", why.text}}}}
                   .dump(-1, ' ', false, json::error_handler_t::replace)
                   .c_str());
  else
    std::fprintf(stderr, "troupe: %s\n", harmless_lines(why.text).c_str());
}

void session::fail(int exit_with, const std::string& text) {
  fail({client::trouble::refused, "", text});
  code = exit_with;
}

wall_ms session::clock_of(const json& answer) {
  const auto theirs = number_at(answer, "now");
  return theirs > 0 ? static_cast<wall_ms>(theirs) : now();
}

wall_ms session::now() {
  return system_clocks().wall();
}

bool session::has_terminal() {
  return isatty(STDIN_FILENO) == 1;
}

bool session::confirm(const std::string& question) {
  std::fprintf(stderr, "%s [y/N] ", question.c_str());
  std::string line;
  if (!std::getline(std::cin, line))
    return false;
  return line == "y" || line == "Y" || line == "yes";
}

} // namespace troupe::cli
