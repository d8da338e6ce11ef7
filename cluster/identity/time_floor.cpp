#include "cluster/identity/time_floor.hpp"

#include "cluster/identity/files.hpp"

#include <charconv>

namespace troupe::identity {

std::string floor_text(wall_ms at) {
  return std::to_string(at) + "\n";
}

result<time_floor> time_floor::open(std::string path, wall_ms from, wall_ms until) {
  const auto text = read_text_if_there(path);
  if (!text)
    return text.why();
  auto digits = *text;
  while (!digits.empty() && (digits.back() == '\n' || digits.back() == ' '))
    digits.pop_back();
  wall_ms stored = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), stored);
  // Empty: a power cut right after its creation.
  if (!digits.empty() && (code != std::errc{} || end != digits.data() + digits.size() || stored < 0))
    return error{errc::corrupt, fmt::format("{} holds '{}', not milliseconds since 1970: delete it, it is written "
                                            "anew", path, digits.substr(0, 32))};
  time_floor result{std::move(path), stored};
  result.certificate(from, until);
  return result;
}

void time_floor::certificate(wall_ms from, wall_ms until) noexcept {
  until_ = until;
  // Left by a clock that ran ahead before this class watched it.
  if (floor_ > until_)
    floor_ = 0;
  raise(from);
}

wall_ms time_floor::now(const clock_source& clocks) const {
  return std::max(clocks.wall(), floor_);
}

void time_floor::raise(wall_ms known) noexcept {
  if (known > floor_ && known <= until_)
    floor_ = known;
}

status time_floor::tick(const clock_source& clocks) {
  const auto now = clocks.mono();
  if (ticked_ != 0)
    raise(floor_ + (now - ticked_) / 1'000'000);
  ticked_ = now;
  raise(clocks.wall());
  if (clocks.mono() < next_save_)
    return {};
  return save(clocks);
}

status time_floor::save(const clock_source& clocks) {
  raise(clocks.wall());
  next_save_ = clocks.mono() + std::chrono::nanoseconds{save_every}.count();
  if (floor_ == stored_)
    return {};
  if (auto done = write_text(path_, floor_text(floor_)); !done)
    return done;
  stored_ = floor_;
  return {};
}

} // namespace troupe::identity
