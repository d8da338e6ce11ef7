#pragma once

#include "apps/control/event_queue.hpp"
#include "apps/control/node_api.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::control {

/// One call as its handler sees it: checked against its route.
struct call {
  caller who;
  std::map<std::string, std::string> path;  ///< {name}, {section}, {verb}
  std::map<std::string, std::string> query;
  json body = json::object();
};

class far_side;

/// What a handler answers: a body, or a stream of events.
struct reply {
  int status = 200;
  std::string type = "application/json";
  std::string body;
  std::shared_ptr<event_queue> stream;
};

enum class field_kind { any, text, number, whole, truth, object };

/// One key of a body or query. Anything else is refused by name: a misspelt
/// "priorty" must not silently become the default priority.
struct field {
  std::string name;
  field_kind kind = field_kind::any;
  bool required = false;
};

/// One endpoint. The table of them is the interface; a test holds it against
/// docs/control-interface.yaml.
struct route {
  std::string method;    ///< "GET", "POST", "DELETE"
  std::string path;      ///< "/v1/readings/{name}"; a last {name} may contain '/'
  std::string operation; ///< operationId of the document
  cluster::role least;   ///< who may: `none` is everybody, also without a certificate
  std::vector<field> query;
  std::vector<field> body;
  reply (*handle)(node_api& node, const call& c);
  /// A cluster's answer is put together from those of its nodes: below
  /// /v1/nodes/{node} it is of that one alone, also where it answers itself.
  bool joins = false;
};

[[nodiscard]] const std::vector<route>& routes();

/// Matches "/v1/readings/hall/lamp" against "/v1/readings/{name}".
[[nodiscard]] bool match_path(std::string_view pattern, std::string_view path,
                              std::map<std::string, std::string>& names);

/// Finds the route, holds the caller's role against it, checks query and body,
/// calls the handler; for another node's path asks `others` instead. Never
/// throws; every refusal is a JSON error with a fitting status (400, 401, 403,
/// 404, 405, ...).
[[nodiscard]] reply dispatch(node_api& node, far_side& others, const caller& who,
                             const std::string& method, const std::string& path,
                             const std::multimap<std::string, std::string>& query,
                             std::string_view body);

/// {"error": {"code": "not_found", "text": "..."}}
[[nodiscard]] std::string error_body(std::string_view code, std::string_view text);

/// The HTTP status that fits, 404 for `not_found` and so on.
[[nodiscard]] int http_status(errc code) noexcept;

[[nodiscard]] reply refusal(int status, std::string_view code, std::string_view text);

} // namespace troupe::control
