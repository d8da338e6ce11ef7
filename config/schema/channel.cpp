#include "config/schema/line_options.hpp"
#include "config/schema/schema.hpp"

namespace troupe::schema {

namespace {

using T = channel_config;

const condition inputs{"direction", {"input"}};
const condition outputs{"direction", {"output"}};
const condition digital{"kind", {"digital"}};
const condition analog{"kind", {"analog"}};

std::vector<option> general_options() {
  return {
    {.key = "direction",
     .field = field_words<T>(
       words_of<direction>{{"input", direction::input}, {"output", direction::output}}, &T::dir),
     .help = "An input is read, an output is commanded.",
     .fallback = "input",
     .example = "\"output\""},
    {.key = "kind",
     .field = field_words<T>(
       words_of<value_kind>{{"digital", value_kind::digital}, {"analog", value_kind::analog}},
       &T::kind),
     .help = "digital is on or off, analog a number.",
     .fallback = "digital"},
    {.key = "label",
     .field = field<T>(&T::label),
     .help = "A text for people, shown beside the name.",
     .fallback = "",
     .most = 200,
     .changing = restarts::nothing},
    {.key = "unit",
     .field = field<T>(&T::unit),
     .help = "The unit of the value after scaling.",
     .fallback = "",
     .most = 24,
     .only = {analog},
     .example = "\"°C\""},
    {.key = "scale",
     .field = field<T>(&T::scale),
     .help = "value = raw * scale + offset, where raw is what the driver tells or is told.",
     .fallback = 1,
     .only = {analog}},
    {.key = "offset",
     .field = field<T>(&T::offset),
     .help = "Added after scaling, in the channel's unit.",
     .fallback = 0,
     .only = {analog}},
    {.key = "min",
     .field = field<T>(&T::minimum),
     .help = "The lowest value that can be true, in the channel's unit. An input below it is bad, "
             "out of range; an output is not commanded below it.",
     .only = {analog},
     .example = "-40"},
    {.key = "max",
     .field = field<T>(&T::maximum),
     .help = "The highest value that can be true, in the channel's unit; see min.",
     .only = {analog},
     .example = "60"},
  };
}

std::vector<option> input_options() {
  return {
    {.key = "poll-every",
     .field = field<T>(&T::poll_every),
     .help = "How often the line is read: analog inputs, and digital ones with edges = \"none\". "
             "Shorter costs bus time and wake-ups; longer sees changes later.",
     .fallback = "1s",
     .least = 10,
     .most = 86'400'000,
     .only = {inputs}},
    {.key = "stale-after",
     .field = field<T>(&T::stale_after),
     .help = "A value without news for so long turns bad, stale; 0s is never. Shorter tells sooner "
             "that a sensor is dead; shorter than two polls calls a healthy one dead.",
     .fallback = "0s",
     .least = 0,
     .most = 31.0 * 86'400'000,
     .only = {inputs}},
    {.key = "dead-band",
     .field = field<T>(&T::dead_band),
     .help = "Changes smaller than this are not told, in the channel's unit. More saves rule runs "
             "and flash; less follows the value more closely.",
     .fallback = 0,
     .least = 0,
     .only = {inputs, analog}},
    {.key = "filter",
     .field = field_words<T>(words_of<filter_kind>{{"none", filter_kind::none},
                                                  {"median", filter_kind::median},
                                                  {"average", filter_kind::average}},
                            &T::filter),
     .help = "median drops single wild samples, average smooths noise; both delay the value by about "
             "half of filter-window samples.",
     .fallback = "none",
     .only = {inputs, analog}},
    {.key = "filter-window",
     .field = field<T>(&T::filter_window),
     .help = "How many samples the filter looks at. More is calmer and later.",
     .fallback = 5,
     .unit = "samples",
     .least = 2,
     .most = 101,
     .only = {inputs, analog, {"filter", {"median", "average"}}}},
    {.key = "substitute",
     .field = field<T>(&T::substitute),
     .help = "Told as an uncertain, substituted value while the true one is bad. Without it rules "
             "see no value and can tell that.",
     .only = {inputs},
     .example = "18.0"},
  };
}

std::vector<option> output_options() {
  return {
    {.key = "safe",
     .field = field<T>(&T::safe),
     .help = "What the output does when nobody commands it or its commanders are silent for longer "
             "than their lease. Choose what harms nobody with the house unattended.",
     .fallback = "off",
     .only = {outputs}},
    {.key = "lease",
     .field = field<T>(&T::lease),
     .help = "How long a command is obeyed without being renewed, where the command states no lease "
             "of its own. Shorter is safe sooner when a rule or its node dies; longer rides over "
             "longer pauses.",
     .fallback = "5s",
     .least = 300,
     .most = 86'400'000,
     .limit_why = "renewals come every 100ms, and one lost renewal must not switch an output",
     .only = {outputs}},
    {.key = "startup",
     .field = field_words<T>(words_of<startup_policy>{{"safe", startup_policy::safe},
                                                     {"last", startup_policy::last},
                                                     {"hold", startup_policy::hold}},
                            &T::startup),
     .help = "What the output shows from its start to the first command: its safe value, the last "
             "value it had before, or what the pin shows now. All without a glitch on the relay.",
     .fallback = "safe",
     .only = {outputs}},
    {.key = "on-silence",
     .field = field_words<T>(words_of<silence_policy>{{"safe", silence_policy::safe},
                                                     {"hold", silence_policy::hold}},
                            &T::on_silence),
     .help = "What it shows when everybody who commanded it has fallen silent: safe is its safe "
             "state, hold what it showed last, until somebody commands it again. Hold is for what "
             "harms nobody in either state and annoys when it changes, like the light on a stair; a "
             "pump that nobody controls any more is better off.",
     .fallback = "safe",
     .only = {outputs}},
    {.key = "pulses",
     .field = field_words<T>(words_of<pulse_policy>{{"at-most-once", pulse_policy::at_most_once},
                                                   {"at-least-once", pulse_policy::at_least_once}},
                            &T::pulses),
     .help = "What becomes of a pulse that was decided before this output started and is said again "
             "after it: nobody can tell whether it was done. at-most-once refuses it, for gates, "
             "latching relays and dosing pumps; at-least-once does it, perhaps a second time, for a "
             "bell or a flush.",
     .fallback = "at-most-once",
     .only = {outputs, digital}},
    {.key = "min-on",
     .field = field<T>(&T::min_on),
     .help = "Once on it stays on at least so long, also against commands; it still goes to its safe "
             "state. Longer spares compressors and contactors, and obeys later.",
     .fallback = "0s",
     .least = 0,
     .most = 86'400'000,
     .only = {outputs, digital}},
    {.key = "min-off",
     .field = field<T>(&T::min_off),
     .help = "Once off it stays off at least so long; see min-on.",
     .fallback = "0s",
     .least = 0,
     .most = 86'400'000,
     .only = {outputs, digital}},
    {.key = "max-slope",
     .field = field<T>(&T::max_slope),
     .help = "The fastest change in the channel's unit per second; 0 is unlimited. Less spares "
             "valves and eyes, and arrives later.",
     .fallback = 0,
     .unit = "per second",
     .least = 0,
     .only = {outputs, analog}},
    {.key = "interlock",
     .field = field<T>(&T::interlock),
     .help = "Outputs that must be off while this one is on, like the other direction of a motor. A "
             "command that would break it is refused and told why.",
     .fallback = json::array(),
     .most = 16,
     .only = {outputs, digital},
     .example = "[\"hall/blind-down\"]"},
    {.key = "drive",
     .field = field_words<T>(words_of<drive_kind>{{"push-pull", drive_kind::push_pull},
                                                 {"open-drain", drive_kind::open_drain},
                                                 {"open-source", drive_kind::open_source}},
                            &T::line, &line_config::drive),
     .help = "How the pin drives its line. Lines with several drivers want open-drain or open-source "
             "and a resistor.",
     .fallback = "push-pull",
     .only = {outputs, digital}},
    {.key = "read-back",
     .field = field<T>(&T::read_back),
     .help = "An input that must come to show what this output does: a contactor's auxiliary contact, "
             "a flow switch. When it disagrees the output is told as bad, deviation.",
     .fallback = "",
     .most = 64,
     .only = {outputs},
     .example = "\"hall/lamp-contact\""},
    {.key = "read-back-within",
     .field = field<T>(&T::read_back_within),
     .help = "How long the read-back input may take to agree. Shorter alarms sooner; shorter than "
             "the slowest honest answer alarms for nothing.",
     .fallback = "1s",
     .least = 10,
     .most = 3'600'000,
     .only = {outputs}},
  };
}

} // namespace

const section& channel_section() {
  static const section it = [] {
    section x{"channel",
              "A named value in or out: a button, a temperature, a relay. Rules and people know it "
              "by its name only.",
              "hall/lamp", address_options<T>()};
    append(x.options, general_options());
    append(x.options,
           level_options<T>({digital}, {inputs, digital},
                            {{"none", edge_kind::none},
                             {"rising", edge_kind::rising},
                             {"falling", edge_kind::falling},
                             {"both", edge_kind::both}},
                            "both",
                            "Which edges the hardware reports. With both no change is missed and "
                            "nothing is polled; none reads the level every poll-every instead."));
    append(x.options, input_options());
    append(x.options, output_options());
    return x;
  }();
  return it;
}

} // namespace troupe::schema
