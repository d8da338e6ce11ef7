#include "actors/supervision/root.hpp"

#include "actors/supervision/fault.hpp"
#include "actors/supervision/supervisor.hpp"
#include "actors/supervision/tree.hpp"

#include <fmt/format.h>

#include <chrono>
#include <thread>
#include <utility>

namespace troupe::supervision {

root::root(caf::actor_system& system, report& told, directory& names,
           const clock_source& clocks, limits bounds)
  : system_(system), house_(new house{names, told, clocks, bounds}) {}

root::~root() {
  static_cast<void>(stop(milliseconds{5000})); // who wants to know calls `stop`
  // Somebody sits in a call and will look at the house when it returns.
  if (house_->living.load() > 0)
    static_cast<void>(house_.release());
}

mono_ns root::now() const {
  return system_.clock().now().time_since_epoch().count();
}

caf::actor root::handle() const {
  std::lock_guard guard{mutex_};
  return top_;
}

template <class T>
status root::ask(const caf::actor& whom, milliseconds within, T what) {
  caf::scoped_actor self{system_};
  status result;
  self->request(whom, within, std::move(what))
    .receive(
      [&](const outcome& x) {
        if (x.code != errc::none)
          result = error{x.code, x.text};
      },
      [&](const caf::error& e) { result = from_caf(e); });
  return result;
}

status root::add(const std::string& parent, child_spec spec, milliseconds within) {
  auto row = house_->known.find(parent);
  if (!row.who)
    return error{errc::not_found, fmt::format("no supervisor '{}'", parent)};
  if (!row.who->spec->is_supervisor)
    return error{errc::invalid_argument, fmt::format("'{}' is no supervisor", parent)};
  return ask(row.actor, within, add_child{std::move(spec)});
}

status root::act(const std::string& child, child_order::kind what, milliseconds hang,
                 milliseconds within) {
  auto row = house_->known.find(child);
  if (!row.who)
    return error{errc::not_found, fmt::format("no actor '{}'", child)};
  if (!row.supervisor)
    return error{errc::unsupported, fmt::format("'{}' is the root; stop the node instead", child)};
  return ask(row.supervisor, within, child_order{what, child, hang});
}

nlohmann::json root::tree() const {
  return supervision::tree(*house_, now());
}

nlohmann::json root::list() const {
  return supervision::list(*house_, now());
}

nlohmann::json root::one(const std::string& actor) const {
  const auto row = house_->known.find(actor);
  return row.who ? describe(*row.who, now()) : nlohmann::json::object();
}

nlohmann::json root::post_mortems(const std::string& actor) const {
  auto result = nlohmann::json::array();
  for (auto& x : house_->dead.of(actor))
    result.push_back(to_json(*x));
  return result;
}

bool root::tap(const std::string& actor, bool on) {
  auto row = house_->known.find(actor);
  if (row.who)
    row.who->life.tapped = on;
  return row.who != nullptr;
}

std::optional<std::string> root::failure() const {
  std::lock_guard guard{mutex_};
  return over_ && !why_.empty() ? std::optional{why_} : std::nullopt;
}

bool root::wait(milliseconds within) const {
  std::unique_lock guard{mutex_};
  return changed_.wait_for(guard, within, [&] { return over_; });
}

status root::stop(milliseconds within) {
  const auto begun = std::chrono::steady_clock::now();
  auto until = begun + within;
  if (auto top = handle())
    caf::anon_send<caf::message_priority::high>(top, order{order::kind::stop, 0, {}});
  const bool in_time = wait(within);
  {
    std::lock_guard guard{mutex_};
    top_ = nullptr;
  }
  std::vector<std::string> left;
  if (in_time) {
    house_->names.erase(id_);
    house_->known.erase(id_);
    // Ended is not gone: the last ones may still be on their way out of the
    // scheduler, and the house must outlive them.
    while (house_->living.load() > house_->fenced.behind().size() && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(milliseconds{1});
    left = house_->fenced.behind();
  } else {
    left = house_->fenced.behind();
    house_->known.each([&](const roster::row& x) { left.push_back(x.who->spec->id); });
  }
  if (left.empty() && in_time)
    return {};
  // In time, each child had what its own `stop_within` grants; then it was
  // given up, long before the limit of the whole.
  const auto took = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begun);
  return error{errc::timed_out,
               fmt::format("did not stop and {} given up after {} ms: {}; end the process "
                           "without waiting for them",
                           left.size() == 1 ? "was" : "were", took.count(), fmt::join(left, ", "))};
}

std::unique_ptr<root> start_root(caf::actor_system& system, child_spec spec, report& told,
                                 directory& names, const clock_source& clocks,
                                 std::function<void(const std::string&)> failed, limits bounds) {
  std::unique_ptr<root> result{new root{system, told, names, clocks, bounds}};
  result->failed_ = std::move(failed);
  auto of = grow(std::move(spec));
  auto life = std::make_shared<cell>();
  life->spec = of->spec;
  auto& id = result->id_ = of->spec->id;
  auto ended = [r = result.get()](const std::string& why) {
    // Last words of the root's actor; `r` is still there, as it waits for them.
    if (!why.empty() && r->failed_)
      r->failed_(why);
    std::lock_guard guard{r->mutex_};
    r->over_ = true;
    r->why_ = why;
    r->changed_.notify_all();
  };
  auto top = system.spawn<supervisor, caf::lazy_init>(*result->house_, of, life, child_key{0},
                                                      caf::actor{}, ended);
  names.put({id, of->spec->type, "", top, std::shared_ptr<vitals>{life, &life->life}, false});
  result->house_->known.put(id, {life, top, nullptr, 0});
  result->top_ = top;
  caf::anon_send<caf::message_priority::high>(top, order{order::kind::start, 0, {}});
  return result;
}

} // namespace troupe::supervision
