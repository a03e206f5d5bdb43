// How long a master bears with each of its replicas, seen from outside: what it hears of them, and
// what they take of a diskless payload.
//
//      silent-replica-kept   online, and nothing was heard for longer than repl-timeout (R2.6, R9.9)
//      dropped-too-soon      given up in the transfer, although it took bytes within repl-timeout (R2.6)
//      limit-too-soon        given up for its output, which was not over the hard limit, nor over the
//                            soft one for as long as that allows (R7.46)
//      over-limit-kept       over the hard limit, or over the soft one for longer, and still there
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/oracles/oracle_list.h"

namespace scenarios {

class Patience {
 public:
  struct Breach {
    std::string_view clause;  // a literal
    std::string text;
  };
  // The first thing that is wrong with this event, if anything is.
  std::optional<Breach> saw(const Scene& scene);

 private:
  struct Since {
    sim::Instant at{};
    std::int64_t turn = 0;  // of the cron
  };
  struct Reader {
    model::ConnId conn{};
    model::FeedState state{};
    sim::Instant heard{};
    std::int64_t heard_turn = 0;  // of the cron, which does the dropping
    sim::Instant took{};
    std::size_t sent = 0;
    // Its output, and when that was last seen below a limit. `surely`: for so long that the server's
    // cron, which looks ten times a second, must have seen it.
    std::int64_t used = 0;
    std::optional<sim::Instant> surely_below_soft{};
    std::optional<Since> low{};  // below the soft limit since then
    Since below_soft{}, below_hard{};
  };
  struct Limits {
    std::int64_t hard = 0, soft = 0, soft_seconds = 0;
    bool operator==(const Limits&) const = default;
  };
  static Limits limits_of(const model::State& s);

  std::optional<Breach> judge_drops(const Scene& scene, const std::vector<Reader>& readers) const;
  std::optional<Breach> judge_limit(const Scene& scene, const Reader& reader) const;
  // Notes how much output it has; a breach if that has been too much for too long.
  std::optional<Breach> note_output(const Scene& scene, const model::Session& session, Reader& reader,
                                    bool newcomer, bool new_limits) const;

  PerNode<std::vector<Reader>> readers_;
  PerNode<Limits> limits_;
  PerNode<std::int64_t> timeouts_;
};

}  // namespace scenarios
