#undef CAF_SUITE
#define CAF_SUITE crc32c
#include <caf/test/dsl.hpp>

#include "storage/crc32c.hpp"

#include <string>

using troupe::storage::crc32c;

// RFC 3720, B.4, and the check value of the catalogue of CRC algorithms.

CAF_TEST(known sums) {
  std::string up, down;
  for (char i = 0; i < 32; ++i) {
    up += i;
    down += static_cast<char>(31 - i);
  }
  CAF_CHECK_EQUAL(crc32c(""), 0u);
  CAF_CHECK_EQUAL(crc32c("123456789"), 0xe3069283u);
  CAF_CHECK_EQUAL(crc32c(std::string(32, '\0')), 0x8a9136aau);
  CAF_CHECK_EQUAL(crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  CAF_CHECK_EQUAL(crc32c(up), 0x46dd794eu);
  CAF_CHECK_EQUAL(crc32c(down), 0x113fdb5cu);
}

CAF_TEST(every length and beginning tells what has changed) {
  const std::string text = "what rests on a disk is read again years later";
  for (std::size_t from = 0; from < 9; ++from)
    for (std::size_t n = 1; from + n <= text.size(); ++n) {
      auto other = text.substr(from, n);
      const auto sum = crc32c(other);
      other[n / 2] ^= 1;
      CAF_CHECK_NOT_EQUAL(crc32c(other), sum);
    }
}
