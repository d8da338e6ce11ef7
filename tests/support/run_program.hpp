#pragma once

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace troupe::test {

struct outcome {
  int exit = -1;
  std::string out, err;
};

inline std::string file_text(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream{path}.rdbuf();
  return text.str();
}

/// Runs a program to its end, found in PATH, without a terminal.
/// @param folder  for its output
inline outcome run_program(const std::vector<std::string>& words, const std::string& folder) {
  const auto out = folder + "/.out", err = folder + "/.err";
  std::vector<char*> argv;
  auto copy = words;
  for (auto& w : copy)
    argv.push_back(w.data());
  argv.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::setsid(); // no terminal to ask on
    ::dup2(::open("/dev/null", O_RDONLY), 0);
    ::dup2(::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
    ::dup2(::open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
    ::execvp(argv[0], argv.data());
    ::_exit(127);
  }
  int code = 0;
  ::waitpid(pid, &code, 0);
  return {WIFEXITED(code) ? WEXITSTATUS(code) : -1, file_text(out), file_text(err)};
}

} // namespace troupe::test
