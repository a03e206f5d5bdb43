// Scenarios in which a real redis-server 7.0.15 and the model are known to differ, and why that
// stands.
#include <algorithm>
#include <array>

#include "scenarios/arms/compare.h"
#include "scenarios/arms/expressible.h"

namespace scenarios::arms {
namespace {

constexpr std::string_view kDay = "2026-11-25";
constexpr std::string_view kClientIds =
    "CLIENT ID counts connections, those with which the real servers are looked at among them";
constexpr std::string_view kWhoIsFirst =
    "five nodes are told whom to follow one after the other; how often one is dropped and resumes "
    "on the way depends on who is told first";
constexpr std::string_view kTime = "a script stores what TIME answered";
constexpr std::string_view kLoadGoesOn =
    "a whole payload of 70 kB is in the kernel's buffer of the replica before the link is cut, so "
    "its load goes on; in the model what is under way is lost";
constexpr std::string_view kTwoTimers =
    "a stopped process wakes up to two timers that are due, the end of a pause and the start of a "
    "snapshot; which goes first is chance";
constexpr std::string_view kRandomMembers = "SPOP takes random members";
constexpr std::string_view kSlowLine =
    "how much of the stream got over a slow line before somebody asks depends on what the kernels "
    "between hold back";
constexpr std::string_view kHashOrder =
    "SCAN meets expired keys in the order of a hash table, which is random on a real server; the "
    "scenario allows both";

constexpr auto kKnown = std::to_array<KnownDifference>({
    {"client-unblock", "steps[1].outcome", kDay, kClientIds},
    {"client-unblock", "steps[6]", kDay, kClientIds},
    {"client-unblock", "steps[7]", kDay, kClientIds},
    {"client-unblock", "steps[8]", kDay, kClientIds},
    {"client-unblock", "steps[9]", kDay, kClientIds},
    {"client-unblock", "steps[10]", kDay, kClientIds},
    {"client-unblock", "steps[11]", kDay, kClientIds},
    {"client-unblock", "steps[12]", kDay, kClientIds},
    {"client-unblock", "steps[13].outcome", kDay, kClientIds},
    {"a05-five-nodes-rearranged", "steps[*].look.*.sync_partial_ok", kDay, kWhoIsFirst},
    {"a05-five-nodes-rearranged", "end.*.sync_partial_ok", kDay, kWhoIsFirst},
    {"a05-five-nodes-rearranged", "links.*.decisions", kDay, kWhoIsFirst},
    {"a17-scripts-by-effect", "steps[13].look.*.digest", kDay, kTime},
    {"a17-scripts-by-effect", "end.*.digest", kDay, kTime},
    {"a17-scripts-by-effect", "links.r>m.streams[0].commands[6].is", kDay, kTime},
    {"a18-old-data-while-loading-aside", "steps[14].look.m.sync_", kDay, kLoadGoesOn},
    {"a18-old-data-while-loading-aside", "end.m.sync_", kDay, kLoadGoesOn},
    {"a18-old-data-while-loading-aside", "links.r>m.decisions[2]", kDay, kLoadGoesOn},
    {"buffer-starts-one-event-late", "end.a.*offset", kDay, kTwoTimers},
    {"buffer-starts-one-event-late", "end.a.repl_backlog_histlen", kDay, kTwoTimers},
    {"buffer-starts-one-event-late", "end.a.ROLE[1]", kDay, kTwoTimers},
    {"buffer-starts-one-event-late", "end.a.ROLE[2][0][2]", kDay, kTwoTimers},
    {"buffer-starts-one-event-late", "end.c.*offset", kDay, kTwoTimers},
    {"buffer-starts-one-event-late", "end.c.repl_backlog_histlen", kDay, kTwoTimers},
    {"buffer-starts-one-event-late", "end.c.ROLE[4]", kDay, kTwoTimers},
    {"buffer-starts-one-event-late", "links.c>a.decisions[0].answered", kDay, kTwoTimers},
    {"buffer-starts-one-event-late", "links.c>a.payloads[0].rdb", kDay, kTwoTimers},
    {"buffer-starts-one-event-late", "links.c>a.streams[0].commands", kDay, kTwoTimers},
    {"multi-part-effect-not-wrapped", "end.*.digest", kDay, kRandomMembers},
    {"multi-part-effect-not-wrapped", "links.b>a.streams[0].commands[3].is", kDay, kRandomMembers},
    {"multi-part-effect-not-wrapped", "links.b>a.streams[0].commands[4].is", kDay, kRandomMembers},
    {"psync-accepts-future-offset", "end.c.repl_backlog_", kDay, kSlowLine},
    {"psync-accepts-future-offset", "links.c>b.decisions[1].answered", kDay, kSlowLine},
    {"psync-accepts-future-offset", "links.c>b.payloads[1].rdb", kDay, kSlowLine},
    {"what-enters-the-stream", "links.b>a.streams[0].commands[11].is", kDay, kHashOrder},
    {"what-enters-the-stream", "links.b>a.streams[0].commands[12].is", kDay, kHashOrder},
});

// Whether a text begins as the pattern says, in which '*' stands for anything.
bool begins_like(std::string_view text, std::string_view pattern) {
  const std::size_t star = pattern.find('*');
  if (!text.starts_with(pattern.substr(0, star))) return false;
  if (star == std::string_view::npos) return true;
  for (std::size_t at = star; at <= text.size(); ++at) {
    if (begins_like(text.substr(at), pattern.substr(star + 1))) return true;
  }
  return false;
}

struct Beyond {
  std::string_view scenario, reason;
};
constexpr std::string_view kKernelBuffers =
    "it fills a send buffer of a few kilobytes; the kernel here takes tens of them from a server "
    "before that sees it";
constexpr auto kBeyond = std::to_array<Beyond>({
    {"diskless-reader-stands-still", kKernelBuffers},
    {"hung-reader-blocks-snapshot-slot", kKernelBuffers},
    {"role-change-during-transfer", kKernelBuffers},
    {"slow-reader", kKernelBuffers},
    {"soft-output-limit", kKernelBuffers},
});

}  // namespace

std::optional<std::string_view> beyond_this_machine(std::string_view scenario) {
  const auto it = std::find_if(kBeyond.begin(), kBeyond.end(),
                               [&](const Beyond& one) { return one.scenario == scenario; });
  return it == kBeyond.end() ? std::nullopt : std::optional(it->reason);
}

std::span<const KnownDifference> known_differences() {
  return kKnown;
}

const KnownDifference* known(std::string_view scenario, std::string_view at) {
  const auto it = std::find_if(kKnown.begin(), kKnown.end(), [&](const KnownDifference& one) {
    return one.scenario == scenario && begins_like(at, one.at);
  });
  return it == kKnown.end() ? nullptr : &*it;
}

}  // namespace scenarios::arms
