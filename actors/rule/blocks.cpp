#include "actors/rule/run.hpp"

namespace troupe::rule {

// Blocks keep what they must remember in `state`, under "BLOCK:id", so that
// they survive a restart like everything else of the rule.
const char* const blocks = R"lua(
local get_variable, set_variable, all_variables = state_get, state_set, state_all
state_get, state_set, state_all = nil, nil, nil

state = setmetatable({}, {
  __index = function(_, key) return get_variable(key) end,
  __newindex = function(_, key, x) set_variable(key, x) end,
  __pairs = function()
    local copy, all = {}, {all_variables()}
    for i = 1, #all, 2 do copy[all[i]] = all[i + 1] end
    return next, copy, nil
  end,
  __metatable = false,
})

-- IN has been true for PT.
function TON(id, IN, PT)
  return for_("TON:" .. id, IN, PT)
end

-- True with IN, and for PT after it.
function TOF(id, IN, PT)
  local key = "TOF:" .. id
  if IN then
    state[key] = true
  elseif state[key] and for_(key, true, PT) then
    state[key] = nil
  end
  return state[key] == true
end

-- A pulse of PT at the rise of IN; a rise during the pulse changes nothing.
function TP(id, IN, PT)
  local key = "TP:" .. id
  if R_TRIG(key, IN) and not remaining(key) then start(key, PT) end
  return remaining(key) ~= nil
end

-- The first call of all is no edge: what was on before the rule came is old.
local function edge(key, CLK, wanted)
  local before = state[key]
  CLK = CLK and true or false
  if before ~= CLK then state[key] = CLK end
  return before ~= nil and before ~= CLK and CLK == wanted
end

function R_TRIG(id, CLK) return edge("R_TRIG:" .. id, CLK, true) end
function F_TRIG(id, CLK) return edge("F_TRIG:" .. id, CLK, false) end

local function latch(key, Q)
  Q = Q and true or nil
  if state[key] ~= Q then state[key] = Q end
  return Q == true
end

-- Set dominates.
function SR(id, S1, R)
  local key = "SR:" .. id
  return latch(key, S1 or (state[key] and not R))
end

-- Reset dominates.
function RS(id, S, R1)
  local key = "RS:" .. id
  return latch(key, not R1 and (S or state[key]))
end

-- True from `high` up, false from `low` down, unchanged between and while x is nil.
function hysteresis(id, x, low, high)
  local key = "hysteresis:" .. id
  if x == nil then return state[key] == true end
  if x >= high then return latch(key, true) end
  if x <= low then return latch(key, false) end
  return state[key] == true
end
)lua";

} // namespace troupe::rule
