#!/usr/bin/env bash
# the daemon counts 100,000 edges, and a rule leads a button to a relay
#
# Runs inside the guest, see tests/hardware/run. $TROUPE_BIN has trouped and troupe,
# $FINGER moves the pins of the chip `rain`.
set -euo pipefail
dir=$(mktemp -d "${TMPDIR:-/tmp}/troupe.XXXXXX")
daemon=
cleanup() {
  [ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true
  rm -rf "$dir"
}
trap cleanup EXIT
die() { echo "not so: $*"; tail -n 30 "$dir/log"; exit 1; }

cat >"$dir/node.toml" <<TOML
name = "guest"
data-dir = "$dir/data"
socket = "$dir/s"
TOML
# The chip's 16 events are few, so the reader must not wait for anybody; the pulses
# come as quickly as one processor can make them.
cat >"$dir/house.toml" <<'TOML'
[bus.rain]
driver = "gpio"
chip = "rain"
reader-priority = 50

[counter.gauge]
bus = "rain"
line = "gauge"
edges = "rising"
unit = "pulses"
max-rate = 100000

[channel."hall/button"]
bus = "rain"
line = "button"
direction = "input"

[channel."hall/pump"]
bus = "rain"
line = "pump"
direction = "output"

[rule.hall]
outputs = ["hall/pump"]
lua = '''
set("hall/pump", on("hall/button"))
'''
TOML
troupe() { "$TROUPE_BIN/troupe" --socket "$dir/s" "$@"; }
# field NAME KEY: a number of the channel's or counter's reading
field() { troupe --json get "$1" | tr ',{}' '\n\n\n' | sed -n "s/^ *\"$2\": *//p" | head -n 1; }

"$TROUPE_BIN/trouped" --config "$dir/node.toml" --house "$dir/house.toml" >"$dir/log" 2>&1 &
daemon=$!
for _ in $(seq 200); do
  ! troupe get gauge >/dev/null 2>&1 || break
  kill -0 "$daemon" 2>/dev/null || die "trouped has ended"
  sleep 0.1
done
troupe get gauge || die "trouped does not answer"

"$FINGER" pulses rain 0 100000
for _ in $(seq 100); do
  total=$(field gauge text | tr -dc 0-9)
  [ "$total" != 100000 ] || break
  sleep 0.1
done
[ "$total" = 100000 ] || die "the total is $total, not 100000: $(troupe --json get gauge)"
missed=$(field gauge missed_at_most)
echo "measured: 100000 rising edges made, total $total, at most $missed missed"
[ "$missed" = 0 ] || die "nothing was missed, and it is not known to be: $missed"

"$FINGER" press rain 1 5 250
troupe why hall/pump
kill "$daemon"
wait "$daemon" || die "trouped ended with $?"
daemon=
