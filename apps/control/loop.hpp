#pragma once

#include "apps/control/connection.hpp"
#include "apps/control/http.hpp"
#include "apps/control/server.hpp"
#include "apps/control/socket.hpp"
#include "apps/control/workers.hpp"

#include <atomic>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

namespace troupe::control {

/// The server's one thread: epoll over the listening socket, all connections
/// and one eventfd that workers and pushers of events ring.
class server::loop {
public:
  loop(node_api& node, server_options options, listening_socket socket);
  ~loop();

  /// @returns what the system refused.
  [[nodiscard]] status start();

  [[nodiscard]] load now() const noexcept { return {connections_, streams_}; }

private:
  using id = std::uint64_t;
  using phase = connection::phase;
  using outcome = connection::outcome;

  /// The way from other threads into the loop. Shared with the wake functions
  /// of queues, which a node may hold longer than the server lives.
  struct mailbox {
    ~mailbox();
    void ring();
    void answered(id who, http::answer what);
    void has_events(id who);

    int fd = -1;
    std::mutex mutex;
    bool rung = false;
    bool stop = false;
    std::vector<std::pair<id, http::answer>> answers;
    std::vector<id> ready;
  };

  void run();
  int wait_ms() const;
  void handle(id who, std::uint32_t events);
  void take_mail();
  void accept_all();
  void on_input(id who, connection& c);
  void on_answer(id who, http::answer what);
  void write_out(id who, connection& c);
  void write_events(id who, connection& c);
  void refuse(id who, connection& c, int status, std::string_view code, std::string_view text,
              bool still_sending);
  void begin_stream(id who, connection& c, std::shared_ptr<event_queue> queue);
  void on_time(mono_ns now);
  void on_stream_time(id who, connection& c, mono_ns now);
  void watch_for(id who, connection& c, std::uint32_t events);
  void close_connection(id who);
  void finish();

  http http_;
  server_options options_;
  listening_socket socket_;
  workers workers_;
  std::shared_ptr<mailbox> mail_;
  int epoll_ = -1;
  std::unordered_map<id, std::unique_ptr<connection>> all_;
  id next_ = 2; // 0 is the listening socket, 1 the mailbox
  mono_ns listen_again_at_ = 0;
  bool stopping_ = false;
  std::atomic<std::size_t> connections_{0};
  std::atomic<std::size_t> streams_{0};
  std::thread thread_;
};

} // namespace troupe::control
