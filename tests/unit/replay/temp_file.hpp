#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace troupe::test {

/// A directory that goes when the test goes, with one file in it.
class temp_file {
public:
  explicit temp_file(const std::string& content) {
    std::string pattern = std::filesystem::temp_directory_path() / ("replay." + std::string(6, 'X'));
    if (mkdtemp(pattern.data()) == nullptr)
      throw std::runtime_error("mkdtemp " + pattern);
    directory_ = pattern;
    std::ofstream{path()} << content;
  }
  ~temp_file() { std::filesystem::remove_all(directory_); }
  temp_file(const temp_file&) = delete;
  temp_file& operator=(const temp_file&) = delete;

  std::string path() const { return directory_ + "/house.rec"; }
  const std::string& directory() const { return directory_; }

private:
  std::string directory_;
};

} // namespace troupe::test
