#include "cluster/link/accept.hpp"

#include "cluster/link/feed.hpp"
#include "cluster/tls/credentials.hpp"
#include "config/model/house.hpp"
#include "config/model/names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace troupe::cluster {

namespace {

constexpr std::size_t most_name = 128; ///< "rule/" or a part of a counter stands before or behind 64
constexpr std::size_t most_word = 128;
constexpr std::size_t most_words = 4096; ///< rules make texts of 1024 at most
constexpr std::size_t most_steps = 64;
constexpr std::size_t most_address = 300; ///< a DNS name of 253 and a port
constexpr std::size_t most_path = 2048;
constexpr std::size_t most_query = 64;
constexpr std::size_t most_body = 1 << 20;
constexpr std::size_t most_events = 1024;
constexpr std::size_t most_parts = 4096;
constexpr std::size_t most_documents = 16'384; ///< in one part
constexpr std::size_t most_frame = 1000 << 10; ///< the transport cuts at 1 MiB, and BASP adds a little
constexpr std::size_t most_pem = 256 << 10;
constexpr std::size_t most_members = 256;
constexpr std::size_t most_carry = 64 << 10; ///< outputs keep less
constexpr std::uint64_t latest_round = std::uint64_t{1} << 62; ///< so that one more is still more
constexpr std::uint32_t latest_word = 1U << 31; ///< so that adding to it never wraps
constexpr wall_ms end_of_time = 253'402'300'799'999; ///< 9999-12-31, the last that calendars print

status no(std::string text) { return error{errc::invalid_argument, std::move(text)}; }

template <class Enum>
bool within(Enum x, Enum last) noexcept {
  return static_cast<unsigned>(x) <= static_cast<unsigned>(last);
}

/// As `is_valid_name`, with room for what actors put before and behind it.
bool is_live_name(std::string_view x) noexcept {
  if (x.empty() || x.size() > most_name || x.front() == '/' || x.back() == '/')
    return false;
  return std::all_of(x.begin(), x.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '/';
  });
}

status no_name(std::string_view x) {
  return no(fmt::format("'{}' is no name", quotable(x)));
}

status no_number(const char* what, unsigned is, unsigned last) {
  return no(fmt::format("{} {} is none; the last is {}", what, is, last));
}

status accept(const value& x) {
  if (!within(x.kind, value_kind::text))
    return no_number("the kind of value", static_cast<unsigned>(x.kind), static_cast<unsigned>(value_kind::text));
  if (x.kind == value_kind::digital && x.whole != 0 && x.whole != 1)
    return no(fmt::format("{} is neither on nor off", x.whole));
  if (!is_text(x.words, most_words, true))
    return no(fmt::format("a text of {} bytes that is no UTF-8, or more than {}", x.words.size(), most_words));
  return {};
}

status accept(const std::vector<storage::step>& story) {
  if (story.size() > most_steps)
    return no(fmt::format("a story of {} steps; at most {} are told", story.size(), most_steps));
  for (const auto& x : story)
    if (!is_text(x.kind, most_word) || !is_text(x.name, most_word) || !is_text(x.text, most_words, true))
      return no(fmt::format("a step of a story, '{}', that is no text or too long", quotable(x.name)));
  return {};
}

bool is_time(wall_ms x) noexcept { return x >= 0 && x <= end_of_time; }

status accept(const reading& x) {
  if (auto ok = accept(x.val); !ok)
    return ok;
  if (!within(x.grade, quality::bad))
    return no_number("the quality", static_cast<unsigned>(x.grade), static_cast<unsigned>(quality::bad));
  if (!within(x.why, reason::node_lost))
    return no_number("the reason", static_cast<unsigned>(x.why), static_cast<unsigned>(reason::node_lost));
  if (!within(x.told_as, origin::restore))
    return no_number("the origin", static_cast<unsigned>(x.told_as), static_cast<unsigned>(origin::restore));
  if (!is_time(x.measured_wall) || !is_time(x.changed_wall))
    return no("a time of day before 1970 or after 9999");
  return {};
}

/// Of a row: one after the other, none later than the row itself.
status accept(const std::vector<far_edge>& edges, const far_row& of) {
  if (edges.empty())
    return {};
  if (of.run == 0 || of.now.val.kind != value_kind::digital)
    return no("edges of what has none");
  if (edges.size() > storage::edge_tail::most)
    return no(fmt::format("{} edges; at most {} are told", edges.size(), storage::edge_tail::most));
  std::uint64_t last = 0;
  for (const auto& x : edges) {
    if (x.changes <= last || x.changes > of.now.changes)
      return no(fmt::format("edge {} after edge {} of {}", x.changes, last, of.now.changes));
    last = x.changes;
    if (x.age_ns < 0 || x.age_ns > storage::edge_tail::most_age)
      return no(fmt::format("an edge {} ns old; those of the last {} s are told", x.age_ns, storage::edge_tail::most_age / one_second));
    if (!is_time(x.wall))
      return no("an edge before 1970 or after 9999");
    if (!within(x.grade, quality::uncertain))
      return no_number("the quality of an edge", static_cast<unsigned>(x.grade), static_cast<unsigned>(quality::uncertain));
    if (!within(x.why, reason::node_lost))
      return no_number("the reason", static_cast<unsigned>(x.why), static_cast<unsigned>(reason::node_lost));
  }
  return {};
}

status accept(const member& x) {
  if (!is_valid_node_name(x.name))
    return no_name(x.name);
  if (!within(x.is, standing::waiting))
    return no_number("the standing", static_cast<unsigned>(x.is), static_cast<unsigned>(standing::waiting));
  if (x.banned > latest_word)
    return no(fmt::format("{} was never removed {} times", x.name, x.banned));
  if (x.addresses.size() > most_query)
    return no(fmt::format("{} with {} addresses", x.name, x.addresses.size()));
  for (const auto& at : x.addresses)
    if (!is_text(at, most_address))
      return no(fmt::format("{} with an address that is none: '{}'", x.name, quotable(at)));
  if (!is_text(x.version, most_word) || !is_time(x.since))
    return no(fmt::format("{} with a version or a time that is none", x.name));
  return {};
}

} // namespace

bool is_text(std::string_view x, std::size_t most_bytes, bool lines) noexcept {
  if (x.size() > most_bytes)
    return false;
  for (std::size_t i = 0; i < x.size();) {
    const auto c = static_cast<unsigned char>(x[i]);
    if (c < 0x80) {
      if (c == 0x7f || (c < 0x20 && !(lines && (c == '\n' || c == '\t' || c == '\r'))))
        return false;
      ++i;
      continue;
    }
    const std::size_t more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
    if (c < 0xc2 || c > 0xf4 || x.size() - i <= more)
      return false;
    std::uint32_t point = c & (0x3fU >> more);
    for (std::size_t k = 1; k <= more; ++k) {
      const auto next = static_cast<unsigned char>(x[i + k]);
      if ((next & 0xc0) != 0x80)
        return false;
      point = point << 6 | (next & 0x3f);
    }
    // Written too long, a surrogate, beyond the last, or a C1 control character.
    if ((more == 2 && point < 0x800) || (more == 3 && (point < 0x10000 || point > 0x10ffff))
        || (point >= 0xd800 && point <= 0xdfff) || point < 0xa0)
      return false;
    i += more + 1;
  }
  return true;
}

std::string quotable(std::string_view x) {
  std::string out{x.substr(0, 80)};
  for (auto& c : out)
    if (c < ' ' || c > '~')
      c = '?';
  return x.size() > 80 ? out + "..." : out;
}

status accept(const hello& x) {
  if (!is_valid_node_name(x.node))
    return no_name(x.node);
  if (!is_text(x.version, most_word))
    return no(fmt::format("the version '{}' is none", quotable(x.version)));
  if (x.incarnation == 0)
    return no(fmt::format("start number {} is none", x.incarnation));
  return {};
}

status accept(const far_row& x) {
  if (!is_live_name(x.name))
    return no_name(x.name);
  if (!is_text(x.unit, most_word))
    return no(fmt::format("the unit '{}' of {} is none", quotable(x.unit), x.name));
  if (x.age_ns < -1)
    return no(fmt::format("{} was measured {} ns from now", x.name, x.age_ns));
  if (auto ok = accept(x.now); !ok)
    return no(fmt::format("{}: {}", x.name, ok.why().context));
  if (auto ok = accept(x.edges, x); !ok)
    return no(fmt::format("{}: {}", x.name, ok.why().context));
  return accept(x.story);
}

status accept(const reading_batch& x) {
  if (!within(x.is, reading_batch::place::only))
    return no_number("the place in a picture", static_cast<unsigned>(x.is),
                     static_cast<unsigned>(reading_batch::place::only));
  if (const auto n = x.rows.size() + x.gone.size(); n > feed::batch_rows)
    return no(fmt::format("{} readings in one batch; at most {}", n, feed::batch_rows));
  return {};
}

status accept(const envelope& x) {
  if (!is_live_name(x.to))
    return no_name(x.to);
  const auto& what = x.what;
  if (what.output != x.to)
    return no(fmt::format("a wish for '{}' sent to {}", quotable(what.output), x.to));
  if (!is_text(what.id, most_word) || !is_text(what.source, most_word))
    return no(fmt::format("a wish for {} from '{}', which is no source", x.to, quotable(what.source)));
  if (x.renews)
    return {};
  if (what.carry.bytes.size() > most_carry)
    return no(fmt::format("a wish for {} with {} bytes to carry on; at most {}", x.to, what.carry.bytes.size(), most_carry));
  if (what.priority < 1 || what.priority > 16)
    return no(fmt::format("a wish for {} with priority {}; there are 1 to 16", x.to, what.priority));
  if (what.lease < milliseconds{0} || what.lease > milliseconds{end_of_time})
    return no(fmt::format("a wish for {} with a lease of {} ms", x.to, what.lease.count()));
  if (what.pulse < milliseconds{0} || what.pulse > longest_pulse || what.age < milliseconds{0}
      || what.age > oldest_pulse)
    return no(fmt::format("a pulse of {} ms for {}, {} ms old", what.pulse.count(), x.to, what.age.count()));
  if (auto ok = accept(what.val); !ok)
    return ok;
  return accept(what.story);
}

status accept(const ownership_frame& x) {
  const auto& what = x.what;
  if (!is_live_name(x.to) || !is_live_name(what.source) || (!what.output.empty() && !is_live_name(what.output)))
    return no(fmt::format("a word from '{}' about '{}' for '{}': one of them is no name", quotable(what.source), quotable(what.output), quotable(x.to)));
  if (!within(what.word, ownership_word::ready))
    return no_number("the word", static_cast<unsigned>(what.word), static_cast<unsigned>(ownership_word::ready));
  for (const auto* node : {&what.by.node, &what.as.node, &what.carry_as.node, &what.holder, &what.to})
    if (!node->empty() && !is_valid_node_name(*node))
      return no_name(*node);
  if (what.lease < 0 || what.lease > end_of_time || what.as.round > latest_round || what.carry_as.round > latest_round)
    return no(fmt::format("a word about {} with a lease of {} ms or a round beyond all", what.output, what.lease));
  if (what.carry.bytes.size() > most_carry)
    return no(fmt::format("{} bytes to carry on for {}; at most {}", what.carry.bytes.size(), what.source, most_carry));
  if (!is_text(what.why, most_words))
    return no(fmt::format("a word about {} with a reason that is no text", what.output));
  return {};
}

status accept(const far_call& x) {
  if (x.method != "GET" && x.method != "POST" && x.method != "DELETE")
    return no(fmt::format("nobody is asked to '{}'", quotable(x.method)));
  if (!x.path.starts_with('/') || !is_text(x.path, most_path))
    return no(fmt::format("'{}' is no path", quotable(x.path)));
  if (x.query.size() > most_query)
    return no(fmt::format("{} parameters; at most {}", x.query.size(), most_query));
  for (const auto& [key, text] : x.query)
    if (!is_text(key, most_word) || !is_text(text, most_words, true))
      return no(fmt::format("the parameter '{}' is no text or too long", quotable(key)));
  if (x.body.size() > most_body)
    return no(fmt::format("a body of {} bytes; at most {}", x.body.size(), most_body));
  if (!is_text(x.who, most_word) || !is_text(x.via, most_words))
    return no(fmt::format("'{}' is no person's name", quotable(x.who)));
  // Nodes ask for people, or look for nobody; a board asks nothing.
  if (x.allowed > static_cast<std::uint8_t>(role::node) || x.allowed == static_cast<std::uint8_t>(role::board))
    return no(fmt::format("asks with the role {}, which is none that may ask", x.allowed));
  return {};
}

status accept(const far_answer& x) {
  if (x.status < 200 || x.status > 599)
    return no(fmt::format("{} is no status of an answer", x.status));
  if (!is_text(x.type, most_word))
    return no(fmt::format("'{}' is no type of content", quotable(x.type)));
  return {};
}

status accept(const far_pull& x) {
  if (x.most > most_events)
    return no(fmt::format("asks for {} events at a time; at most {}", x.most, most_events));
  return {};
}

status accept(const far_events& x) {
  if (x.events.size() > most_events)
    return no(fmt::format("{} events at a time; at most {}", x.events.size(), most_events));
  for (const auto& one : x.events)
    if (!is_text(one.kind, most_word))
      return no(fmt::format("'{}' is no kind of event", quotable(one.kind)));
  return {};
}

status accept(const replica_frame& x) {
  if (x.bytes.size() > most_frame)
    return no(fmt::format("a frame of {} bytes; {} is the most", x.bytes.size(), most_frame));
  return {};
}

status accept(const catalogue_part& x) {
  if (x.parts == 0 || x.parts > most_parts || x.part >= x.parts)
    return no(fmt::format("part {} of {} of its documents; at most {} parts", x.part, x.parts, most_parts));
  if (x.documents.size() > most_documents)
    return no(fmt::format("{} documents in one part; at most {}", x.documents.size(), most_documents));
  return {};
}

status accept(const trust_offer& x) {
  if (x.authorities.size() > most_pem || x.revoked.size() > most_pem)
    return no(fmt::format("{} bytes of authorities and {} of revocations; at most {}", x.authorities.size(),
                          x.revoked.size(), most_pem));
  if (!is_text(x.authorities, most_pem, true) || !is_text(x.revoked, most_pem, true))
    return no("authorities or revocations that are no PEM");
  return {};
}

status accept(const membership_message& x) {
  if (!within(x.what, membership_message::kind::goodbye))
    return no_number("the kind of a letter", static_cast<unsigned>(x.what),
                     static_cast<unsigned>(membership_message::kind::goodbye));
  if (!x.about.empty() && !is_valid_node_name(x.about))
    return no_name(x.about);
  if (x.members.size() > most_members)
    return no(fmt::format("{} members; a cluster has at most {}", x.members.size(), most_members));
  for (const auto& one : x.members)
    if (auto ok = accept(one); !ok)
      return ok;
  return {};
}

std::optional<membership_message> of_a_board(const std::string& name, membership_message x) {
  using kind = membership_message::kind;
  if (x.what != kind::view && x.what != kind::goodbye && x.what != kind::deaf)
    return {};
  std::erase_if(x.members, [&](const member& one) { return one.name != name; });
  for (auto& own : x.members) {
    own.banned = 0;
    own.addresses.clear();
    if (own.is != standing::left)
      own.is = standing::alive;
  }
  x.about.clear();
  return x;
}

} // namespace troupe::cluster
