#pragma once

#include "apps/control/event_queue.hpp"
#include "apps/control/node_api.hpp"
#include "apps/control/workers.hpp"
#include "cluster/link/link.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace troupe::daemon {

/// Serves what other nodes ask of this one's control interface: their people
/// see and command this node through theirs. The role of the person travels
/// with the question and is held against the route here, so a peer cannot give
/// more than it has.
///
/// What changes something is done only while it is fresh, also when it had to
/// wait here: who asked has been told by then that nobody answered, and may have
/// done the opposite.
///
/// Threads: any; calls run on workers, as those of the node's own people do.
class far_desk final : public cluster::far_service {
public:
  static constexpr std::size_t most_waiting = 128; ///< calls that look, and as many others; more are told 503
  static constexpr std::size_t most_streams = 64;  ///< more are told 503

  /// Not of the control interface: a peer asks for a new certificate.
  static constexpr auto renewal_path = "/node/renewal";
  using renew_fn = std::function<result<nlohmann::json>(const std::string& peer, const nlohmann::json& body)>;

  /// @param node   this node alone, so that a question never travels on
  /// @param clocks those whose ticks the peers hear
  far_desk(control::node_api& node, renew_fn renew, const clock_source& clocks = system_clocks(),
           milliseconds fresh_within = cluster::link::options{}.fresh_within)
    : node_(node), renew_(std::move(renew)), clocks_(clocks), fresh_within_(fresh_within) {}
  ~far_desk() override;

  /// Finishes the calls in work and ends all streams; later calls are refused.
  void stop();

  void call(const std::string& from, cluster::far_call what,
            std::function<void(cluster::far_answer)> answer) override;
  void pull(const std::string& from, const cluster::far_pull& what,
            std::function<void(cluster::far_events)> answer) override;
  void close(const std::string& from, std::uint64_t stream) override;
  void peer_gone(const std::string& from) override;

private:
  struct open_stream {
    std::string reader;
    std::shared_ptr<control::event_queue> events;
  };
  /// Calls of one kind, and the threads that do them.
  struct lane {
    control::workers threads{4};
    std::size_t waiting = 0;
  };
  cluster::far_answer serve(const std::string& from, const cluster::far_call& what, std::uint64_t links_ended);
  [[nodiscard]] cluster::far_answer try_to_serve(const std::string& from, const cluster::far_call& what,
                                                 std::uint64_t links_ended);
  void end(std::shared_ptr<control::event_queue> events) const;

  control::node_api& node_;
  renew_fn renew_;
  const clock_source& clocks_;
  milliseconds fresh_within_;
  std::mutex mutex_;
  // Apart, so that whoever looks never waits for changes that take long.
  lane looking_;
  lane changing_;
  std::uint64_t next_stream_ = 1;
  std::map<std::string, std::uint64_t> links_ended_; ///< of each peer that ever asked or left
  std::map<std::uint64_t, open_stream> streams_;
};

} // namespace troupe::daemon
