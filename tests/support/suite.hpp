#pragma once

// CAF's test macros, without the suite name that they come with: each test
// file defines its own CAF_SUITE.

#include <caf/test/dsl.hpp>

#undef CAF_SUITE
