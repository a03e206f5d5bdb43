// Scenarios in which a real redis-server 7.0.15 and the model are known to differ, and why that
// stands.
#include <algorithm>
#include <array>

#include "scenarios/arms/compare.h"
#include "scenarios/arms/expressible.h"

namespace scenarios::arms {
namespace {

constexpr auto kKnown = std::to_array<KnownDifference>({
    {"client-unblock", "", "2026-11-25",
     "CLIENT ID counts connections, those with which the real servers are looked at among them"},
    {"a05-five-nodes-rearranged", "", "2026-11-25",
     "five nodes are told whom to follow one after the other; how often one is dropped and resumes "
     "on the way depends on who is told first"},
    {"a17-scripts-by-effect", "", "2026-11-25", "a script stores what TIME answered"},
    {"a18-old-data-while-loading-aside", "", "2026-11-25",
     "a whole payload of 70 kB is in the kernel's buffer of the replica before the link is cut, so "
     "its load goes on; in the model what is under "
     "way is lost"},
    {"link-drop-during-rdb-transfer", "", "2026-11-25",
     "whether a master is seen in send_bulk before the cut depends on how much of the payload its "
     "kernel takes at once"},
    {"buffer-starts-one-event-late", "", "2026-11-25",
     "a stopped process wakes up to two timers that are due, the end of a pause and the start of a "
     "snapshot; which goes first is chance"},
    {"multi-part-effect-not-wrapped", "", "2026-11-25", "SPOP takes random members"},
    {"psync-accepts-future-offset", "", "2026-11-25",
     "how much of the stream got over a slow line before somebody asks depends on what the kernels "
     "between hold back"},
    {"what-enters-the-stream", "links.b>a.streams", "2026-11-25",
     "SCAN meets expired keys in the order of a hash table, which is random on a real server; the "
     "scenario allows both"},
});

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

const KnownDifference* known(std::string_view scenario, std::string_view at) {
  const auto it = std::find_if(kKnown.begin(), kKnown.end(), [&](const KnownDifference& one) {
    return one.scenario == scenario && at.starts_with(one.at);
  });
  return it == kKnown.end() ? nullptr : &*it;
}

}  // namespace scenarios::arms
