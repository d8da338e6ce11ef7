#include "config/load/items.hpp"
#include "config/model/address.hpp"
#include "config/schema/take.hpp"

#include <fmt/format.h>

// node.toml's addresses: their form, and what they make of each other.

namespace troupe::load {

namespace {

using node = item<node_config>;

void advise(const node& x, const std::string& key, std::string text, std::string way_out,
            std::vector<problem>& found) {
  found.push_back(at_key(*x.doc, key, std::move(text), std::move(way_out)));
  found.back().fatal = false;
}

struct listener {
  std::string key;
  std::string written;
  net_address at;
};

void read_listeners(const node& x, const std::string& key, const std::vector<std::string>& written,
                    std::uint16_t usual, std::vector<listener>& to, std::vector<problem>& found) {
  for (const auto& text : written) {
    auto it = read_net_address(text, address_use::listen, usual);
    if (it.trouble.empty())
      to.push_back({key, text, std::move(it.is)});
    else
      found.push_back(at_key(*x.doc, key, fmt::format("{} has {}, {}", key, schema::shown(text), it.trouble),
                             std::move(it.way_out)));
  }
}

void check_listeners(const node& x, std::vector<problem>& found) {
  std::vector<listener> all;
  read_listeners(x, "listen", x.is.listen, node_port, all, found);
  read_listeners(x, "control-listen", x.is.control_listen, control_port, all, found);
  read_listeners(x, "psk-listen", x.is.psk_listen, psk_port, all, found);
  for (std::size_t i = 0; i < all.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      const auto& mine = all[i];
      const auto& first = all[j];
      if (!collide(mine.at, first.at))
        continue;
      const bool same = mine.key == first.key;
      found.push_back(at_key(
        *x.doc, mine.key,
        fmt::format("{} has \"{}\", but {} \"{}\" takes that port already", mine.key, mine.written,
                    same ? "its" : first.key, first.written),
        same ? "Remove one of them." : "Give each its own port."));
      found.back().code = errc::conflict;
      break;
    }
}

void check_peers(const node& x, std::vector<problem>& found) {
  std::vector<peer_address> seen;
  for (const auto& text : x.is.peers) {
    auto it = read_peer_address(text);
    if (!it.trouble.empty()) {
      found.push_back(at_key(*x.doc, "peers", fmt::format("peers has {}, {}", schema::shown(text), it.trouble),
                             std::move(it.way_out)));
      continue;
    }
    if (it.is.name == x.is.name && !x.bad.contains("name"))
      advise(x, "peers", fmt::format("peers has \"{}\", which is this node itself", text),
             "It is passed over; one list for all nodes may have it.", found);
    if (std::find(seen.begin(), seen.end(), it.is) != seen.end())
      advise(x, "peers", fmt::format("peers has \"{}\" twice", text), "Remove one.", found);
    seen.push_back(std::move(it.is));
  }
}

} // namespace

void check_links(const node& x, std::vector<problem>& found) {
  check_listeners(x, found);
  check_peers(x, found);
  if (!x.is.psk_listen.empty() && x.is.psk_file.empty() && x.fine("psk-listen", "psk-file"))
    found.push_back(at_key(*x.doc, "psk-listen",
                           "psk-listen is written, but no psk-file: nobody could ever connect there",
                           "Add psk-file = \"/etc/troupe/boards.psk\", or remove psk-listen."));
  if (x.is.discovery && x.is.listen.empty() && !x.bad.contains("listen") && !x.doc->incomplete)
    advise(x, "discovery", "discovery is on, but without listen there is nothing to announce",
           "It looks for others only; add listen = [\":4710\"] to be found too.", found);
  if (x.is.max_half_open_per_address > x.is.max_half_open
      && !x.bad.contains("max-half-open") && !x.bad.contains("max-half-open-per-address"))
    advise(x, x.wrote("max-half-open-per-address") ? "max-half-open-per-address" : "max-half-open",
           fmt::format("max-half-open-per-address is {}, but all addresses together have only {}: one "
                       "stranger can take them all",
                       x.is.max_half_open_per_address, x.is.max_half_open),
           fmt::format("Use less than {}.", x.is.max_half_open), found);
}

} // namespace troupe::load
