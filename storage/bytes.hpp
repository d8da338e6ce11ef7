#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::storage {

/// Builds stored bytes. Fixed numbers are big endian, so that keys sort like
/// the numbers in them; `varint` is LEB128.
class byte_writer {
public:
  void u8(std::uint8_t x) { out_.push_back(static_cast<char>(x)); }
  void u16(std::uint16_t x) { fixed(x, 2); }
  void u32(std::uint32_t x) { fixed(x, 4); }
  void u64(std::uint64_t x) { fixed(x, 8); }
  void varint(std::uint64_t x) {
    for (; x >= 0x80; x >>= 7)
      u8(static_cast<std::uint8_t>(x | 0x80));
    u8(static_cast<std::uint8_t>(x));
  }
  void raw(std::string_view x) { out_.append(x); }
  /// Length, then the bytes.
  void text(std::string_view x) {
    varint(x.size());
    raw(x);
  }

  [[nodiscard]] const std::string& view() const noexcept { return out_; }
  [[nodiscard]] std::string take() { return std::move(out_); }

private:
  void fixed(std::uint64_t x, int bytes) {
    for (int i = bytes - 1; i >= 0; --i)
      u8(static_cast<std::uint8_t>(x >> (8 * i)));
  }

  std::string out_;
};

/// Reads stored bytes and never past their end: after a short read everything
/// is zero and `ok` is false, so a decoder checks once, at its end.
class byte_reader {
public:
  explicit byte_reader(std::string_view from) : rest_(from) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(fixed(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(fixed(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(fixed(4)); }
  std::uint64_t u64() { return fixed(8); }
  std::uint64_t varint() {
    std::uint64_t x = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = u8();
      x |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0)
        return x;
    }
    ok_ = false;
    return 0;
  }
  std::string_view raw(std::uint64_t size) {
    if (size > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const auto out = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return out;
  }
  std::string_view text() { return raw(varint()); }

  [[nodiscard]] bool ok() const noexcept { return ok_; }
  [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
  [[nodiscard]] std::size_t left() const noexcept { return rest_.size(); }

private:
  std::uint64_t fixed(std::size_t bytes) {
    std::uint64_t x = 0;
    for (char c : raw(bytes))
      x = x << 8 | static_cast<std::uint8_t>(c);
    return x;
  }

  std::string_view rest_;
  bool ok_ = true;
};

} // namespace troupe::storage
