#pragma once

#include "apps/control/connection.hpp"
#include "apps/control/http.hpp"
#include "apps/control/server.hpp"
#include "apps/control/socket.hpp"
#include "apps/control/strangers.hpp"
#include "apps/control/tcp_listener.hpp"
#include "apps/control/workers.hpp"

#include <atomic>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

namespace troupe::control {

/// The server's one thread: epoll over the listening sockets, all connections
/// and one eventfd that workers and pushers of events ring. loop.cpp has its
/// life and the requests, doors.cpp who is let in, streaming.cpp the streams.
class server::loop {
public:
  loop(node_api& node, far_side& others, server_options options, listening_socket socket,
       std::vector<tcp_listener> doors);
  ~loop();

  /// @returns what the system refused.
  [[nodiscard]] status start();

  [[nodiscard]] load now() const noexcept { return {connections_, streams_, strangers_now_}; }
  [[nodiscard]] std::vector<std::string> tls_addresses() const;

private:
  using id = std::uint64_t;
  using phase = connection::phase;
  using outcome = connection::outcome;

  static constexpr id mail_id = 0;
  static constexpr id first_door = 1; ///< the socket; the TLS doors follow

  // Past max_connections so many more are let in to hear why they are refused;
  // the others wait in the kernel's backlog.
  static constexpr std::size_t antechamber = 8;
  static constexpr mono_ns drain_for = 2'000'000'000;

  static mono_ns mono() { return system_clocks().mono(); }

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
  void recount();

  // --- doors.cpp ---
  void watch_doors();
  void pause_door(std::size_t which);
  void reopen_doors(mono_ns now);
  void accept_near();
  void accept_far(std::size_t which);
  connection* take_in(int fd);
  void on_greeting(id who, connection& c);
  void on_plain_text(id who, connection& c);
  void on_known(id who, connection& c);
  void on_failed_greeting(id who, connection& c, const std::string& claimed,
                          const std::string& why);
  /// Why its certificate is worth nothing any more; empty while it is.
  std::string distrust(connection& c, mono_ns now);
  void turned_away(const connection& c, const std::string& claimed, const std::string& why);

  http http_;
  server_options options_;
  listening_socket socket_;
  std::vector<tcp_listener> doors_;
  std::vector<mono_ns> open_again_at_; ///< of the socket, then of each door; 0: it is open
  workers workers_;
  std::shared_ptr<mailbox> mail_;
  int epoll_ = -1;
  std::unordered_map<id, std::unique_ptr<connection>> all_;
  id next_ = 0; ///< after the mailbox, the socket and the doors
  crowd near_, far_;
  strangers strangers_;
  std::size_t enrolling_ = 0;
  refusal_pace refusals_;
  bool stopping_ = false;
  std::atomic<std::size_t> connections_{0};
  std::atomic<std::size_t> streams_{0};
  std::atomic<std::size_t> strangers_now_{0};
  std::thread thread_;
};

} // namespace troupe::control
