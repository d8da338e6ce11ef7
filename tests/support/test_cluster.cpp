#include "tests/support/test_cluster.hpp"

#include "tests/support/free_port.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace troupe::test {

using nlohmann::json;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

std::string list_of(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& x : words)
    out += (out.empty() ? "\"" : ", \"") + x + "\"";
  return "[" + out + "]";
}

std::vector<std::string> hosts_of(networking how, int host) {
  if (how == networking::loopback)
    return {"127.0.0.1"};
  const auto v6 = fmt::format("[fd00:7e57::{}]", host);
  return how == networking::ipv6 ? std::vector<std::string>{v6}
                                 : std::vector<std::string>{fmt::format("10.78.0.{}", host), v6};
}

void give_addresses(switchboard& wires, networking how, int port, int host) {
  if (how == networking::dual)
    wires.ip(port, fmt::format("addr add 10.78.0.{}/24 dev t0", host));
  wires.ip(port, fmt::format("addr add fd00:7e57::{}/64 dev t0 nodad", host));
}

} // namespace

// --- one node ------------------------------------------------------------------

std::string test_node::link_address() const {
  return hosts_of(all_->how_, host_).front() + ":" + std::to_string(link_port_);
}

std::string test_node::control_address() const {
  return hosts_of(all_->how_, host_).front() + ":" + std::to_string(control_port_);
}

void test_node::write_config() const {
  const auto here = [&](int port) {
    return list_of({all_->how_ == networking::loopback ? fmt::format("127.0.0.1:{}", port) : fmt::format(":{}", port)});
  };
  auto others = peers.value_or(std::vector<std::string>{});
  if (!peers)
    for (const auto& x : all_->nodes_)
      if (x.get() != this && x->link_port_ != 0 && fs::exists(x->pki()))
        for (const auto& host : hosts_of(all_->how_, x->host_))
          others.push_back(fmt::format("{}@{}:{}", x->name_, host, x->link_port_));
  std::ofstream{dir_ + "/node.toml"}
    << "name = \"" << name_ << "\"\ndata-dir = \"" << dir_ << "/data\"\npki-dir = \"" << pki() << "\"\nsocket = \"" << dir_
    << "/s\"\nlisten = " << here(link_port_) << "\ncontrol-listen = " << here(control_port_) << "\npeers = " << list_of(others)
    << "\n" << all_->more_ << more_node_toml;
}

void test_node::keep_config() {
  keeps_config_ = true;
  std::ofstream{dir_ + "/node.toml", std::ios::app} << "socket = \"" << dir_ << "/s\"\n";
}

void test_node::launch() {
  if (process_.running())
    throw std::runtime_error(name_ + " runs already");
  if (!keeps_config_)
    write_config();
  std::vector<std::string> command{test_cluster::program("trouped"), "--config", dir_ + "/node.toml"};
  if (!house.empty())
    command.insert(command.end(), {"--house", house});
  process_ = background{with_clock(with_disk(std::move(command))), dir_ + "/log", port_ < 0 ? -1 : all_->wires_->network(port_)};
}

void test_node::shift_clock(std::chrono::seconds by, bool synchronised) {
  const std::array<std::int64_t, 2> told{by.count(), synchronised ? 1 : 0};
  // Written in place: the node has mapped the file.
  const int fd = ::open((dir_ + "/clock").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  const bool written = ::pwrite(fd, told.data(), sizeof told, 0) == sizeof told;
  ::close(fd);
  if (!written)
    throw std::runtime_error("cannot write the clock of " + name_);
  own_clock_ = true;
}

std::vector<std::string> test_node::with_clock(std::vector<std::string> command) const {
  if (own_clock_)
    command.insert(command.begin(), {"/usr/bin/env", "LD_PRELOAD=" TROUPE_SHIFTED_CLOCK, "TROUPE_CLOCK_FILE=" + dir_ + "/clock"});
  return command;
}

std::vector<std::string> test_node::with_disk(std::vector<std::string> command) const {
  if (disk_can_stall)
    command.insert(command.begin(), {"/usr/bin/env", "LD_PRELOAD=" TROUPE_STALLED_DISK, "TROUPE_STALL=" + dir_ + "/stall"});
  return command;
}

void test_node::stall_disk(bool stalls) const {
  if (stalls)
    std::ofstream{dir_ + "/stall"} << "no sync comes back";
  else
    fs::remove(dir_ + "/stall");
}

finished test_node::on_machine(std::vector<std::string> args) const {
  args.insert(args.begin(), test_cluster::program("troupe"));
  return run_program(with_clock(std::move(args)), {}, 30s, port_ < 0 ? -1 : all_->wires_->network(port_));
}

void test_node::start() {
  launch();
  wait_until_up();
}

void test_node::wait_until_up() {
  const auto answers = [&] { return !process_.running() || troupe({"status"}).exit == 0; };
  if (!within(15s, answers) || !process_.running())
    throw std::runtime_error(name_ + " does not answer\n" + log());
}

finished test_node::troupe(std::vector<std::string> args, const std::string& input, std::chrono::seconds limit) const {
  args.insert(args.begin(), {test_cluster::program("troupe"), "--socket", dir_ + "/s"});
  return run_program(args, input, limit);
}

finished test_node::troupe_at(const std::string& host, const std::string& identity, std::vector<std::string> args) const {
  args.insert(args.begin(), {test_cluster::program("troupe"), "--host", host, "--identity", identity});
  return run_program(args, {}, 30s, port_ < 0 ? -1 : all_->wires_->network(port_));
}

json test_node::ask(std::vector<std::string> args) const {
  args.insert(args.begin(), "--json");
  const auto said = troupe(args);
  if (said.exit != 0)
    throw std::runtime_error(fmt::format("{}: troupe failed ({}): {}{}", name_, said.exit, said.err, said.out));
  return json::parse(said.out);
}

json test_node::wait_for(std::vector<std::string> args, const std::function<bool(const json&)>& good,
                         std::chrono::milliseconds limit) const {
  json last;
  within(limit, [&] {
    try {
      last = ask(args);
      return good(last);
    } catch (const std::exception&) {
      return false; // not there yet
    }
  });
  return last;
}

background test_node::follow(std::vector<std::string> args) const {
  args.insert(args.begin(), {test_cluster::program("troupe"), "--socket", dir_ + "/s", "--json"});
  return background{args, fmt::format("{}/followed.{}", dir_, ++followed_)};
}

std::string test_node::sees(const std::string& other) const {
  const auto said = wait_for({"members"}, [](auto&) { return true; }, 0s);
  if (said.is_object())
    for (const auto& x : said.value("members", json::array()))
      if (x.value("name", "") == other)
        return x.value("standing", "");
  return {};
}

std::string test_node::reading(const std::string& name) const {
  const auto said = wait_for({"get", name}, [](auto&) { return true; }, 0s);
  return said.is_object() ? said.value("text", "") : "";
}

std::string test_node::log() const {
  std::ostringstream text;
  text << std::ifstream{dir_ + "/log"}.rdbuf();
  return text.str();
}

// --- all of them ----------------------------------------------------------------

std::string test_cluster::program(const std::string& name) { return std::string{TROUPE_BIN} + "/" + name; }

test_cluster::test_cluster(const std::vector<std::string>& names, networking how, const std::string& house_toml,
                           const std::string& more_node_toml)
  : how_(how), house_toml_(house_toml), more_(more_node_toml) {
  if (how != networking::loopback)
    wires_ = std::make_unique<switchboard>();
  std::ofstream{passphrase_file()} << "long-secret-words\n";
  pki({"init", pki_dir(), "--name", "test", "--passphrase-file", passphrase_file()});
  for (const auto& name : names)
    admit(name);
}

test_node& test_cluster::admit(const std::string& name) {
  auto& x = add(name);
  std::vector<std::string> order{"issue", name, "--out", x.pki()};
  if (nodes_.size() == 1)
    order.push_back("--enrols");
  pki(order);
  if (!house_toml_.empty()) {
    x.house = folder_ / "house.toml";
    std::ofstream{x.house} << house_toml_;
  }
  return x;
}

finished test_cluster::pki(std::vector<std::string> args) const {
  args.insert(args.begin(), {program("troupe"), "pki", "--dir", pki_dir()});
  auto said = run_program(args);
  if (said.exit != 0)
    throw std::runtime_error(fmt::format("troupe pki {} failed ({}): {}{}", args[4], said.exit, said.err, said.out));
  return said;
}

test_node& test_cluster::add(const std::string& name) {
  nodes_.push_back(std::make_unique<test_node>());
  auto& x = *nodes_.back();
  x.all_ = this;
  x.name_ = name;
  x.dir_ = folder_ / name;
  fs::create_directory(x.dir_);
  x.host_ = next_host_++;
  if (wires_) {
    x.port_ = wires_->plug_in();
    give_addresses(*wires_, how_, x.port_, x.host_);
    x.link_port_ = 4710;
    x.control_port_ = 4711;
  } else {
    x.link_port_ = free_port();
    x.control_port_ = free_port();
  }
  return x;
}

void test_cluster::move(const std::string& name) {
  auto& x = (*this)[name];
  wires_->ip(x.port_, "addr flush dev t0 scope global");
  x.host_ = 100 + next_host_++;
  give_addresses(*wires_, how_, x.port_, x.host_);
}

void test_cluster::plug(const std::string& name) {
  const auto& x = (*this)[name];
  wires_->cable(x.port_, true);
  wires_->ip(x.port_, fmt::format("addr replace fd00:7e57::{}/64 dev t0 nodad", x.host_));
}

test_node& test_cluster::operator[](const std::string& name) {
  for (auto& x : nodes_)
    if (x->name_ == name)
      return *x;
  throw std::runtime_error("no node " + name);
}

void test_cluster::start() {
  for (auto& x : nodes_)
    x->launch();
  for (auto& x : nodes_)
    x->wait_until_up();
}

bool test_cluster::agree(std::chrono::milliseconds limit) {
  return within(limit, [&] {
    for (auto& x : nodes_) {
      if (!x->running())
        continue;
      const auto said = x->wait_for({"members"}, [](auto&) { return true; }, 0s);
      if (!said.is_object() || !said["differences"].empty())
        return false;
      for (auto& y : nodes_) {
        const auto& rows = said["members"];
        const auto row = std::find_if(rows.begin(), rows.end(), [&](auto& r) { return r["name"] == y->name_; });
        const bool there = row != rows.end() && (*row)["standing"] == "alive" && (y == x || (*row)["direct"] == true);
        if (there != y->running())
          return false;
      }
    }
    return true;
  });
}

std::string test_cluster::views() {
  std::string out;
  for (auto& x : nodes_)
    out += fmt::format("--- {}\n{}", x->name_, x->running() ? x->troupe({"members"}).out : "does not run\n");
  return out;
}

std::string test_cluster::logs(std::size_t most_bytes) {
  std::string out;
  for (auto& x : nodes_) {
    const auto text = x->log();
    out += fmt::format("--- {}\n{}", x->name_, text.substr(text.size() > most_bytes ? text.size() - most_bytes : 0));
  }
  return out;
}

} // namespace troupe::test
