#include "cluster/ownership/leased_authority.hpp"

#include <algorithm>

namespace troupe::cluster {

namespace {

/// @returns the place of `self`, the first being 0; -1: it has none
int place_of(std::vector<std::string> order, const std::string& self, const std::string& without) {
  const auto found = std::find(order.begin(), order.end(), without);
  if (found != order.end())
    std::rotate(found, found + 1, order.end());
  const auto me = std::find(order.begin(), order.end(), self);
  return me == order.end() ? -1 : static_cast<int>(me - order.begin());
}

class leased_authority final : public authority {
public:
  leased_authority(activation::setup how, ranking_fn ranking, const directory& names)
    : names_(names), inside_(how, [self = how.me.node, ranking = std::move(ranking)](const std::string& without) {
        return place_of(ranking(), self, without);
      }) {}

  news begin(mono_ns now) override { return carry_out(inside_.begin(now)); }
  news ready(mono_ns now) override { return carry_out(inside_.ready(now)); }
  news on_letter(const ownership_letter& x, mono_ns now) override { return carry_out(inside_.on_letter(x, now)); }
  news on_time(mono_ns now) override { return carry_out(inside_.on_time(now)); }
  news look_again(mono_ns now) override { return carry_out(inside_.look_again(now)); }
  news hand_over(const std::string& node, mono_ns now) override { return carry_out(inside_.hand_over(node, now)); }
  news stop(mono_ns now) override { return carry_out(inside_.stop(now)); }
  std::optional<mono_ns> next() const override { return inside_.next(); }

  bool acts() const override { return inside_.is() == activation::state::active; }
  std::optional<permit> permit_for(const std::string& output, mono_ns now) override {
    return inside_.permit_for(output, now);
  }
  void leave(carried x) override { inside_.carry(std::move(x)); }
  void above(std::uint64_t round) override { inside_.above(round); }

  nlohmann::json state(mono_ns now) const override {
    nlohmann::json outputs = nlohmann::json::object();
    for (const auto& [name, d] : inside_.doors()) {
      using look = activation::door::look;
      auto& x = outputs[name];
      x["is"] = d.is == look::granted  ? "granted"
                : d.is == look::claimed ? "claimed"
                : d.is == look::vacant  ? "vacant"
                : d.is == look::busy    ? "busy"
                                        : "unknown";
      if (!d.holder.empty())
        x["holder"] = d.holder;
      if (d.is == look::granted)
        x["answered_ms"] = (now - d.answered) / 1'000'000;
    }
    nlohmann::json x{{"standing", to_string(inside_.is())}, {"round", inside_.round()}, {"outputs", std::move(outputs)}};
    if (inside_.hands_over())
      x["successor"] = inside_.successor();
    return x;
  }

private:
  news carry_out(activation::effects x) {
    for (auto& letter : x.to_outputs) {
      const auto to = letter.output;
      (void)names_.send(to, std::move(letter));
    }
    for (auto& [node, letter] : x.to_nodes) {
      const auto to = letter.source;
      (void)names_.send_to(node, to, std::move(letter));
    }
    news out;
    out.ended = std::move(x.ended);
    out.resumed = x.resumed;
    if (x.saw)
      out.seen = acting{x.saw->left_by.node, x.saw->left_by.round, std::move(x.saw->carry.bytes), x.saw->age_ms};
    if (x.began)
      out.began = taken{std::move(x.began->carry.bytes), x.began->age_ms, x.began->left_by.node, x.began->as, x.began->left_by.round};
    return out;
  }

  const directory& names_;
  activation inside_;
};

} // namespace

std::unique_ptr<authority> lease_authority(activation::setup how, ranking_fn ranking, const directory& names) {
  return std::make_unique<leased_authority>(std::move(how), std::move(ranking), names);
}

} // namespace troupe::cluster
