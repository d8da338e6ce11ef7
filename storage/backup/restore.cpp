#include "storage/backup/restore.hpp"

#include "storage/bytes.hpp"
#include "storage/image.hpp"
#include "storage/layout.hpp"

namespace troupe::storage::backup {

namespace {

/// Of one batch; small beside the memory of the database.
constexpr std::size_t batch_bytes = 256 << 10;

} // namespace

restoring::restoring(engine& into, std::string node) : into_(into), node_(std::move(node)) {}

visitor restoring::taker() {
  visitor out;
  out.slot = [this](const whole_state::item& x) { return put_slot(x); };
  out.event = [this](const journal_record& x) { return put_record(x); };
  out.vector = [this](bool collected, const stream_id& of, std::uint64_t seq) { return put_vector(collected, of, seq); };
  return out;
}

status restoring::flush(bool sync) {
  auto ok = into_.commit(waiting_, sync);
  waiting_ = {};
  waiting_bytes_ = 0;
  return ok;
}

status restoring::grown(std::size_t bytes) {
  waiting_bytes_ += bytes;
  return waiting_bytes_ < batch_bytes ? status{} : flush(false);
}

status restoring::put_slot(const whole_state::item& x) {
  auto bytes = storage::encode(x.content);
  const auto size = bytes.size() + 2 * x.key.size() + 64;
  waiting_.put(family::slot, layout::slot_key(x.content.kind, x.key, x.of), std::move(bytes));
  waiting_.put(family::byseq, layout::position_key(x.of, x.content.seq), layout::byseq_value(x.content.kind, x.key));
  return grown(size);
}

status restoring::put_record(const journal_record& x) {
  put_event(waiting_, x);
  return grown(x.bytes.size() + 64);
}

status restoring::put_vector(bool collected, const stream_id& of, std::uint64_t seq) {
  waiting_.put(family::meta, layout::stream_key(collected ? layout::collected_prefix : layout::seen_prefix, of), layout::number(seq));
  return grown(64);
}

status restoring::finish(const head& of) {
  waiting_.put(family::meta, std::string{layout::format_key}, layout::number(of.store_format));
  waiting_.put(family::meta, std::string{layout::bound_key}, layout::number(of.bound.raw));
  if (of.clustered)
    waiting_.put(family::meta, std::string{layout::clustered_key}, {});
  if (of.node == node_) // also if it wrote nothing: a boot is not used twice
    waiting_.put(family::meta, std::string{layout::own_key}, to_bytes(of.state_stream) + to_bytes(of.journal_stream));
  byte_writer from;
  from.u64(static_cast<std::uint64_t>(of.at));
  from.text(of.node);
  waiting_.put(family::meta, std::string{layout::restored_key}, from.take());
  return flush(true);
}

} // namespace troupe::storage::backup
