#pragma once

#include <cstdlib>
#include <filesystem>
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

} // namespace troupe::test
