#undef CAF_SUITE
#define CAF_SUITE mutations

#include "apps/client/exchange.hpp"
#include "apps/control/framing.hpp"
#include "apps/control/http.hpp"
#include "tests/support/fake_node/fake_neighbour.hpp"

#include <caf/test/dsl.hpp>

#include <random>

using namespace troupe;
using namespace troupe::control;
using namespace troupe::test;

namespace {

constexpr unsigned seed = 4711; // a seed that finds something becomes a test of its own
constexpr int rounds = 15'000;

const std::vector<std::string> requests = {
  "GET /v1/status HTTP/1.1\r\nHost: troupe\r\n\r\n",
  "GET /v1/log?newest=2&level=alarm HTTP/1.1\r\n\r\n",
  "GET /v1/nodes/boiler/readings/hall/lamp HTTP/1.1\r\n\r\n",
  "GET /v1/streams/watch?prefix=hall%2F HTTP/1.1\r\n\r\n",
  "POST /v1/set/hall/lamp HTTP/1.1\r\nContent-Length: 29\r\n\r\n{\"value\":\"on\",\"priority\":8}  ",
  "POST /v1/nodes/boiler/act/kill/hall/lamp HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}",
  "POST /v1/members/boiler/drain HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
  "POST /v1/enrol HTTP/1.1\r\nContent-Length: 38\r\n\r\n{\"token\":\"fake-token\",\"request\":\"xyz\"}",
  "POST /v1/shutdown HTTP/1.1\r\nConnection: close\r\n\r\n"};

const std::vector<std::string> answers = {
  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
  "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nevent: x\ndata: {}\n\n",
  "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"};

class mutator {
public:
  std::string operator()(std::string x) {
    for (auto n = pick(4); n > 0; --n) {
      const auto at = pick(x.size() + 1);
      switch (pick(6)) {
      case 0: if (at < x.size()) x[at] = static_cast<char>(pick(256)); break;
      case 1: x.insert(at, 1, static_cast<char>(pick(256))); break;
      case 2: x.erase(at, pick(8)); break;
      case 3: x.insert(at, x.substr(pick(x.size() + 1), pick(40))); break;
      case 4: x.insert(at, words_[pick(words_.size())]); break;
      default: x.resize(at); break;
      }
    }
    return x;
  }
  std::size_t pick(std::size_t below) { return below == 0 ? 0 : random_() % below; }

private:
  std::mt19937 random_{seed};
  const std::vector<std::string> words_
    = {"\r\n\r\n", "\r\n", "/v1/nodes/", "boiler/", "../", "%00", "%2e%2e%2f", "//", "HTTP/1.1", "POST ",
       "Content-Length: 0\r\n", "Transfer-Encoding: chunked\r\n", "Expect: 100-continue\r\n",
       "X-HTTP-Method-Override: POST\r\n", "enrol", std::string(300, '['), "\"", "{\"value\":1}"};
};

/// Says it in one piece.
class told_wire final : public client::wire {
public:
  explicit told_wire(std::string says) : says_(std::move(says)) {}
  client::answer<std::size_t> read(char* to, std::size_t size, std::chrono::milliseconds) override {
    const auto n = says_.copy(to, size, at_);
    at_ += n;
    return n;
  }
  client::answer<bool> write(std::string_view, std::chrono::milliseconds) override { return true; }

private:
  std::string says_;
  std::size_t at_ = 0;
};

} // namespace

CAF_TEST(whatever a stranger or viewer sends is answered and commands nothing) {
  fake_house house;
  fake_neighbour others;
  http answering{house, others};
  mutator mutate;
  int whole = 0, enrolled = 0;
  for (int i = 0; i < rounds; ++i) {
    const auto bytes = mutate(requests[mutate.pick(requests.size())]);
    const auto cut = frame_request(bytes, {});
    if (cut.is != framing::state::whole)
      continue;
    ++whole;
    const auto request = bytes.substr(0, cut.header_bytes + cut.body_bytes);
    caller who{0, 0, "eve", i % 2 == 0 ? cluster::role::none : cluster::role::viewer, "tls"};
    const auto got = answering.respond(request, cut.header_bytes, who);
    const bool answered = got.bytes.rfind("HTTP/1.1 ", 0) == 0;
    const bool good = got.bytes.rfind("HTTP/1.1 200", 0) == 0;
    const bool enrols = request.rfind("POST", 0) == 0 && request.find("enrol") != std::string::npos;
    enrolled += good && enrols ? 1 : 0;
    const bool quiet = house.last_caller().name.empty() || request.find("streams") != std::string::npos
                       || house.last_caller().allowed == cluster::role::viewer;
    if (!answered || (good && who.allowed == cluster::role::none && !enrols)
        || (who.allowed == cluster::role::none && got.stream) || !quiet || house.stopped()
        || others.boiler.stopped())
      CAF_FAIL("round " << i << " of seed " << seed << ": " << request << "\n-> " << got.bytes);
  }
  // Else the mutations would only try the framing.
  CAF_CHECK(whole > rounds / 4);
  CAF_CHECK(enrolled > 100);
  // No command has come through: the lamps are as they were.
  CAF_CHECK_EQUAL(house.get("hall/lamp")->value("text", ""), "on");
  CAF_CHECK_EQUAL(others.boiler.get("hall/lamp")->value("text", ""), "on");
}

CAF_TEST(whatever a server answers the client ends) {
  mutator mutate;
  int whole = 0;
  for (int i = 0; i < rounds; ++i) {
    told_wire node{mutate(answers[mutate.pick(answers.size())])};
    std::size_t seen = 0;
    const auto got = client::exchange(node, "x", std::chrono::seconds{1}, [&](int, std::string_view piece) {
      seen += piece.size();
      return true;
    });
    whole += got ? 1 : 0;
    CAF_REQUIRE(seen < 5000);
  }
  CAF_CHECK(whole > rounds / 10);
}
