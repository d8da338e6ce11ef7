#pragma once

#include "config/model/result.hpp"

#include <string>
#include <string_view>

namespace troupe::cli {

/// A file that is there whole or not at all: written beside, synced, renamed.
/// Readable by its owner only. What was not finished is gone with the object.
class new_file {
public:
  explicit new_file(std::string path) : path_(std::move(path)) {}
  ~new_file();
  new_file(const new_file&) = delete;
  new_file& operator=(const new_file&) = delete;

  /// @param replace false: `conflict` if there is one of that name
  [[nodiscard]] status open(bool replace);
  [[nodiscard]] status write(std::string_view bytes);
  /// Returns once it outlives a power cut, under its name.
  [[nodiscard]] status finish();

private:
  [[nodiscard]] error refused(const std::string& doing) const;

  std::string path_;
  std::string beside_;
  bool replace_ = false;
  int fd_ = -1;
};

} // namespace troupe::cli
