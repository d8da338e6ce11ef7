#pragma once

#include "config/model/result.hpp"

#include <string>

/// The small files of an identity: whole or not there, never half.
namespace troupe::identity {

/// @returns `not_found`, or `io_error` with the system's reason; `over_limit`
///          for more than `most`: 1 MiB is nothing of ours, but where it is said.
inline constexpr std::size_t usual_bytes = 1 << 20;
[[nodiscard]] result<std::string> read_text(const std::string& path, std::size_t most = usual_bytes);
/// As before, and empty for an absent file.
[[nodiscard]] result<std::string> read_text_if_there(const std::string& path, std::size_t most = usual_bytes);

/// Written beside, synced, renamed: after a power cut there is the old or the
/// new file. Keys are written with `secret`: mode 0600, else 0644. What root
/// writes belongs to the owner of the folder.
enum class openness { open, secret };
[[nodiscard]] status write_text(const std::string& path, const std::string& text,
                                openness who = openness::open);

/// As `write_text`; `conflict` if the file is there.
[[nodiscard]] status write_new_text(const std::string& path, const std::string& text,
                                    openness who = openness::open);

[[nodiscard]] bool is_there(const std::string& path);

/// Creates the folder and those above it, mode 0755 less the umask; `secret`:
/// 0700.
[[nodiscard]] status make_folder(const std::string& path, openness who = openness::open);

/// Holds a folder's `.lock` until destroyed, so that a command and the daemon
/// do not number two lists alike. Waits for others.
class folder_lock {
public:
  [[nodiscard]] static result<folder_lock> hold(const std::string& folder);
  folder_lock(folder_lock&& other) noexcept;
  folder_lock& operator=(folder_lock&&) = delete;
  ~folder_lock();

private:
  explicit folder_lock(int fd) : fd_(fd) {}
  int fd_;
};

} // namespace troupe::identity
