#pragma once

#include "apps/cli/session.hpp"

namespace CLI {
class App;
}

/// The commands, by subject. Each adds its subcommands to `app`; they run when
/// the command line is parsed.
namespace troupe::cli {

void add_look_commands(CLI::App& app, session& s);    ///< status tree ps get list why log ...
void add_stream_commands(CLI::App& app, session& s);  ///< watch tap
void add_channel_commands(CLI::App& app, session& s); ///< set pulse release force count
void add_actor_commands(CLI::App& app, session& s);   ///< kill restart quarantine ... fault
void add_member_commands(CLI::App& app, session& s);  ///< members approve drain leave reload ...
void add_placement_commands(CLI::App& app, session& s); ///< placement what-if move
void add_drill_commands(CLI::App& app, session& s);   ///< drill run list show trend abort
void add_config_commands(CLI::App& app, session& s);  ///< add remove replace apply export ...
void add_check_commands(CLI::App& app, session& s);   ///< check, config explain
void add_pki_commands(CLI::App& app, session& s);     ///< pki init issue renew revoke ...
void add_join_commands(CLI::App& app, session& s);   ///< token join
void add_store_commands(CLI::App& app, session& s); ///< backup restore diff
void add_local_commands(CLI::App& app, session& s);   ///< version shutdown completion

} // namespace troupe::cli
