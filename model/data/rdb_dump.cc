#include "model/data/rdb_dump.h"

#include "model/data/rdb_input.h"
#include "model/data/rdb_output.h"
#include "model/data/rdb_value.h"

namespace model {
namespace {

constexpr std::size_t kFooter = 10;

}  // namespace

std::string encode_dump(const Value& value, int version, const EncodingLimits& limits,
                        bool compress) {
  RdbOutput out(compress);
  RdbValueWriter writer(out, version, limits);
  out.byte(writer.type(value));
  writer.payload(value);
  out.little(static_cast<std::uint64_t>(version), 2);
  out.little(crc64(0, out.bytes()), 8);
  return out.bytes();
}

std::variant<Value, RdbError> decode_dump(std::string_view dump, int newest) {
  const auto refuse = [](std::string problem) {
    return RdbError{RdbError::Kind::not_an_rdb, 0, std::move(problem)};
  };
  if (dump.size() < kFooter) return refuse("shorter than its end");
  RdbInput footer(dump.substr(dump.size() - kFooter));
  const auto version = static_cast<int>(footer.little(2, "the version"));
  const std::uint64_t checksum = footer.little(8, "the checksum");
  if (version > newest) return refuse("a newer version");
  if (checksum != 0 && checksum != crc64(0, dump.substr(0, dump.size() - 8)))
    return refuse("wrong checksum");
  RdbInput in(dump.substr(0, dump.size() - kFooter));
  const std::uint8_t type = in.byte("a type");
  Value value = read_rdb_value(in, type);
  if (in.good() && is_empty_aggregate(value)) in.corrupt("expected a value, found an empty one");
  if (in.error()) return *in.error();
  return value;
}

}  // namespace model
