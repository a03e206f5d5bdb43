// Replicas that had to be dropped: more was owed to them than client-output-buffer-limit allows.
//
// A limit smaller than what a replica lacks drops it again as soon as it has resumed, for ever.
// That is the configuration's doing, not the server's, so who asks for progress excuses it. Whether
// it was so is counted here, from the outside: the bytes of the stream that were not handed to the
// connection by then. A server that drops a replica to which less is owed is not excused.
#pragma once

#include <optional>
#include <vector>

#include "scenarios/oracles/oracle_list.h"

namespace scenarios {

class Overruns {
 public:
  // After each event.
  void saw(const Scene& scene);
  // Whether a master above `node`, up to the top of its tree, had to drop a replica in the calm.
  bool above(std::size_t node, const CalmEnd& end) const;

 private:
  struct Owed {  // to a replica, as it stood after the last event
    model::ConnId conn{};
    model::Offset position = 0;  // the next byte of the stream that it is to be sent
    std::int64_t replies = 0;
  };
  struct Master {
    std::vector<Owed> replicas;
    std::optional<sim::Instant> last;  // when it had to drop one
  };
  static bool had_to(const Scene& scene, const Master& master, model::ConnId conn);

  PerNode<Master> masters_;
};

}  // namespace scenarios
