// Strings as arrays of bits: counting, finding, combining, and integers of any width in between.
#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include "model/commands/command_parts.h"
#include "model/data/number.h"
#include "model/data/text.h"

namespace model {
namespace {

constexpr std::size_t kLongestString = 512 * 1024 * 1024;  // proto-max-bulk-len

unsigned byte_at(const std::string& bytes, std::size_t at) {
  return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0U;
}

// Bit 0 is the highest of the first byte.
bool bit_at(const std::string& bytes, std::size_t at) {
  return (byte_at(bytes, at / 8) >> (7 - at % 8) & 1U) != 0;
}

// --- BITCOUNT and BITPOS
// ---------------------------------------------------------------------------

// [start [end [BYTE|BIT]]] from argv[at] on, as bits; nothing when it is empty.
struct BitRange {
  std::size_t first = 0, last = 0;  // both inside
  bool empty = true;
  bool end_given = false;
};

std::optional<bool> unit_is_bit(Call& call, std::size_t at) {
  if (call.argv.size() <= at) return false;
  if (same_word(call.argv[at], "BIT")) return true;
  if (same_word(call.argv[at], "BYTE")) return false;
  call.syntax_error();
  return std::nullopt;
}

BitRange bit_range(std::int64_t start, std::int64_t end, std::size_t bytes, bool in_bits) {
  const auto total = static_cast<std::int64_t>(in_bits ? bytes * 8 : bytes);
  if (start < 0) start = std::max<std::int64_t>(start + total, 0);
  if (end < 0) end = std::max<std::int64_t>(end + total, 0);
  end = std::min(end, total - 1);
  if (start > end) return {};
  const auto first = static_cast<std::size_t>(start), last = static_cast<std::size_t>(end);
  return in_bits ? BitRange{first, last, false} : BitRange{first * 8, last * 8 + 7, false};
}

void bitcount(Call& call) {
  const String* const string = call.look_as<String>(call.argv[1]);
  if (call.failed) return;
  if (string == nullptr) return call.reply.integer(0);
  BitRange range = bit_range(0, -1, string->size(), false);
  if (call.argv.size() == 4 || call.argv.size() == 5) {
    const auto start = integer_argument(call, call.argv[2]);
    if (!start) return;
    const auto end = integer_argument(call, call.argv[3]);
    if (!end) return;
    const auto in_bits = unit_is_bit(call, 4);
    if (!in_bits) return;
    if (*start < 0 && *end < 0 && *start > *end) return call.reply.integer(0);
    range = bit_range(*start, *end, string->size(), *in_bits);
  } else if (call.argv.size() != 2) {
    return call.syntax_error();
  }
  std::int64_t count = 0;
  for (std::size_t i = range.first; !range.empty && i <= range.last; ++i) count += bit_at(*string, i);
  call.reply.integer(count);
}

// BITPOS key bit [start [end [BYTE|BIT]]]
void bitpos(Call& call) {
  const auto bit = integer_argument(call, call.argv[2]);
  if (!bit) return;
  if (*bit != 0 && *bit != 1) return call.error("ERR The bit argument must be 1 or 0.");
  const String* const string = call.look_as<String>(call.argv[1]);
  if (call.failed) return;
  // No string is zeros without an end.
  if (string == nullptr) return call.reply.integer(*bit == 1 ? -1 : 0);
  BitRange range = bit_range(0, -1, string->size(), false);
  const std::size_t words = call.argv.size();
  if (words >= 4 && words <= 6) {
    const auto start = integer_argument(call, call.argv[3]);
    if (!start) return;
    const auto in_bits = unit_is_bit(call, 5);
    if (!in_bits) return;
    const auto end = words >= 5 ? integer_argument(call, call.argv[4]) : std::int64_t{-1};
    if (!end) return;
    range = bit_range(*start, *end, string->size(), *in_bits);
    range.end_given = words >= 5;
  } else if (words != 3) {
    return call.syntax_error();
  }
  if (range.empty) return call.reply.integer(-1);
  for (std::size_t i = range.first; i <= range.last; ++i)
    if (bit_at(*string, i) == (*bit == 1)) return call.reply.integer(static_cast<std::int64_t>(i));
  // Behind a string whose end nobody named there are zeros.
  const bool zero_behind = *bit == 0 && !range.end_given;
  call.reply.integer(zero_behind ? static_cast<std::int64_t>(string->size() * 8) : -1);
}

// --- BITOP
// -----------------------------------------------------------------------------------------

char combine(std::string_view how, const std::vector<std::string>& sources, std::size_t at) {
  unsigned result = byte_at(sources.front(), at);
  if (how == "not") return static_cast<char>(~result & 0xffU);
  for (std::size_t i = 1; i < sources.size(); ++i) {
    const unsigned other = byte_at(sources[i], at);
    result = how == "and" ? result & other : how == "or" ? result | other : result ^ other;
  }
  return static_cast<char>(result);
}

void bitop(Call& call) {
  const std::string how = lower(call.argv[1]);
  if (how != "and" && how != "or" && how != "xor" && how != "not") return call.syntax_error();
  if (how == "not" && call.argv.size() != 4)
    return call.error("ERR BITOP NOT must be called with a single source key.");
  std::vector<std::string> sources;
  std::size_t longest = 0;
  for (const std::string& key : call.argv.subspan(3)) {
    const String* const source = call.look_as<String>(key);
    if (call.failed) return;
    sources.push_back(source == nullptr ? String() : *source);
    longest = std::max(longest, sources.back().size());
  }
  String result;
  for (std::size_t i = 0; i < longest; ++i) result += combine(how, sources, i);
  store_result(call, call.argv[2], std::move(result), longest);
}

// --- BITFIELD
// --------------------------------------------------------------------------------------

enum class Overflow : std::uint8_t { wrap, saturate, fail };

struct FieldType {
  bool is_signed = false;
  unsigned bits = 0;
};

struct FieldOperation {
  enum class Kind : std::uint8_t { get, set, increment } kind = Kind::get;
  FieldType type;
  std::size_t offset = 0;
  std::int64_t operand = 0;
  Overflow overflow = Overflow::wrap;
};

std::optional<FieldType> field_type(Call& call, const std::string& text) {
  const bool is_signed = text.starts_with('i');
  const auto bits = is_signed || text.starts_with('u') ? to_integer(std::string_view(text).substr(1))
                                                       : std::nullopt;
  if (bits && *bits >= 1 && *bits <= (is_signed ? 64 : 63))
    return FieldType{is_signed, static_cast<unsigned>(*bits)};
  call.error(
      "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 "
      "is.");
  return std::nullopt;
}

// "#3" counts in fields of this width.
std::optional<std::size_t> field_offset(Call& call, std::string_view text, unsigned bits) {
  const bool in_fields = text.starts_with('#');
  const auto number = to_integer(text.substr(in_fields ? 1 : 0));
  std::int64_t offset = number.value_or(-1);
  const bool good = number && (!in_fields || !__builtin_mul_overflow(
                                                 offset, std::int64_t{bits}, &offset)) &&
                    offset >= 0 && static_cast<std::size_t>(offset) / 8 < kLongestString;
  if (good) return static_cast<std::size_t>(offset);
  call.error("ERR bit offset is not an integer or out of range");
  return std::nullopt;
}

std::uint64_t mask_of(unsigned bits) {
  return bits == 64 ? std::numeric_limits<std::uint64_t>::max() : (std::uint64_t{1} << bits) - 1;
}

std::uint64_t raw_field(const std::string& bytes, std::size_t offset, unsigned bits) {
  std::uint64_t raw = 0;
  for (unsigned i = 0; i < bits; ++i) raw = raw << 1 | (bit_at(bytes, offset + i) ? 1U : 0U);
  return raw;
}

void put_field(std::string& bytes, std::size_t offset, unsigned bits, std::uint64_t raw) {
  for (unsigned i = 0; i < bits; ++i) {
    const std::size_t at = offset + i;
    const unsigned mask = 0x80U >> (at % 8);
    const unsigned byte = byte_at(bytes, at / 8);
    const bool one = (raw >> (bits - 1 - i) & 1) != 0;
    bytes[at / 8] = static_cast<char>(one ? byte | mask : byte & ~mask);
  }
}

std::int64_t number_of(std::uint64_t raw, FieldType type) {
  if (!type.is_signed || type.bits == 64) return std::bit_cast<std::int64_t>(raw);
  const unsigned unused = 64 - type.bits;
  return std::bit_cast<std::int64_t>(raw << unused) >> unused;
}

// What `value` plus `increment` comes to in this type; nothing when it does not fit and must.
std::optional<std::uint64_t> fitted(FieldType type, std::int64_t value, std::int64_t increment,
                                    Overflow overflow) {
  __extension__ typedef __int128 Number;
  const Number sum = type.is_signed
                         ? Number{value} + increment
                         : Number{static_cast<std::uint64_t>(value)} + increment;
  const Number most = type.is_signed ? (Number{1} << (type.bits - 1)) - 1 : (Number{1} << type.bits) - 1;
  const Number least = type.is_signed ? -(Number{1} << (type.bits - 1)) : 0;
  if (sum >= least && sum <= most) return static_cast<std::uint64_t>(sum) & mask_of(type.bits);
  if (overflow == Overflow::fail) return std::nullopt;
  if (overflow == Overflow::wrap) return static_cast<std::uint64_t>(sum) & mask_of(type.bits);
  return static_cast<std::uint64_t>(sum > most ? most : least) & mask_of(type.bits);
}

struct FieldProgram {
  std::vector<FieldOperation> operations;
  bool reads_only = true;
  std::size_t highest_bit_written = 0;
};

bool parse_overflow(Call& call, const std::string& word, Overflow& overflow) {
  if (same_word(word, "WRAP")) return overflow = Overflow::wrap, true;
  if (same_word(word, "SAT")) return overflow = Overflow::saturate, true;
  if (same_word(word, "FAIL")) return overflow = Overflow::fail, true;
  call.error("ERR Invalid OVERFLOW type specified");
  return false;
}

std::optional<FieldProgram> parse_fields(Call& call, bool only_get) {
  FieldProgram program;
  Overflow overflow = Overflow::wrap;
  for (std::size_t i = 2; i < call.argv.size();) {
    const std::string& word = call.argv[i];
    const std::size_t more = call.argv.size() - i - 1;
    FieldOperation operation;
    operation.overflow = overflow;
    if (same_word(word, "GET") && more >= 2) {
      operation.kind = FieldOperation::Kind::get;
    } else if (same_word(word, "SET") && more >= 3) {
      operation.kind = FieldOperation::Kind::set;
    } else if (same_word(word, "INCRBY") && more >= 3) {
      operation.kind = FieldOperation::Kind::increment;
    } else if (same_word(word, "OVERFLOW") && more >= 1) {
      if (!parse_overflow(call, call.argv[i + 1], overflow)) return std::nullopt;
      i += 2;
      continue;
    } else {
      call.syntax_error();
      return std::nullopt;
    }
    const auto type = field_type(call, call.argv[i + 1]);
    if (!type) return std::nullopt;
    const auto offset = field_offset(call, call.argv[i + 2], type->bits);
    if (!offset) return std::nullopt;
    operation.type = *type;
    operation.offset = *offset;
    i += 3;
    if (operation.kind != FieldOperation::Kind::get) {
      program.reads_only = false;
      program.highest_bit_written = std::max(program.highest_bit_written, *offset + type->bits - 1);
      const auto operand = integer_argument(call, call.argv[i++]);
      if (!operand) return std::nullopt;
      operation.operand = *operand;
    }
    program.operations.push_back(operation);
  }
  if (only_get && !program.reads_only) {
    call.error("ERR BITFIELD_RO only supports the GET subcommand");
    return std::nullopt;
  }
  return program;
}

// Replies, and counts a write that changed the field, or any when the string `grew` for it.
void run_operation(Call& call, std::string& bytes, const FieldOperation& operation, bool grew) {
  const std::uint64_t raw = raw_field(bytes, operation.offset, operation.type.bits);
  const std::int64_t old = number_of(raw, operation.type);
  if (operation.kind == FieldOperation::Kind::get) return call.reply.integer(old);
  const bool sets = operation.kind == FieldOperation::Kind::set;
  const auto fresh = sets ? fitted(operation.type, operation.operand, 0, operation.overflow)
                          : fitted(operation.type, old, operation.operand, operation.overflow);
  if (!fresh) return call.reply.null();
  put_field(bytes, operation.offset, operation.type.bits, *fresh);
  call.reply.integer(sets ? old : number_of(*fresh, operation.type));
  call.dirty += grew || *fresh != raw;
}

void run_fields(Call& call, bool only_get) {
  const auto program = parse_fields(call, only_get);
  if (!program) return;
  const String* const string = call.look_as<String>(call.argv[1]);
  if (call.failed) return;
  call.reply.array(program->operations.size());
  if (program->reads_only) {
    std::string bytes = string == nullptr ? String() : *string;
    for (const FieldOperation& operation : program->operations)
      run_operation(call, bytes, operation, false);
    return;
  }
  // The string grows to the last bit that may be written, whether or not it will be.
  const std::size_t size = program->highest_bit_written / 8 + 1;
  change_or_create<String>(call, call.argv[1], [&](String& held) {
    const bool grows = held.size() < size;
    if (grows) held.resize(size, '\0');
    for (const FieldOperation& operation : program->operations)
      run_operation(call, held, operation, grows);
  });
}

void bitfield(Call& call) {
  run_fields(call, false);
}
void bitfield_ro(Call& call) {
  run_fields(call, true);
}

constexpr auto kCommands = std::to_array<Command>({
    {"bitcount", -2, flag::readonly, bitcount},
    {"bitfield", -2, flag::write | flag::denyoom, bitfield},
    {"bitfield_ro", -2, flag::readonly, bitfield_ro},
    {"bitop", -4, flag::write | flag::denyoom, bitop},
    {"bitpos", -3, flag::readonly, bitpos},
});

}  // namespace

std::span<const Command> bit_commands() {
  return kCommands;
}

}  // namespace model
