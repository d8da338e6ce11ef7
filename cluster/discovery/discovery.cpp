#include "cluster/discovery/discovery.hpp"

#include "cluster/discovery/session.hpp"
#include "config/model/names.hpp"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <chrono>
#include <future>
#include <system_error>
#include <thread>

namespace troupe::cluster {

namespace {

class avahi_discovery : public discovery {
public:
  explicit avahi_discovery(std::shared_ptr<discovery_desk> desk) : desk_{std::move(desk)} {
    std::promise<void> done;
    done_ = done.get_future();
    thread_ = std::thread{[desk = desk_, done = std::move(done)]() mutable {
      discovery_session{*desk}.run();
      done.set_value();
    }};
  }

  ~avahi_discovery() override {
    {
      std::lock_guard lock{desk_->speaking};
      desk_->over = true;
    }
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto said = ::write(desk_->wake, &one, sizeof one);
    // In a call to a daemon that hangs, the library waits up to 25 s. The thread
    // then ends by itself; it has all that it uses.
    if (done_.wait_for(std::chrono::milliseconds{end_within_ms}) == std::future_status::ready)
      thread_.join();
    else
      thread_.detach();
  }

private:
  std::shared_ptr<discovery_desk> desk_;
  std::future<void> done_;
  std::thread thread_;
};

} // namespace

result<std::unique_ptr<discovery>> discovery::start(options how) {
  if (!is_valid_node_name(how.name))
    return error{errc::invalid_argument,
                 fmt::format("discovery: the node's name is \"{}\"; one word of a-z 0-9 - _ . is wanted", how.name)};
  if (!is_valid_house(how.house))
    return error{errc::invalid_argument,
                 fmt::format("discovery: the house is \"{}\"; the first 16 hex digits of the root's SHA-256 are "
                             "wanted, in lower case",
                             how.house)};
  if (!how.on_found || !how.on_lost || !how.on_trouble)
    return error{errc::invalid_argument, "discovery: on_found, on_lost and on_trouble must all be given"};
  auto desk = std::make_shared<discovery_desk>();
  desk->how = std::move(how);
  desk->wake = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (desk->wake < 0)
    return error{errc::over_limit, "discovery: no descriptor is left"};
  try {
    return std::unique_ptr<discovery>{std::make_unique<avahi_discovery>(std::move(desk))};
  } catch (const std::system_error& x) {
    return error{errc::over_limit, fmt::format("discovery: no thread can be started: {}", x.what())};
  }
}

} // namespace troupe::cluster
