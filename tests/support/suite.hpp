#pragma once

// CAF's test macros, with three changes. The suite name that they come with is
// gone: each test file defines its own CAF_SUITE. A test is named by suite and
// line, not by line alone, so that files can be compiled together. And
// comparisons keep values: CAF's bind references, so that
// `CHECK_EQUAL(make().field, 1)` would look at an object that has ended.

#include <caf/test/dsl.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

namespace troupe::test {

template <class T>
  requires std::constructible_from<std::decay_t<T>, T>
std::decay_t<T> kept(T&& x) {
  return std::forward<T>(x);
}

template <class T>
  requires(!std::constructible_from<std::decay_t<T>, T>)
const T& kept(const T& x) {
  return x;
}

} // namespace troupe::test

#undef CAF_SUITE
#undef CAF_TEST_IMPL
#define TROUPE_JOIN_(a, b, c) a##_##b##_##c
#define TROUPE_JOIN(a, b, c) TROUPE_JOIN_(a, b, c)
#define TROUPE_UNIQUE(what) TROUPE_JOIN(what, CAF_SUITE, __LINE__)
#define CAF_TEST_IMPL(name, disabled_by_default)                                         \
  namespace {                                                                            \
  struct TROUPE_UNIQUE(test) : caf_test_case_auto_fixture {                              \
    void run_test_impl();                                                                \
  };                                                                                     \
  ::caf::test::detail::adder<::caf::test::test_impl<TROUPE_UNIQUE(test)>>                \
    TROUPE_UNIQUE(added){CAF_XSTR(CAF_SUITE), CAF_XSTR(name), disabled_by_default};      \
  }                                                                                      \
  void TROUPE_UNIQUE(test)::run_test_impl()
#undef CAF_CHECK_EQUAL
#undef CAF_CHECK_NOT_EQUAL
#undef CAF_REQUIRE_EQUAL
#undef CAF_REQUIRE_NOT_EQUAL
#define CAF_CHECK_EQUAL(x, y)                                                            \
  CAF_CHECK_FUNC(::caf::test::equal_to, ::troupe::test::kept(x), ::troupe::test::kept(y))
#define CAF_CHECK_NOT_EQUAL(x, y)                                                        \
  CAF_CHECK_FUNC(::caf::test::not_equal_to, ::troupe::test::kept(x), ::troupe::test::kept(y))
#define CAF_REQUIRE_EQUAL(x, y)                                                          \
  CAF_REQUIRE_FUNC(::caf::test::equal_to, ::troupe::test::kept(x), ::troupe::test::kept(y))
#define CAF_REQUIRE_NOT_EQUAL(x, y)                                                      \
  CAF_REQUIRE_FUNC(::caf::test::not_equal_to, ::troupe::test::kept(x), ::troupe::test::kept(y))
