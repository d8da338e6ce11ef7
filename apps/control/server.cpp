#include "apps/control/server.hpp"

#include "apps/control/loop.hpp"

namespace troupe::control {

result<std::unique_ptr<server>> server::start(node_api& node, server_options options,
                                              far_side* others) {
  static far_side nobody;
  auto socket = listening_socket::open(options.path, options.group);
  if (!socket)
    return socket.why();
  std::vector<tcp_listener> doors;
  for (auto& address : options.tls_listen) {
    auto door = tcp_listener::open(address);
    if (!door)
      return door.why();
    doors.push_back(std::move(*door));
  }
  auto made = std::make_unique<loop>(node, others ? *others : nobody, std::move(options),
                                     std::move(*socket), std::move(doors));
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

std::vector<std::string> server::tls_addresses() const {
  return loop_->tls_addresses();
}

} // namespace troupe::control
