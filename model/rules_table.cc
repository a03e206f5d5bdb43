#include "model/rules_table.h"

#include <array>

namespace model {
namespace {

std::string text(bool value) {
  return value ? "yes" : "no";
}
std::string text(int value) {
  return std::to_string(value);
}
std::string text(std::string_view value) {
  return value.empty() ? "nothing" : std::string(value);
}
std::string text(Rules::Stream value) {
  constexpr auto kNames = std::to_array<std::string_view>({"relayed", "own", "one for each replica"});
  return std::string(kNames.at(static_cast<std::size_t>(value)));
}
std::string text(Rules::Handshake value) {
  constexpr auto kNames = std::to_array<std::string_view>({"inline", "one by one", "pipelined"});
  return std::string(kNames.at(static_cast<std::size_t>(value)));
}
std::string text(Rules::Ttl value) {
  constexpr auto kNames = std::to_array<std::string_view>({"as written", "PX from now", "PXAT"});
  return std::string(kNames.at(static_cast<std::size_t>(value)));
}
std::string text(Rules::Wrapping value) {
  constexpr auto kNames = std::to_array<std::string_view>(
      {"units of two or more", "transactions", "transactions, and several steps of one command"});
  return std::string(kNames.at(static_cast<std::size_t>(value)));
}

template <auto Field>
std::string value_of(const Rules& rules) {
  return text(rules.*Field);
}

using R = Rules;
constexpr auto kRows = std::to_array<RuleRow>({
    {"V1, V2, V4, V7, V19, V20, V22, V42", "stream",
     "what replicas of this node are sent: the master's bytes under the master's id, or a stream of "
     "its own",
     value_of<&R::stream>},
    {"V5", "resumes_from_file", "a restarted replica asks to be continued", value_of<&R::resumes_from_file>},
    {"V6", "resumes_others_from_file", "a restarted master continues its replicas",
     value_of<&R::resumes_others_from_file>},
    {"V8", "counts_received", "the applied offset moves when bytes arrive",
     value_of<&R::counts_received>},
    {"V9", "suspends_without_parser", "a command cut in half is asked for again",
     value_of<&R::suspends_without_parser>},
    {"V9", "suspends_without_multi", "a transaction cut in half is asked for again",
     value_of<&R::suspends_without_multi>},
    {"V10", "has_acks", "replicas acknowledge", value_of<&R::has_acks>},
    {"V11", "capabilities", "what a replica says it can", value_of<&R::capabilities>},
    {"V12", "replconf_options", "what a master understands", value_of<&R::replconf_options>},
    {"V12", "tells_version", "a replica tells its version", value_of<&R::tells_version>},
    {"V13", "handshake", "how the requests of a handshake are written", value_of<&R::handshake>},
    {"V14", "auth_takes_user", "AUTH takes a user", value_of<&R::auth_takes_user>},
    {"V15", "no_master_link", "the answer to PSYNC while the own master is away",
     value_of<&R::no_master_link>},
    {"V16", "refusal_keeps_cached_master", "-LOADING and -NOMASTERLINK mean: later",
     value_of<&R::refusal_keeps_cached_master>},
    {"V17, V18", "keeps_position_until_load",
     "the old position, backlog and replicas are kept until a payload is loaded",
     value_of<&R::keeps_position_until_load>},
    {"V19", "repoint_drops_replicas", "REPLICAOF drops the own replicas",
     value_of<&R::repoint_drops_replicas>},
    {"V21", "reconnects_at_once", "a lost link is dialled again in the same moment",
     value_of<&R::reconnects_at_once>},
    {"V23", "ring_backlog", "the backlog is an exact ring", value_of<&R::ring_backlog>},
    {"V24", "resize_keeps_backlog", "a change of repl-backlog-size keeps what is held",
     value_of<&R::resize_keeps_backlog>},
    {"V25", "idle_replica_frees_backlog", "repl-backlog-ttl counts on replicas too",
     value_of<&R::idle_replica_frees_backlog>},
    {"V25", "freed_backlog_renews_id", "a backlog that is given up takes the id with it",
     value_of<&R::freed_backlog_renews_id>},
    {"V26", "child_end_ignores_delay", "the end of a snapshot starts the waiting one at once",
     value_of<&R::child_end_ignores_delay>},
    {"V26", "delay_must_be_passed", "repl-diskless-sync-delay must be passed, not reached",
     value_of<&R::delay_must_be_passed>},
    {"V27, V30, V43, V45, V49, V52", "defaults", "settings that are not as in 7.0",
     value_of<&R::defaults>},
    {"V31", "acks_marked_transfer", "an ACK follows a diskless payload at once",
     value_of<&R::acks_marked_transfer>},
    {"V32", "expire_is_absolute", "EXPIRE goes out as PEXPIREAT", value_of<&R::expire_is_absolute>},
    {"V33", "set_ttl", "how SET with a time to live goes out", value_of<&R::set_ttl>},
    {"V33", "set_has_all_options", "SET knows EXAT, PXAT, KEEPTTL and GET",
     value_of<&R::set_has_all_options>},
    {"V34", "incrbyfloat_keeps_ttl", "INCRBYFLOAT goes out as SET ... KEEPTTL",
     value_of<&R::incrbyfloat_keeps_ttl>},
    {"V35", "spop_in_batches", "SPOP of many goes out as an SREM for up to 1024",
     value_of<&R::spop_in_batches>},
    {"V37, V38", "wrapping", "what goes out between MULTI and EXEC", value_of<&R::wrapping>},
    {"V37", "select_inside_multi", "a SELECT stands behind MULTI, not before",
     value_of<&R::select_inside_multi>},
    {"V39", "lower_case_ping", "the ping of a master is in lower case", value_of<&R::lower_case_ping>},
    {"V40", "replica_hides_overdue", "a replica hides keys that are overdue",
     value_of<&R::replica_hides_overdue>},
    {"V46", "limit_covers_backlog", "the hard output limit is at least repl-backlog-size",
     value_of<&R::limit_covers_backlog>},
    {"V47", "replica_commands_tolerated", "a replica's connection may send commands",
     value_of<&R::replica_commands_tolerated>},
    {"V48", "bad_offset_means_full", "an offset that is no number: an error, and a full resync",
     value_of<&R::bad_offset_means_full>},
    {"V51", "dual_channel", "a full resync can take two connections, where the setting allows it",
     value_of<&R::dual_channel>},
    {"V50", "rdb_version", "of the RDB files it writes, and the highest it reads",
     value_of<&R::rdb_version>},
    {"V10, V44, V53", "release", "whose commands, settings and INFO fields there are (model/releases.cc)",
     value_of<&R::release>},
});

constexpr auto kNotes = std::to_array<RowNote>({
    {"V3", true, "follows from V11: the id goes to those that say psync2"},
    {"V28", false, "the parent relays in all releases: the same bytes reach the same replicas"},
    {"V29", false, "as V28: a child that fails takes all its replicas with it, as from 6.0 on"},
    {"V36", false, "scripts go out by their effects in all releases"},
    {"V41", false, "keys with a deadline on a writable replica stay until the next full resync"},
});

}  // namespace

std::span<const RuleRow> rule_rows() {
  return kRows;
}

std::span<const RowNote> row_notes() {
  return kNotes;
}

}  // namespace model
