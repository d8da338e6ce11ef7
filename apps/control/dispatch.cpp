#include "apps/control/access.hpp"
#include "apps/control/far_side.hpp"
#include "apps/control/routes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace troupe::control {

namespace {

constexpr int max_depth = 32;

/// Deep nesting is a way to eat the stack of whoever walks the document.
bool too_deep(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      if (++depth > max_depth)
        return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

const char* word_for(field_kind x) {
  switch (x) {
  case field_kind::any: return "a value";
  case field_kind::text: return "text";
  case field_kind::number: return "a number";
  case field_kind::whole: return "a whole number from 0";
  case field_kind::truth: return "true or false";
  case field_kind::object: return "an object";
  }
  return "a value";
}

bool fits(const json& x, field_kind kind) {
  switch (kind) {
  case field_kind::any: return !x.is_structured() && !x.is_null();
  case field_kind::text: return x.is_string();
  case field_kind::number: return x.is_number();
  case field_kind::whole: return x.is_number_unsigned();
  case field_kind::truth: return x.is_boolean();
  case field_kind::object: return x.is_object();
  }
  return false;
}

std::string names_of(const std::vector<field>& fields) {
  std::string result;
  for (auto& x : fields)
    result += (result.empty() ? "" : ", ") + x.name;
  return result.empty() ? "none" : result;
}

const field* find(const std::vector<field>& fields, std::string_view name) {
  auto i = std::find_if(fields.begin(), fields.end(),
                        [&](const field& x) { return x.name == name; });
  return i == fields.end() ? nullptr : &*i;
}

reply bad(const std::string& text) {
  return refusal(400, to_string(errc::invalid_argument), text);
}

std::optional<reply> read_query(const route& r,
                                const std::multimap<std::string, std::string>& query, call& c) {
  for (auto& [key, text] : query) {
    const auto* x = find(r.query, key);
    if (!x)
      return bad(fmt::format("{} {} has no parameter '{}'; it takes: {}", r.method, r.path,
                             key.substr(0, 40), names_of(r.query)));
    const bool digits = !text.empty() && text.size() < 19
                        && text.find_first_not_of("0123456789") == std::string::npos;
    if (x->kind == field_kind::whole && !digits)
      return bad(fmt::format("parameter '{}' must be a whole number from 0, not '{}'", key,
                             text.substr(0, 40)));
    if (!c.query.emplace(key, text).second)
      return bad(fmt::format("parameter '{}' stands twice", key));
  }
  return std::nullopt;
}

std::optional<reply> read_body(const route& r, std::string_view text, call& c) {
  if (text.empty() && std::none_of(r.body.begin(), r.body.end(),
                                   [](const field& x) { return x.required; }))
    return std::nullopt;
  if (too_deep(text))
    return bad(fmt::format("the body is nested deeper than {} levels", max_depth));
  c.body = json::parse(text.begin(), text.end(), nullptr, false);
  if (!c.body.is_object())
    return bad(c.body.is_discarded() ? "the body is not JSON" : "the body must be a JSON object");
  for (auto& [key, x] : c.body.items()) {
    const auto* known = find(r.body, key);
    if (!known)
      return bad(fmt::format("{} {} has no field '{}'; it takes: {}", r.method, r.path,
                             key.substr(0, 40), names_of(r.body)));
    if (!fits(x, known->kind))
      return bad(fmt::format("field '{}' must be {}", key, word_for(known->kind)));
  }
  for (auto& x : r.body)
    if (x.required && !c.body.contains(x.name))
      return bad(fmt::format("field '{}' is missing; {} {} takes: {}", x.name, r.method, r.path,
                             names_of(r.body)));
  return std::nullopt;
}

template <class F>
reply run(F work, const std::string& operation) {
  try {
    return work();
  } catch (const std::exception& e) {
    // Ours: the node promised not to throw. The reader gets an answer, and
    // everybody else their service.
    return refusal(500, "internal", fmt::format("{} failed inside the node: {}", operation,
                                                e.what()));
  }
}

/// @param methods of the routes that have this path, if none has the method too
const route* find_route(const std::string& method, const std::string& path,
                        std::map<std::string, std::string>& names, std::string& methods) {
  for (auto& r : routes()) {
    std::map<std::string, std::string> found;
    if (!match_path(r.path, path, found))
      continue;
    if (r.method == method) {
      names = std::move(found);
      return &r;
    }
    methods += (methods.empty() ? "" : ", ") + r.method;
  }
  return nullptr;
}

} // namespace

bool match_path(std::string_view pattern, std::string_view path,
                std::map<std::string, std::string>& names) {
  while (!pattern.empty()) {
    if (pattern.front() != '{') {
      if (path.empty() || path.front() != pattern.front())
        return false;
      pattern.remove_prefix(1);
      path.remove_prefix(1);
      continue;
    }
    const auto close = pattern.find('}');
    const auto key = pattern.substr(1, close - 1);
    pattern.remove_prefix(close + 1);
    // The last one takes the rest: names contain slashes.
    const auto size = pattern.empty() ? path.size() : std::min(path.find('/'), path.size());
    if (size == 0)
      return false;
    names[std::string{key}] = path.substr(0, size);
    path.remove_prefix(size);
  }
  return path.empty();
}

reply dispatch(node_api& node, far_side& others, const caller& who, const std::string& method,
               const std::string& path, const std::multimap<std::string, std::string>& query,
               std::string_view body) {
  std::string there, rest;
  const bool prefixed = split_far(path, there, rest);
  const bool elsewhere = prefixed && there != node.name();
  const auto& wanted = prefixed ? rest : path;
  call c;
  std::string methods;
  const auto* r = find_route(method, wanted, c.path, methods);
  // Before anything else: strangers learn nothing of what there is.
  if (who.allowed == cluster::role::none
      && (!r || prefixed || !may(who.allowed, r->least)))
    return refusal(401, to_string(errc::untrusted),
                   why_not(who, cluster::role::viewer, r ? r->operation : path.substr(0, 100)));
  if (!r && !methods.empty())
    return refusal(405, "wrong_method",
                   fmt::format("{} is not for {}; use {}", path.substr(0, 100),
                               method.substr(0, 20), methods));
  if (!r)
    return refusal(404, "unknown_path",
                   fmt::format("no such path: {}; docs/control-interface.yaml lists all",
                               path.substr(0, 100)));
  if (!may(who.allowed, r->least))
    return refusal(403, to_string(errc::permission_denied), why_not(who, r->least, r->operation));
  if (elsewhere && r->least == cluster::role::none)
    return refusal(422, to_string(errc::unsupported),
                   fmt::format("'{}' is asked of a node itself, not through another", r->operation));
  if (elsewhere)
    return run([&] { return others.far(there, who, method, wanted, query, body); }, r->operation);
  c.who = who;
  if (auto no = read_query(*r, query, c))
    return *no;
  if (auto no = read_body(*r, body, c))
    return *no;
  return run([&] { return r->handle(prefixed && r->joins ? node.by_itself() : node, c); }, r->operation);
}

} // namespace troupe::control
