// How far a node ever was, in each history that it was in.
#pragma once

#include <algorithm>
#include <vector>

#include "model/replid.h"
#include "model/types.h"

namespace scenarios {

struct Peak {
  model::ReplId id;
  model::Offset offset = 0;
};

inline void raise(std::vector<Peak>& peaks, const model::ReplId& id, model::Offset offset) {
  const auto known =
      std::find_if(peaks.begin(), peaks.end(), [&](const Peak& p) { return p.id == id; });
  if (known == peaks.end())
    peaks.push_back({id, offset});
  else
    known->offset = std::max(known->offset, offset);
}

}  // namespace scenarios
