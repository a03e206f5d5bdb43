// Bugs that replication really had: each a small change to Rules, switched on by its name.
#include <algorithm>
#include <array>

#include "model/rules.h"

namespace model {
namespace {

using R = Rules;

// In order of their names.
constexpr auto kQuirks = std::to_array<Quirk>({
    {"ack-received-not-applied", "S14",
     "acknowledgements carry the received offset, not the applied one",
     [](R& r) { r.ack_is_applied = false; }},
    {"continue-new-id-forgets-id2", "S05",
     "+CONTINUE with a new id drops the old id instead of keeping it",
     [](R& r) { r.continue_shifts_ids = false; }},
    {"continue-resets-db", "S08", "a resumed stream starts in database 0",
     [](R& r) { r.continue_keeps_db = false; }},
    {"fullresync-offset-at-request", "H02, Redis fix 292fec058",
     "+FULLRESYNC tells the offset of the request, not of the snapshot",
     [](R& r) { r.offset_fixed_at_snapshot = false; }},
    {"half-loaded-snapshot-kept", "H36, Redis PR #12510", "a failed load leaves what it loaded",
     [](R& r) { r.failed_load_empties = false; }},
    {"handshake-without-timeout", "H62, Redis PR #2813", "the handshake is not timed out",
     [](R& r) { r.handshake_times_out = false; }},
    {"id2-limit-ignored", "S02", "requests under the secondary id are not limited",
     [](R& r) { r.second_id_limit = R::SecondLimit::ignored; }},
    {"id2-limit-without-plus-one", "S01", "the secondary id's limit is one too low",
     [](R& r) { r.second_id_limit = R::SecondLimit::offset; }},
    {"lazy-expire-del-after-command", "H15, Redis PR #10969",
     "the DEL of a lazily expired key follows the command that touched it",
     [](R& r) { r.expiry_del_goes_first = false; }},
    {"offset-advances-inside-multi", "S17", "the applied offset moves with every queued command",
     [](R& r) { r.offset_waits_for_exec = false; }},
    {"own-acks-refresh-link-liveness", "H61, Redis fix b41570f71",
     "sending an acknowledgement counts as hearing from the master",
     [](R& r) { r.only_reads_refresh_link = false; }},
    {"psync-accepts-future-offset", "H25, Redis fix 37e06bd95",
     "the upper bound of a resume request is the backlog's capacity",
     [](R& r) { r.backlog_upper_bound = R::UpperBound::capacity; }},
    {"psync-ignores-history-id", "H23, Kvrocks issue #462", "ids are not compared when resuming",
     [](R& r) { r.psync_checks_id = false; }},
    {"psync-refuses-exact-end", "H25, Redis issue #1271",
     "a request for the very next byte is refused",
     [](R& r) { r.backlog_upper_bound = R::UpperBound::before_end; }},
    {"relay-adds-own-ping", "S21, Valkey #2740", "a node in the middle sends pings of its own",
     [](R& r) { r.relays_only = false; }},
    {"resume-with-half-parsed-command", "H21, Redis fix 469d6e2b3",
     "a suspended session keeps its half-parsed command",
     [](R& r) { r.suspends_without_parser = false; }},
    {"resume-with-half-transaction", "H05, Redis fix 189a12afb",
     "a suspended session keeps its MULTI queue", [](R& r) { r.suspends_without_multi = false; }},
    {"silent-while-loading", "H63, Redis issue #1449",
     "a loading replica says nothing to its master",
     [](R& r) { r.newlines_while_loading = false; }},
    {"snapshot-identity-adopted-by-master", "H07, Redis issue #4316",
     "a master adopts the id of the file that it starts from",
     [](R& r) { r.snapshot_id_becomes_second = false; }},
    {"stream-follows-eof-mark-too-soon", "H67, Redis fix bb7fea0d5",
     "the stream starts behind a diskless payload without waiting for an ACK",
     [](R& r) { r.stream_waits_for_ack = false; }},
    {"subreplicas-not-told-of-id-change", "H10, Redis fix eab865a0a",
     "sub-replicas stay attached when the id changes",
     [](R& r) { r.continue_drops_subreplicas = false; }},
    {"transient-refusal-means-unsupported", "H57, Redis fix 5b7d42fff",
     "-LOADING and -NOMASTERLINK discard the position and fall back to SYNC",
     [](R& r) { r.refusal_keeps_cached_master = false; }},
    {"wrap-first-byte-off-by-one", "S06", "the oldest byte offered is one too old",
     [](R& r) { r.lower_bound_off_by_one = true; }},
});
static_assert(std::is_sorted(kQuirks.begin(), kQuirks.end(),
                             [](const Quirk& a, const Quirk& b) { return a.name < b.name; }));

}  // namespace

std::span<const Quirk> quirks() {
  return kQuirks;
}

const Quirk* find_quirk(std::string_view name) {
  const auto found = std::find_if(kQuirks.begin(), kQuirks.end(),
                                  [&](const Quirk& quirk) { return quirk.name == name; });
  return found == kQuirks.end() ? nullptr : &*found;
}

}  // namespace model
