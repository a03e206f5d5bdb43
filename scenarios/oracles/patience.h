// How long a master bears with each of its replicas, seen from outside: what it hears of them, and
// what they take of a diskless payload.
//
//      silent-replica-kept   online, and nothing was heard for longer than repl-timeout (R2.6,
//      R9.9) dropped-too-soon      given up in the transfer, although it took bytes within
//      repl-timeout
//                         (R2.6)
#pragma once

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
  struct Reader {
    model::ConnId conn{};
    model::FeedState state{};
    sim::Instant heard{};
    std::int64_t heard_turn = 0;  // of the cron, which does the dropping
    sim::Instant took{};
    std::size_t sent = 0;
  };

  std::optional<Breach> judge_drops(const Scene& scene, const std::vector<Reader>& readers) const;

  PerNode<std::vector<Reader>> readers_;
};

}  // namespace scenarios
