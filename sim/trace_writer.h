// A trace that is written while it happens, for whoever cannot keep all of it until the end. The file is
// the same as write_trace() makes of the same records; it can be read once finish() has run.
#pragma once

#include <cstdint>
#include <iosfwd>

#include "sim/trace.h"

namespace sim {

class TraceWriter {
 public:
  explicit TraceWriter(std::ostream& out);  // which must live longer
  void add(const Record& record);
  void finish();  // the last line, with the hash

 private:
  std::ostream& out_;
  Trace hashed_{TraceMode::hash_only};
  std::uint64_t written_ = 0;
};

}  // namespace sim
