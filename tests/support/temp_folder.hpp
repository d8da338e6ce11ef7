#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace troupe::test {

/// A folder of its own that is gone afterwards.
class temp_folder {
public:
  explicit temp_folder(const std::string& below = "/tmp") {
    auto name = below + "/troupe-test-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr)
      std::abort();
    path_ = name;
  }
  temp_folder(const temp_folder&) = delete;
  temp_folder& operator=(const temp_folder&) = delete;
  ~temp_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] std::string operator/(const std::string& name) const {
    return path_ + "/" + name;
  }
  [[nodiscard]] const std::string& path() const { return path_; }

private:
  std::string path_;
};

/// The whole file; empty if there is none.
inline std::string slurp(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>(in), {}};
}

} // namespace troupe::test
