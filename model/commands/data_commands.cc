#include "model/commands/families.h"

namespace model {

std::vector<std::span<const Command>> data_commands() {
  return {string_commands(),       key_commands(),         list_commands(),
          set_commands(),          hash_commands(),        zset_commands(),
          stream_commands(),       stream_read_commands(), stream_group_commands(),
          stream_claim_commands(), stream_info_commands(), bit_commands(),
          dump_commands(),         blocking_commands(),    geo_commands(),
          sort_commands(),         hll_commands(),         scan_commands(),
          lcs_commands()};
}

}  // namespace model
