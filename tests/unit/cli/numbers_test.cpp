#define CAF_SUITE cli_numbers

#include "apps/cli/text.hpp"

#include <caf/test/unit_test.hpp>

using namespace troupe::cli;

CAF_TEST(a number for people has the digits that it needs and no noise) {
  const struct {
    double x;
    const char* shown;
  } rows[] = {
    {0, "0"},           {-0.0, "0"},         {21.5, "21.5"},         {4870.960741374994, "4870.961"},
    {0.028, "0.028"},   {-0.375, "-0.375"},  {1843211, "1843211"}, {1843.211, "1843.211"},   {165795.01833731118, "165795.018"},
    {0.1 + 0.2, "0.3"}, {19.0625, "19.0625"}, {999999.7, "999999.7"}, {1e-9, "0"},
  };
  for (const auto& row : rows)
    CAF_CHECK_EQUAL(short_number(row.x), row.shown);
}
