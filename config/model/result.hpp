#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>

namespace troupe {

/// Expected trouble. Numbers travel on the wire and rest on disk: append only,
/// never renumber.
enum class errc : std::uint8_t {
  none = 0,
  bus_timeout = 1,      ///< One transfer was late; the next may succeed.
  device_lost = 2,      ///< The device is gone; only reopening can help.
  not_found = 3,        ///< No such thing, address or file.
  busy = 4,             ///< Somebody else holds the line.
  unsupported = 5,      ///< The driver or kernel cannot do what was asked.
  invalid_argument = 6, ///< The caller's value is outside its limits.
  permission_denied = 7,
  io_error = 8,          ///< The system refused a read or write.
  disk_full = 9,
  corrupt = 10,          ///< Stored bytes fail their check.
  indeterminate = 11,    ///< A write failed, yet may come back after reopen.
  closed = 12,           ///< The store or bus was closed meanwhile.
  over_limit = 13,       ///< A bounded queue, budget or table is full.
  quarantined = 14,      ///< The actor failed too often; see `troupe status`.
  fenced = 15,           ///< A later activation or incarnation has taken over.
  timed_out = 16,        ///< No answer within the deadline.
  conflict = 17,         ///< A thing of that name exists and differs.
  interlocked = 18,      ///< Another output forbids this value now.
  script_error = 19,     ///< A rule's text failed to compile or run.
  unreachable = 20,      ///< The node that has it cannot be reached now.
  untrusted = 21,        ///< A certificate, key or token that we do not accept.
};

/// A short lower-case word for logs, JSON and exit texts: "bus_timeout".
const char* to_string(errc x) noexcept;

/// What went wrong. `context` names the thing, the value, the limit and, where
/// there is one, a way out; it is written for an operator.
struct error {
  errc code = errc::none;
  std::string context;

  friend bool operator==(const error&, const error&) = default;
};

/// "bus_timeout: sim: no answer within 200 ms"
std::string to_string(const error& x);

/// A `T`, or the reason why there is none.
template <class T>
class [[nodiscard]] result {
public:
  result(T value) : content_(std::in_place_index<0>, std::move(value)) {}
  result(error why) : content_(std::in_place_index<1>, std::move(why)) {}

  explicit operator bool() const noexcept { return content_.index() == 0; }

  /// @pre `*this`
  T& value() & { return std::get<0>(content_); }
  const T& value() const& { return std::get<0>(content_); }
  T&& value() && { return std::get<0>(std::move(content_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  /// @pre `!*this`
  const error& why() const { return std::get<1>(content_); }

private:
  std::variant<T, error> content_;
};

/// Success, or the reason why not. Default-constructed: success.
template <>
class [[nodiscard]] result<void> {
public:
  result() = default;
  result(error why) : why_(std::move(why)) {}

  explicit operator bool() const noexcept { return why_.code == errc::none; }

  /// @pre `!*this`
  const error& why() const { return why_; }

private:
  error why_;
};

using status = result<void>;

} // namespace troupe
