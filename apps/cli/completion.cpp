#include "apps/cli/completion.hpp"

#include "config/model/drill.hpp"
#include "config/schema/explain.hpp"
#include "config/schema/schema.hpp"

#include <CLI/CLI.hpp>

#include <map>
#include <set>

namespace troupe::cli {

namespace {

/// What a positional argument of a command is. First of the list: first argument.
enum class noun {
  reading, output, counter, actor, bus, fault, section, name, level, toggle, shell, explain, key,
  member, roaming, drill_verb, drill_word, drill_target,
  revision
};

const std::map<std::string, std::vector<noun>> grammar = {
  {"get", {noun::reading, noun::reading, noun::reading, noun::reading}},
  {"list", {noun::reading}},
  {"watch", {noun::reading}},
  {"why", {noun::reading}},
  {"log", {noun::reading}},
  {"set", {noun::output, noun::toggle}},
  {"pulse", {noun::output}},
  {"release", {noun::output}},
  {"force", {noun::reading, noun::toggle}},
  {"count", {noun::counter}},
  {"tap", {noun::actor}},
  {"kill", {noun::actor}},
  {"restart", {noun::actor}},
  {"quarantine", {noun::actor}},
  {"unquarantine", {noun::actor}},
  {"hang", {noun::actor}},
  {"inspect", {noun::actor}},
  {"post-mortem", {noun::actor}},
  {"approve", {noun::member}},
  {"drain", {noun::member}},
  {"undrain", {noun::member}},
  {"leave", {noun::member}},
  {"remove-node", {noun::member}},
  {"diff", {noun::member, noun::member}},
  {"move", {noun::roaming, noun::member}},
  {"drill", {noun::drill_verb, noun::drill_word, noun::drill_target, noun::member}},
  {"fault", {noun::bus, noun::fault, noun::toggle}},
  {"add", {noun::section}},
  {"replace", {noun::section, noun::name}},
  {"remove", {noun::section, noun::name}},
  {"rollback", {noun::revision}},
  {"completion", {noun::shell}},
  {"config", {noun::explain, noun::key}},
};

std::vector<std::string> names(const client::answer<json>& got, const char* kind = nullptr) {
  std::vector<std::string> result;
  if (!got || !got->is_array())
    return result;
  for (auto& x : *got)
    if (!kind || text_at(x, "kind") == kind)
      result.push_back(text_at(x, "name"));
  return result;
}

std::vector<std::string> members(const client::node& node) {
  std::vector<std::string> result;
  if (const auto got = node.get("/v1/members"))
    for (auto& x : list_at(*got, "members"))
      result.push_back(text_at(x, "name"));
  return result;
}

/// As `history` shows them.
std::vector<std::string> revisions(const client::node& node) {
  std::vector<std::string> result;
  if (const auto got = node.get("/v1/history"))
    for (auto& x : *got)
      result.push_back((x.contains("node") ? text_at(x, "node") + "/" : "") + text_at(x, "revision"));
  return result;
}

std::vector<std::string> roaming_rules(const client::node& node) {
  std::vector<std::string> result;
  if (const auto got = node.get("/v1/placement"))
    for (auto& x : list_at(*got, "rules"))
      result.push_back(text_at(x, "rule"));
  return result;
}

std::vector<std::string> faults(const client::node& node, const std::string& bus) {
  const auto buses = node.get("/v1/buses");
  std::vector<std::string> result;
  if (buses && buses->is_array())
    for (auto& x : *buses)
      if (text_at(x, "name") == bus)
        for (auto& f : list_at(x, "faults"))
          result.push_back(text_at(f, "name"));
  return result;
}

/// What follows `drill run` or `drill show`.
std::vector<std::string> after_drill(const client::node& node, const std::string& verb) {
  if (verb == "run" || verb == "trend")
    return troupe::drill_words();
  std::vector<std::string> result;
  if (verb == "show" || verb == "abort")
    if (const auto got = node.get("/v1/drills"))
      for (auto& x : list_at(*got, "drills"))
        result.push_back(text_at(x, "id"));
  return result;
}

std::vector<std::string> things(noun what, const client::node& node, const std::string& before) {
  switch (what) {
  case noun::reading:
  case noun::name: return names(node.get("/v1/readings"));
  case noun::output: return names(node.get("/v1/readings"), "output");
  case noun::counter: return names(node.get("/v1/readings"), "counter");
  case noun::actor: return names(node.get("/v1/ps"));
  case noun::bus: return names(node.get("/v1/buses"));
  case noun::drill_verb: return {"run", "list", "show", "trend", "abort"};
  case noun::drill_word: return after_drill(node, before);
  case noun::drill_target: {
    const auto* of = find_drill(before);
    return of != nullptr && of->of == drill_target::actor ? names(node.get("/v1/ps")) : members(node);
  }
  case noun::member: return members(node);
  case noun::roaming: return roaming_rules(node);
  case noun::revision: return revisions(node);
  case noun::fault: return faults(node, before);
  case noun::section: return schema::house_words();
  case noun::level: return {"debug", "info", "notice", "warning", "alarm"};
  case noun::toggle: return {"on", "off"};
  case noun::shell: return {"bash", "zsh", "fish"};
  case noun::explain: return {"explain"};
  case noun::key: return schema::explainable();
  }
  return {};
}

std::vector<std::string> options_of(const CLI::App& app) {
  std::vector<std::string> result;
  for (auto* o : app.get_options())
    for (auto& name : o->get_lnames())
      result.push_back("--" + name);
  return result;
}

const CLI::Option* option_named(const CLI::App& app, const std::string& word) {
  return word.rfind('-', 0) == 0 ? app.get_option_no_throw(word) : nullptr;
}

bool takes_value(const CLI::App& app, const CLI::App* command, const std::string& word) {
  const auto* o = option_named(app, word);
  if (!o && command)
    o = option_named(*command, word);
  return o && o->get_items_expected_max() > 0;
}

} // namespace

const CLI::App* find_command(const CLI::App& app, const std::string& name) {
  const auto found = app.get_subcommands([&](const CLI::App* x) { return x->get_name() == name; });
  return found.empty() ? nullptr : found.front();
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> result;
  for (auto* x : app.get_subcommands([](const CLI::App* c) { return !c->get_group().empty(); }))
    result.push_back(x->get_name());
  return result;
}

std::vector<std::string> candidates(const CLI::App& app, const std::vector<std::string>& words,
                                    const session& s) {
  const CLI::App* command = nullptr;
  auto where = s.where;
  const std::map<std::string, std::string*> places = {{"--socket", &where.socket},
                                                      {"--host", &where.host},
                                                      {"--identity", &where.identity},
                                                      {"--node", &where.node}};
  // A shell waits for us: better no names than a pause.
  const auto node = [&] { return client::node{client::resolve(where), std::chrono::seconds{1}}; };
  const auto typed = words.empty() ? std::string{} : words.back();
  std::vector<std::string> arguments;
  std::vector<std::string> all;
  bool is_value = false;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (takes_value(app, command, words[i])) {
      is_value = i + 2 == words.size();
      if (is_value && words[i] == "--node")
        all = members(node());
      else if (is_value && (words[i] == "--level" || words[i] == "-l"))
        all = things(noun::level, node(), "");
      else if (auto place = places.find(words[i]); !is_value && place != places.end())
        *place->second = words[i + 1];
      ++i;
    } else if (words[i].rfind('-', 0) == 0) {
      continue;
    } else if (!command) {
      command = find_command(app, words[i]);
    } else {
      arguments.push_back(words[i]);
    }
  }
  if (is_value) {
    // `all` has what can be its value
  } else if (typed.rfind('-', 0) == 0) {
    all = options_of(app);
    if (command)
      for (auto& x : options_of(*command))
        all.push_back(x);
  } else if (!command) {
    all = command_names(app);
  } else if (auto i = grammar.find(command->get_name());
             i != grammar.end() && arguments.size() < i->second.size()) {
    all = things(i->second[arguments.size()], node(), arguments.empty() ? "" : arguments.back());
  }
  std::set<std::string> told; // several nodes have a "store", and rules that roam
  std::erase_if(all, [&](const std::string& x) { return x.rfind(typed, 0) != 0 || x == "--help-all" || !told.insert(x).second; });
  return all;
}

std::string completion_script(const std::string& shell) {
  // Without candidates the shells fall back to file names, which is what
  // `apply` and `check` want.
  if (shell == "bash")
    return R"sh(_troupe() {
  local IFS=$'\n'
  COMPREPLY=($(troupe complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _troupe troupe
)sh";
  if (shell == "zsh")
    return R"sh(#compdef troupe
_troupe() {
  local -a all
  all=("${(@f)$(troupe complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "$all" ]]; then compadd -a all; else _files; fi
}
compdef _troupe troupe
)sh";
  return R"sh(function __troupe_complete
  set -l words (commandline -opc) (commandline -ct)
  troupe complete -- $words[2..-1] 2>/dev/null
end
complete -c troupe -f -n 'test -n "$(__troupe_complete)"' -a '(__troupe_complete)'
)sh";
}

} // namespace troupe::cli
