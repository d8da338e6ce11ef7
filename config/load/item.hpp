#pragma once

#include "config/load/problem.hpp"
#include "config/schema/schema.hpp"

#include <set>

// One document against the schema of its section; inside config/load only.

namespace troupe::load {

/// How strictly a document is held against the schema.
enum class strictness {
  all,    ///< what a person just wrote: unknown and idle keys are mistakes
  stored, ///< what was accepted once, perhaps by a newer release: values only
};

/// Adds what is wrong with the document by itself. Returns the keys in trouble,
/// which later checks leave alone.
std::set<std::string> check_item(const schema::section& known, const document& x,
                                 strictness how, std::vector<problem>& found);

/// Writes the document's good values into the section's struct; the rest keeps
/// its default.
void fill(const schema::section& known, const document& x, void* target);

/// The other way: what differs from the defaults and applies, canonical.
nlohmann::json body_of(const schema::section& known, const void* from);

/// A problem with one key of a document, placed at its line.
problem at_key(const document& x, const std::string& key, std::string text,
               std::string way_out);

} // namespace troupe::load
