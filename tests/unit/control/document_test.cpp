#undef CAF_SUITE
#define CAF_SUITE document

#include "apps/control/routes.hpp"

#include <caf/test/dsl.hpp>

#include <fstream>
#include <set>

using namespace troupe::control;

namespace {

/// What the document says of one operation. Read line by line: the document
/// keeps one style, and a YAML library for this test alone would be a stranger.
struct operation {
  std::string path;
  std::string method;
  std::string least;
  std::set<std::string> body;
};

std::map<std::string, operation> read_document() {
  std::ifstream file{TROUPE_SOURCE_DIR "/docs/control-interface.yaml"};
  CAF_REQUIRE(static_cast<bool>(file));
  std::map<std::string, operation> result;
  std::string path, method, id, line;
  bool in_body = false;
  while (std::getline(file, line) && line != "components:") {
    const auto indent = line.find_first_not_of(' ');
    if (indent == std::string::npos)
      continue;
    const auto colon = line.find(':', indent);
    auto key = line.substr(indent, colon - indent);
    if (indent == 2 && key.front() == '/') {
      path = key;
    } else if (indent == 4 && !path.empty()) {
      method = key;
    } else if (indent == 6) {
      in_body = key == "requestBody";
      if (key == "operationId") {
        id = line.substr(colon + 2);
        CAF_CHECK_EQUAL(result.count(id), 0u);
        result[id] = {path, method, "", {}};
      } else if (key == "x-least-role") {
        result[id].least = line.substr(colon + 2);
      }
    } else if (in_body && indent == 16 && key != "properties") {
      key.erase(std::remove(key.begin(), key.end(), '"'), key.end());
      result[id].body.insert(key);
    }
  }
  return result;
}

} // namespace

CAF_TEST(every route stands in the document with the same fields) {
  auto written = read_document();
  for (auto& r : routes()) {
    CAF_MESSAGE(r.operation);
    CAF_REQUIRE_EQUAL(written.count(r.operation), 1u);
    const auto& x = written[r.operation];
    CAF_CHECK_EQUAL(x.path, r.path);
    auto method = x.method;
    std::transform(method.begin(), method.end(), method.begin(),
                   [](char c) { return static_cast<char>(c - 32); });
    CAF_CHECK_EQUAL(method, r.method);
    const auto least = r.least == troupe::cluster::role::none ? "none" : to_string(r.least);
    CAF_CHECK_EQUAL(x.least, least);
    std::set<std::string> fields;
    for (auto& f : r.body)
      fields.insert(f.name);
    CAF_CHECK_EQUAL(x.body, fields);
  }
}

CAF_TEST(the document promises no route that is not served) {
  std::set<std::string> served;
  for (auto& r : routes())
    CAF_CHECK(served.insert(r.operation).second);
  for (auto& [id, x] : read_document()) {
    CAF_MESSAGE(id);
    CAF_CHECK_EQUAL(served.count(id), 1u);
  }
}
