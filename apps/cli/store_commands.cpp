#include "apps/cli/commands.hpp"
#include "apps/cli/difference.hpp"
#include "apps/cli/new_file.hpp"
#include "apps/cli/store_view.hpp"
#include "storage/backup/reader.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <chrono>
#include <climits>
#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>
#include <thread>

#include <unistd.h>

namespace troupe::cli {

namespace {

namespace backup = storage::backup;

/// Told between the blocks of a backup; a block can be asked for once more.
constexpr int tries = 3;

void fail_backup(session& s, const error& why, const std::string& what = {}) {
  s.fail(why.code == errc::corrupt || why.code == errc::unsupported ? exit_problems : exit_refused,
         what.empty() ? why.context : fmt::format("{}: {}", what, why.context));
}

void show(session& s, const std::string& file, const backup::contents& x, const char* word) {
  auto told = contents_json(x);
  told["file"] = file;
  if (s.as_json)
    return s.print_json(told);
  s.print(fmt::format("{}  {}\n{}", s.how.paint(harmless(file), colour::bold), s.how.paint(word, colour::green),
                      show_contents(told, s.how, session::now())));
}

void run_verify(session& s, const std::string& file) {
  std::ifstream from{file, std::ios::binary};
  if (!from)
    return s.fail(exit_not_found, fmt::format("cannot read {}: {}", file, std::generic_category().message(errno)));
  backup::reader all;
  std::string space(64 << 10, '\0');
  while (from.read(space.data(), static_cast<std::streamsize>(space.size())) || from.gcount() > 0)
    if (auto ok = all.feed(std::string_view{space}.substr(0, static_cast<std::size_t>(from.gcount()))); !ok)
      return fail_backup(s, ok.why(), file);
  if (from.bad())
    return s.fail(exit_refused, "reading " + file + " failed");
  if (auto ok = all.finish(); !ok)
    return fail_backup(s, ok.why(), file);
  show(s, file, all.found(), "● whole");
}

client::answer<std::string> fetch_block(const client::node& from, const std::string& id, std::uint64_t number) {
  for (int i = 1;; ++i) {
    auto got = from.fetch("/v1/backups/" + id, {{"block", std::to_string(number)}});
    const bool again = !got && i < tries && (got.why().kind == client::trouble::lost || got.why().code == "timed_out");
    if (!again)
      return got;
  }
}

void run_backup(session& s, const std::string& file, bool replace) {
  new_file to{file};
  if (auto ok = to.open(replace); !ok)
    return fail_backup(s, ok.why());
  const auto node = s.node();
  const auto begun = node.post("/v1/backups", json::object());
  if (!begun)
    return s.fail(begun.why());
  const auto id = text_at(*begun, "id");
  backup::reader check; // what arrives is what will be read
  for (std::uint64_t number = 0;; ++number) { // until the node says that it is all
    const auto got = fetch_block(node, id, number);
    if (!got)
      return s.fail(got.why());
    if (got->empty())
      break;
    if (auto ok = check.feed(*got); !ok)
      return fail_backup(s, ok.why(), "what the node sent");
    if (auto ok = to.write(*got); !ok)
      return fail_backup(s, ok.why());
  }
  if (auto ok = check.finish(); !ok)
    return fail_backup(s, ok.why(), "what the node sent");
  if (auto ok = to.finish(); !ok)
    return fail_backup(s, ok.why());
  show(s, file, check.found(), "● saved");
}

/// trouped alone opens the database of a node, so it does the work.
void run_restore(session& s, const std::string& file, const std::string& config, bool replace) {
  if (!s.where.node.empty() || !s.where.host.empty())
    return s.fail(exit_usage, "a store is restored on its own machine, while its node does not run: go there and leave --node and --host out");
  std::error_code none;
  const auto beside = std::filesystem::read_symlink("/proc/self/exe", none).parent_path() / "trouped";
  const auto program = std::filesystem::exists(beside, none) ? beside.string() : std::string{"trouped"};
  std::vector<std::string> words{program, "--config", config, "--restore", file};
  if (replace)
    words.emplace_back("--replace");
  if (s.as_json)
    words.emplace_back("--json");
  std::vector<char*> args;
  for (auto& x : words)
    args.push_back(x.data());
  args.push_back(nullptr);
  ::execvp(program.c_str(), args.data());
  s.fail(exit_refused, fmt::format("cannot run {}: {}. It belongs beside troupe, or into PATH, on the machine of the node", program,
                                   std::generic_category().message(errno)));
}

// --- diff ----------------------------------------------------------------------

/// One node of a comparison.
class side {
public:
  side(const session& s, const std::string& name) : name_(name) {
    auto where = s.where;
    where.node = name;
    node_ = std::make_unique<client::node>(client::resolve(where));
  }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] client::answer<json> store() const { return node_->get("/v1/store"); }
  [[nodiscard]] client::answer<json> vector() const { return node_->get("/v1/store/vector"); }
  [[nodiscard]] client::answer<json> rows(std::size_t bucket) const { return node_->get("/v1/store/rows", {{"bucket", std::to_string(bucket)}}); }
  [[nodiscard]] client::answer<json> entry(const entry_name& x) const {
    return node_->get(fmt::format("/v1/store/entries/{}/{}", x.kind, client::escape(x.key)));
  }

private:
  std::string name_;
  std::unique_ptr<client::node> node_;
};

const char* word_of(verdict x) {
  switch (x) {
  case verdict::first_ahead: return "first_ahead";
  case verdict::second_ahead: return "second_ahead";
  case verdict::both: return "both";
  case verdict::diverged: return "diverged";
  }
  return "diverged";
}

/// Asks both; the first trouble ends the comparison.
class comparison {
public:
  comparison(session& s, const std::string& first, const std::string& second) : s_(s), a_(s, first), b_(s, second) {}

  void run(std::size_t most) {
    const auto a = ask([](const side& x) { return x.store(); }, a_), b = ask([](const side& x) { return x.store(); }, b_);
    if (!a || !b)
      return;
    if (list_at(*a, "sums").empty() || list_at(*b, "sums").empty())
      return s_.fail(exit_refused, fmt::format("{} has no part in the replicated store", list_at(*a, "sums").empty() ? a_.name() : b_.name()));
    std::vector<entry_name> names;
    for (const auto bucket : differing_buckets(*a, *b)) {
      const auto rows_a = ask([&](const side& x) { return x.rows(bucket); }, a_), rows_b = ask([&](const side& x) { return x.rows(bucket); }, b_);
      if (!rows_a || !rows_b)
        return;
      for (auto& x : differing(*rows_a, *rows_b))
        names.push_back(std::move(x));
    }
    std::sort(names.begin(), names.end(), [](const auto& x, const auto& y) { return std::tie(x.key, x.kind) < std::tie(y.key, y.kind); });
    auto entries = json::array();
    for (std::size_t i = 0; i < std::min(names.size(), most); ++i)
      if (!look_at(names[i], entries))
        return;
    const auto more = names.size() - std::min(names.size(), most);
    const bool equal = entries.empty() && more == 0;
    show({{"nodes", {a_.name(), b_.name()}}, {"equal", equal}, {"count", number_at(*a, "entries")}, {"digest", text_at(*a, "digest")},
          {"entries", std::move(entries)}, {"more", more}});
  }

private:
  using question = std::function<client::answer<json>(const side&)>;

  std::optional<json> ask(const question& what, const side& of) {
    const auto got = what(of);
    if (got)
      return *got;
    s_.fail(got.why());
    return {};
  }

  /// The vectors before the entries: what comes in between is news, and never
  /// taken for a defect. @returns false after trouble
  bool look_at(const entry_name& name, json& into) {
    for (int i = 0; i < 2; ++i) {
      const auto has_a = ask([](const side& x) { return x.vector(); }, a_), has_b = ask([](const side& x) { return x.vector(); }, b_);
      if (!has_a || !has_b)
        return false;
      const auto a = ask([&](const side& x) { return x.entry(name); }, a_), b = ask([&](const side& x) { return x.entry(name); }, b_);
      if (!a || !b)
        return false;
      const auto how = judge(*a, *b, arrived_from(*has_a), arrived_from(*has_b));
      if (how == verdict::diverged && i == 0) { // it may have arrived between our questions
        std::this_thread::sleep_for(std::chrono::milliseconds{500});
        continue;
      }
      if (how != verdict::diverged || !same(*a, *b))
        into.push_back({{"kind", name.kind}, {"key", name.key}, {"what", word_of(how)}, {"first", *a}, {"second", *b}});
      return true;
    }
    return true;
  }

  /// They may have become equal while we looked. Slots that wait for collection may
  /// differ, so what is shown is compared.
  static bool same(const json& a, const json& b) { return a.value("value", json()) == b.value("value", json()); }

  void show(const json& x) {
    if (s_.as_json)
      s_.print_json(x);
    else
      s_.print(show_difference(x, s_.how, session::now()));
    if (s_.code == exit_ok && !truth_at(x, "equal"))
      s_.code = exit_refused;
  }

  session& s_;
  side a_, b_;
};

} // namespace

void add_store_commands(CLI::App& app, session& s) {
  struct options {
    std::string file;
    std::string config = "/etc/troupe/node.toml";
    std::string first, second;
    bool replace = false;
    bool verify = false;
    unsigned newest = 50;
  };
  auto o = std::make_shared<options>();
  auto* save = app.add_subcommand("backup", "Save a node's whole store, as it is now, to one file");
  save->add_option("FILE", o->file, "Where to; readable by its owner only")->required();
  save->add_flag("--replace", o->replace, "Over a file of that name; it stays until the new one is whole");
  save->add_flag("--verify", o->verify, "Only read FILE to its end: is it whole, and what is in it? Needs no node");
  save->footer("Examples:\n  troupe backup /var/backups/house-$(date +%F).backup\n"
               "  troupe --node boiler backup boiler.backup\n  troupe --host 10.0.0.7 backup house.backup\n"
               "  troupe backup --verify house.backup\n"
               "Every member has all documents, states and counters, so one backup of one node saves the house; journals are\n"
               "those that the node keeps. The node goes on meanwhile. A damaged file exits with 5.");
  save->callback([&s, o] { o->verify ? run_verify(s, o->file) : run_backup(s, o->file, o->replace); });

  auto r = std::make_shared<options>();
  auto* restore = app.add_subcommand("restore", "Make the store of a node that does not run from a backup");
  restore->add_option("FILE", r->file, "Made by `troupe backup`")->required();
  restore->add_option("-c,--config", r->config, "node.toml of the node on this machine")->capture_default_str();
  restore->add_flag("--replace", r->replace, "A store that is there is moved aside, not deleted");
  restore->footer("Examples:\n  troupe shutdown --yes\n  troupe restore house.backup --replace\n"
                  "  troupe restore house.backup --config /etc/troupe/node.toml\n"
                  "What other members know that is newer comes from them when the node starts: deleted things stay deleted and\n"
                  "no total goes backwards. Of a whole house that was lost restore one node, and let the others join it empty.");
  restore->callback([&s, r] { run_restore(s, r->file, r->config, r->replace); });

  auto d = std::make_shared<options>();
  auto* diff = app.add_subcommand("diff", "What differs between the stores of two nodes, and why");
  diff->add_option("NODE", d->first, "See `troupe members`")->required();
  diff->add_option("OTHER", d->second, "The node to compare it with")->required();
  diff->add_option("-n,--newest", d->newest, "At most so many entries")->capture_default_str();
  diff->footer("Examples:\n  troupe diff attic boiler\n  troupe --json diff attic boiler | jq '.entries[] | select(.what == \"diverged\")'\n"
               "Exits with 0 when they are equal and with 1 when not. What is on its way needs nobody; what diverged is a defect.");
  diff->callback([&s, d] { comparison{s, d->first, d->second}.run(d->newest); });
}

} // namespace troupe::cli
