// The main program of every CAF test binary; suites live in the other files.
#include <caf/test/unit_test.hpp>
#include <caf/test/unit_test_impl.hpp>
