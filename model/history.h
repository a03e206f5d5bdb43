// Which history a server is in, how far, and who may continue from where.
//
// A history is named by its replid. A promotion begins a new one: the old name is remembered as
// replid2, valid for requests up to and including second_offset, the first byte that the two do not
// share.
//
//      replid2:  ... 98 99 100 | 101 (the old master's, if it wrote on)
//      replid:   ... 98 99 100 | 101 (ours)        second_offset = 101
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/backlog.h"
#include "model/effects.h"
#include "model/replid.h"
#include "model/rules.h"
#include "model/types.h"

namespace model {

struct History {
  ReplId id;
  ReplId second_id;           // zeros: none
  Offset second_offset = -1;  // first byte not shared with second_id (R1.4)
  Offset offset = 0;          // master_repl_offset: the last byte produced or applied

  // A new name for what follows; nobody can continue from before (R1.3, R6.6).
  void begin_anew(Chance& chance);

  // Promotion: the old name stays valid up to here (R10.4).
  void shift(Chance& chance, const Rules& rules);

  // The history goes on under `id` from here on; the old name becomes the second (R3.29).
  void renamed_by_master(const ReplId& new_id, const Rules& rules);

  // After a full resync: somebody else's history (R4.23).
  void adopt(const ReplId& other, Offset at, const Rules& rules);

  bool operator==(const History&) const = default;
};

// What a replica asks for: the history it is in and the first byte it lacks.
struct Request {
  std::string_view id;  // "?": none
  Offset from = 0;
};

// Resync::Why::granted, or why not (R5.1, R5.4). `backlog` may be null.
Resync::Why judge(const History& history, const Backlog* backlog, const Request& request,
                  const Rules& rules);

// Whether the request's id is one of ours and, if it is the second, within its limit.
bool shares_history(const History& history, const Request& request, const Rules& rules);

}  // namespace model
