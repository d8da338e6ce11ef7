#include "cluster/transport/dialer.hpp"

#include "cluster/transport/scribe.hpp"

#include <caf/all.hpp>
#include <caf/io/basp_broker.hpp>
#include <caf/io/middleman.hpp>

#include <fmt/format.h>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <future>

namespace troupe::cluster {

namespace {

using clock = std::chrono::steady_clock;

error stopping() { return {errc::unreachable, "this node is stopping"}; }

/// Of several addresses the most telling answer counts: a stranger more than
/// silence, any process more than none, a refusing host more than no host.
int weight_of(errc x) {
  switch (x) {
  case errc::conflict: return 4;
  case errc::untrusted: return 3;
  case errc::closed: return 1;
  default: return 0;
  }
}

} // namespace

dialer::dialer(caf::actor_system& system, std::shared_ptr<hub> shared)
  : system_(system), hub_(std::move(shared)), stop_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

dialer::~dialer() { stop(); }

void dialer::add(job what) {
  {
    const std::lock_guard guard{mutex_};
    if (!stopped_) {
      jobs_.push_back(std::move(what));
      if (threads_ < hub_->how.bounds.dial_threads) {
        ++threads_;
        std::thread{[this] { work(); }}.detach();
      }
      return;
    }
  }
  what.done(stopping());
}

void dialer::stop() {
  std::unique_lock lock{mutex_};
  stopped_ = true;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto ignored = ::write(stop_fd_.get(), &one, sizeof one);
  changed_.wait(lock, [this] { return threads_ == 0; });
}

bool dialer::stopped() {
  const std::lock_guard guard{mutex_};
  return stopped_;
}

void dialer::work() {
  for (;;) {
    job next;
    {
      const std::lock_guard guard{mutex_};
      if (jobs_.empty()) {
        --threads_;
        changed_.notify_all();
        return;
      }
      next = std::move(jobs_.front());
      jobs_.pop_front();
    }
    next.done(dial(next));
  }
}

result<caf::actor> dialer::dial(const job& what) {
  if (hub_->linked(what.name))
    return error{errc::conflict, fmt::format("already linked with {}", what.name)};
  if (const auto held = hub_->held_for(what.name); held.count() > 0)
    return error{errc::unreachable, fmt::format("{}: the link is cut for a drill, for {} ms more", what.name, held.count())};
  owned_fd fd;
  auto session = reach(what, fd);
  if (!session)
    return session.why();
  return hand_over(what, std::move(fd), std::move(*session));
}

result<std::shared_ptr<link_session>> dialer::reach(const job& what, owned_fd& fd) {
  error why{errc::unreachable, ""};
  int weight = 0;
  auto note = [&](const error& x, bool answered = false) {
    if (const int now = answered ? std::max(2, weight_of(x.code)) : weight_of(x.code); now >= weight) {
      weight = now;
      why.code = x.code;
    }
    why.context += (why.context.empty() ? "" : "; ") + x.context;
  };
  std::vector<endpoint> all;
  for (const auto& text : what.addresses) {
    auto parsed = parse_address(text);
    if (!parsed) {
      note(parsed.why());
      continue;
    }
    auto found = resolve(*parsed, hub_->how.bounds.resolve_within, [this] { return stopped(); });
    if (!found) {
      note(found.why());
      continue;
    }
    all.insert(all.end(), found->begin(), found->end());
  }
  const auto until = clock::now() + hub_->how.bounds.connect_within;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (stopped())
      return stopping();
    // One address that swallows packets must leave time for the others.
    const auto share = (until - clock::now()) / static_cast<long>(all.size() - i);
    auto session = knock(what, all[i], clock::now() + share, fd);
    if (session)
      return session;
    note(session.why(), bool{fd});
    if (session.why().code == errc::conflict)
      break;
  }
  if (what.addresses.empty())
    note({errc::unreachable, "no address is known"});
  why.context = fmt::format("{}: {}", what.name, why.context);
  return why;
}

result<std::shared_ptr<link_session>> dialer::knock(const job& what, const endpoint& at, clock::time_point until,
                                                    owned_fd& fd) {
  for (bool again = false;; again = true) {
    fd = owned_fd{};
    auto reached = connect_tcp(at, until, stop_fd_.get());
    if (!reached)
      return reached.why();
    fd = std::move(*reached);
    auto session = greet(what, at, fd);
    // A process that ends may have let us in a moment before its listener was
    // closed; whether it is gone, the second knock tells.
    if (session || again || session.why().code != errc::unreachable || stopped())
      return session;
  }
}

result<std::shared_ptr<link_session>> dialer::greet(const job& what, const endpoint& at,
                                                    owned_fd& fd) {
  tune(fd.get(), hub_->how.bounds.unacknowledged_within);
  const auto certificates = hub_->tls();
  const auto keys = certificates ? nullptr : hub_->psk();
  owned_ssl ssl;
  if (certificates)
    ssl.reset(certificates->connect(fd.get()));
  else if (keys && !keys->knows(what.name))
    return error{errc::untrusted, fmt::format("there is no pre-shared key for {} in {}", what.name, hub_->how.files.psk)};
  else if (keys)
    ssl.reset(keys->connect(fd.get(), what.name));
  if (!ssl)
    return error{errc::io_error, "out of memory for a TLS connection"};
  auto session = std::make_shared<link_session>(hub_, fd.get(), std::move(ssl), keys, to_string(at), what.name);
  const auto until = clock::now() + hub_->how.bounds.handshake_within;
  for (;;) {
    const auto now = session->handshake();
    if (now == link_session::step::done)
      return session;
    if (now == link_session::step::failed) {
      const auto why = hub_->end_of(*session->record());
      return error{why.code, fmt::format("{}: {}", to_string(at), why.context)};
    }
    if (!wait_ready(fd.get(), now == link_session::step::want_read ? POLLIN : POLLOUT, until, stop_fd_.get()))
      return error{errc::timed_out, fmt::format("{}: no TLS handshake within {} ms", to_string(at),
                                                hub_->how.bounds.handshake_within.count())};
  }
}

// When a link ends, CAF kills its proxies and then posts to its I/O thread that
// their entries be erased: by node and number, so a proxy of the same actor that
// a new link has made meanwhile would be killed, and all that is sent to it lost.
// After two turns of that thread what was posted before the link ended is done.
void dialer::let_cleanup_end() {
  for (int turn = 0; turn < 2; ++turn) {
    auto passed = std::make_shared<std::promise<void>>();
    auto answer = passed->get_future();
    hub_->post([passed] { passed->set_value(); });
    answer.wait_for(std::chrono::seconds{1});
  }
}

result<caf::actor> dialer::hand_over(const job& what, owned_fd fd, std::shared_ptr<link_session> session) {
  if (stopped())
    return stopping();
  let_cleanup_end();
  const auto record = session->record();
  caf::io::scribe_ptr made = caf::make_counted<link_scribe>(*hub_->io.load(), fd.get(), std::move(session));
  fd.release();
  auto broker = system_.middleman().named_broker<caf::io::basp_broker>(caf::atom("BASP"));
  result<caf::actor> out = error{errc::unreachable, fmt::format("{}: no answer", what.name)};
  caf::scoped_actor self{system_, true};
  self
    ->request(broker, hub_->how.bounds.handshake_within + milliseconds{500}, caf::connect_atom::value,
              std::move(made), std::uint16_t{0})
    .receive(
      [&](const caf::node_id&, caf::strong_actor_ptr& gateway, std::set<std::string>&) {
        if (gateway)
          out = caf::actor_cast<caf::actor>(gateway);
        else
          out = error{errc::unreachable, fmt::format("{} shows no gateway yet; try again", what.name)};
      },
      [&](caf::error& x) {
        auto why = hub_->end_of(*record);
        if (why.context.empty())
          why = {errc::unreachable, system_.render(x)};
        if (hub_->has_rival(*record))
          why = {errc::conflict, why.context + "; both nodes dialled, and the other connection is kept"};
        out = error{why.code, fmt::format("{}: {}", what.name, why.context)};
      });
  return out;
}

} // namespace troupe::cluster
