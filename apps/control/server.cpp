#include "apps/control/server.hpp"

#include "apps/control/loop.hpp"

namespace troupe::control {

result<std::unique_ptr<server>> server::start(node_api& node, server_options options) {
  auto socket = listening_socket::open(options.path, options.group);
  if (!socket)
    return socket.why();
  auto made = std::make_unique<loop>(node, std::move(options), std::move(*socket));
  if (auto started = made->start(); !started)
    return started.why();
  return std::unique_ptr<server>{new server(std::move(made))};
}

server::server(std::unique_ptr<loop> made) : loop_(std::move(made)) {
}

server::~server() = default;

server::load server::now() const noexcept {
  return loop_->now();
}

} // namespace troupe::control
