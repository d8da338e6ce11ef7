#pragma once

#include "tests/contract/transport/raw_link.hpp"
#include "tests/support/free_port.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/support/test_house.hpp"
#include "tests/support/test_pki.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

// Two real nodes, "a" and "b", linked over TLS: b measures, a shows what it
// measures. Strangers come to a, and the honest link is looked at meanwhile.

namespace troupe::test {

using namespace std::chrono_literals;

inline bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

struct honest_pair {
  static constexpr const char* sensors = "[bus.sim]\ndriver = \"sim\"\n[channel.\"b/temp\"]\nbus = \"sim\"\n"
                                         "line = \"living.temp\"\ndirection = \"input\"\nkind = \"analog\"\npoll-every = \"100ms\"\n"
                                         "[channel.\"b/lamp\"]\nbus = \"sim\"\nline = \"out.3\"\ndirection = \"output\"\n";
  static constexpr const char* lamps = "[bus.sim]\ndriver = \"sim\"\n[channel.\"a/lamp\"]\nbus = \"sim\"\nline = \"out.2\"\n"
                                       "direction = \"output\"\n[channel.\"shed/heater\"]\nbus = \"sim\"\nline = \"out.1\"\n"
                                       "direction = \"output\"\n";
  temp_folder folder;
  test_authority root{"house root"}, foreign{"foreign root"};
  test_leaf revoked = root.issue("mallory");
  std::uint16_t port = free_port(), control = free_port(), psk = free_port();
  test_house a{lamps}, b{sensors};
  long rss_before = 0;
  double usual_us = 0;

  /// @param more  of a's node.toml: peers
  explicit honest_pair(const std::string& more = {}) {
    std::signal(SIGPIPE, SIG_IGN); // who is cut off writes once more
    write_file(folder / "boards.psk", "shed " + std::string(64, 'a') + " names=shed/\n");
    std::filesystem::permissions(folder / "boards.psk", std::filesystem::perms::owner_read);
    configure(a, "a", fmt::format("listen = [\"127.0.0.1:{}\"]\ncontrol-listen = [\"127.0.0.1:{}\"]\n"
                                  "psk-listen = [\"127.0.0.1:{}\"]\npsk-file = \"{}\"\n{}",
                                  port, control, psk, folder / "boards.psk", more));
    configure(b, "b", fmt::format("peers = [\"a@127.0.0.1:{}\"]\n", port));
    a.start();
    b.start();
    a.wait_for({"get", "b/temp"}, [](auto& x) { return x.value("quality", "") == "good"; });
    pause_for(600ms);
    usual_us = beat_us();
    rss_before = rss_kib();
  }

  void configure(test_house& x, const std::string& name, const std::string& more) {
    const auto pki = x.dir() + "/pki";
    std::filesystem::create_directories(pki);
    write_credentials(pki, root.issue(name), root.certificate(), root.crl({revoked.serial}));
    std::ofstream{x.dir() + "/node.toml"} << "name = \"" << name << "\"\ndata-dir = \"" << x.data_dir() << "\"\nsocket = \""
                                          << x.socket() << "\"\npki-dir = \"" << pki << "\"\n" << more;
  }

  static void pause_for(std::chrono::milliseconds x) { test_house::pause(x); }

  /// The middle of seven looks at the newest beat to b and back.
  double beat_us() const {
    std::vector<double> all;
    for (int i = 0; i < 7; ++i) {
      const auto said = a.ask({"members"});
      for (const auto& x : said["members"])
        if (x.value("name", "") == "b" && x["round_trip_us"].is_number())
          all.push_back(x["round_trip_us"].get<double>());
      pause_for(30ms);
    }
    std::sort(all.begin(), all.end());
    return all.empty() ? 1e9 : all[all.size() / 2];
  }

  long rss_kib() const {
    std::ifstream in{"/proc/" + std::to_string(a.pid()) + "/status"};
    for (std::string line; std::getline(in, line);)
      if (line.starts_with("VmRSS:"))
        return std::stol(line.substr(6));
    return -1;
  }

  /// Waits until a's log has it.
  bool logs(const std::string& text, std::chrono::milliseconds limit = 8s) const {
    const auto until = std::chrono::steady_clock::now() + limit;
    while (!has(a.log(), text)) {
      if (std::chrono::steady_clock::now() > until)
        return false;
      pause_for(20ms);
    }
    return true;
  }
  bool journal_has(const std::string& text) const { return has(a.ask({"log", "-n", "1000"}).dump(), text); }

  /// What is wrong with the honest link while `attack` goes on, again and again.
  template <class F>
  std::string trouble_during(F attack, long more_kib = 64 << 10) const {
    std::atomic<bool> over{false};
    std::thread attacker{[&] {
      while (!over)
        attack();
    }};
    std::string out;
    try {
      out = trouble(more_kib);
    } catch (const std::exception& x) {
      out = x.what();
    }
    over = true;
    attacker.join();
    return out;
  }

  /// What is wrong with the honest link; empty: it lives as before.
  std::string trouble(long more_kib = 64 << 10) const {
    std::string out;
    const auto now = a.ask({"get", "b/temp"});
    if (now.value("quality", "") != "good" || now.value("age_s", 99.0) > 2)
      out += "b/temp is " + now.dump() + "; ";
    if (const auto us = beat_us(); us > std::max(10 * usual_us, 20'000.0))
      out += fmt::format("beats take {} us, usually {} us; ", us, usual_us);
    if (const auto kib = rss_kib(); kib < 0 || kib > rss_before + more_kib)
      out += fmt::format("a has {} KiB, had {}; ", kib, rss_before);
    if (has(a.log(), "node b: alive -> suspect") || has(a.log(), "node b: alive -> down"))
      out += "the link to b was doubted; ";
    return out;
  }
};

} // namespace troupe::test
