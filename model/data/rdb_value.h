// One value as RDB files and DUMP hold it: its type byte, then its payload (reference 13.5 to
// 13.10).
#pragma once

#include <cstdint>

#include "model/data/encoding.h"
#include "model/data/rdb_input.h"
#include "model/data/rdb_output.h"
#include "model/data/value.h"

namespace model {

// Writes values as a server of an RDB version would (R13.1): 6 is that of 2.6 to 3.0, 7 of 3.2, 8
// of 4.0, 9 of 5.0 to 6.2, 10 of 7.0, 11 of 7.2. Streams begin with version 9; for older ones they
// are written as for 9.
class RdbValueWriter {
 public:
  RdbValueWriter(RdbOutput& out, int version, const EncodingLimits& limits)
      : out_(out), version_(version), limits_(limits) {}

  std::uint8_t type(const Value& value) const;
  void payload(const Value& value);

 private:
  struct Types;
  struct Payload;

  RdbOutput& out_;
  int version_;
  const EncodingLimits& limits_;
};

// Any type of any version; problems go into `in`. Aggregates may come out empty (R13.2).
Value read_rdb_value(RdbInput& in, std::uint8_t type);

// Types 15, 19 and 21 alone.
Stream read_rdb_stream(RdbInput& in, std::uint8_t type);
void write_rdb_stream(RdbOutput& out, const Stream& stream, int version);

}  // namespace model
