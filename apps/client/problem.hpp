#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <utility>

namespace troupe::client {

/// What kept a call from being answered, as far as a caller acts differently.
enum class trouble {
  no_node,    ///< nobody listens at the socket
  no_access,  ///< this user or certificate may not
  untrusted,  ///< the other side, or our own certificate, proves nothing
  not_found,  ///< no thing of that name
  refused,    ///< the node said no; the text says why
  lost,       ///< the node went away or fell silent in the middle
  bad_answer, ///< not our protocol: another version, another program
};

struct problem {
  trouble kind = trouble::refused;
  std::string code; ///< of the node: "interlocked"; empty: it never answered
  std::string text; ///< for an operator, with a way out
};

/// A `T`, or why there is none.
template <class T>
class [[nodiscard]] answer {
public:
  answer(T value) : value_(std::move(value)) {}
  answer(problem why) : why_(std::move(why)) {}

  explicit operator bool() const noexcept { return value_.has_value(); }
  const T& operator*() const {
    assert(value_);
    return *value_;
  }
  const T* operator->() const { return &**this; }
  const problem& why() const noexcept { return why_; }

private:
  std::optional<T> value_;
  problem why_;
};

} // namespace troupe::client
