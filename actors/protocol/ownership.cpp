#include "actors/protocol/ownership.hpp"

namespace troupe {

const char* to_string(ownership_word x) noexcept {
  switch (x) {
  case ownership_word::ask: return "ask";
  case ownership_word::claim: return "claim";
  case ownership_word::renew: return "renew";
  case ownership_word::release: return "release";
  case ownership_word::prepare: return "prepare";
  case ownership_word::vacant: return "vacant";
  case ownership_word::granted: return "granted";
  case ownership_word::busy: return "busy";
  case ownership_word::ok: return "ok";
  case ownership_word::fenced: return "fenced";
  case ownership_word::ready: return "ready";
  }
  return "?";
}

} // namespace troupe
