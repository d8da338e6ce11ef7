#pragma once

/// Three nodes with a simulated bus each, whose out.1 drives its in.1 as a
/// finger would press a button; and a rule of boiler that lets attic's button
/// switch a lamp of cellar.
inline constexpr const char* loop_house = R"(
[bus.attic]
driver = "sim"
node = "attic"
[channel."attic/finger"]
bus = "attic"
line = "out.1"
direction = "output"
[channel."attic/button"]
bus = "attic"
line = "in.1"
[channel."attic/lamp"]
bus = "attic"
line = "out.2"
direction = "output"

[bus.boiler]
driver = "sim"
node = "boiler"
[channel."boiler/lamp"]
bus = "boiler"
line = "out.2"
direction = "output"

[bus.cellar]
driver = "sim"
node = "cellar"
[channel."cellar/button"]
bus = "cellar"
line = "in.1"
[channel."cellar/lamp"]
bus = "cellar"
line = "out.2"
direction = "output"
[channel."cellar/far"]
bus = "cellar"
line = "out.3"
direction = "output"

[rule.far-light]
node = "boiler"
outputs = ["cellar/far"]
lease = "2s"
lua = '''
set("cellar/far", on("attic/button"))
'''
)";
