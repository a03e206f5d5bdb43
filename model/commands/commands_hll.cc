// HyperLogLogs: sets that only know about how many members they have. They are strings:
//
//      "HYLL", encoding (0: all registers, 1: runs of them), 3 zero bytes,
//      the cardinality counted last (8 bytes, least first; the highest bit: out of date),
//      16384 registers of 6 bits, or opcodes
//
//      00xxxxxx            a run of x + 1 zeros
//      01xxxxxx yyyyyyyy   a run of (x << 8 | y) + 1 zeros
//      1vvvvvxx            a run of x + 1 registers that hold v + 1
//
// A new one is a single run of zeros. Here every change writes the runs anew, in as few opcodes as
// they take, while a real server patches them: strings may differ where it leaves runs apart that
// could be one. Counts do not.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "model/commands/command_parts.h"
#include "model/commands/families.h"

namespace model {
namespace {

constexpr std::size_t kRegisters = 16384, kHeader = 16, kDense = kHeader + kRegisters * 6 / 8;
constexpr std::size_t kSparseMost = 3000;  // hll-sparse-max-bytes, without the header
constexpr unsigned kIndexBits = 14, kHashBits = 64 - kIndexBits;
constexpr std::uint8_t kHighestInRuns = 32;
constexpr std::string_view kMagic = "HYLL";

using Registers = std::array<std::uint8_t, kRegisters>;

std::uint64_t little(std::string_view bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = bytes.size(); i-- > 0;)
    number = number << 8 | static_cast<unsigned char>(bytes[i]);
  return number;
}

// MurmurHash64A, read little-endian.
std::uint64_t hash_of(std::string_view bytes) {
  constexpr std::uint64_t kMultiply = 0xc6a4a7935bd1e995, kSeed = 0xadc83b19;
  constexpr unsigned kShift = 47;
  std::uint64_t hash = kSeed ^ (bytes.size() * kMultiply);
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
    std::uint64_t word = little(bytes.substr(0, 8)) * kMultiply;
    word = (word ^ word >> kShift) * kMultiply;
    hash = (hash ^ word) * kMultiply;
  }
  if (!bytes.empty()) hash = (hash ^ little(bytes)) * kMultiply;
  hash = (hash ^ hash >> kShift) * kMultiply;
  return hash ^ hash >> kShift;
}

// --- the string
// ------------------------------------------------------------------------------------

bool is_hll(const String& string) {
  if (string.size() < kHeader || !string.starts_with(kMagic)) return false;
  const auto encoding = static_cast<unsigned char>(string[4]);
  return encoding <= 1 && (encoding == 1 || string.size() == kDense);
}

// Nothing when the runs do not make up all registers.
std::optional<Registers> read(const String& string) {
  Registers registers{};
  const auto byte = [&](std::size_t i) {
    return static_cast<unsigned>(static_cast<unsigned char>(string[i]));
  };
  if (string[4] == 0) {
    for (std::size_t i = 0; i < kRegisters; ++i) {
      const std::size_t bit = i * 6, at = kHeader + bit / 8;
      const unsigned two = byte(at) | (at + 1 < kDense ? byte(at + 1) << 8 : 0U);
      registers[i] = static_cast<std::uint8_t>(two >> bit % 8 & 0x3fU);
    }
    return registers;
  }
  std::size_t next = 0;
  for (std::size_t at = kHeader; at < string.size(); ++at) {
    const unsigned code = byte(at);
    std::size_t run = 0;
    std::uint8_t value = 0;
    if (code >= 0x80) {
      run = (code & 3) + 1;
      value = static_cast<std::uint8_t>((code >> 2 & 0x1f) + 1);
    } else if (code < 0x40) {
      run = code + 1;
    } else if (++at < string.size()) {
      run = ((code & 0x3f) << 8 | byte(at)) + 1;
    }
    if (run == 0 || run > kRegisters - next) return std::nullopt;
    std::fill_n(registers.begin() + static_cast<std::ptrdiff_t>(next), run, value);
    next += run;
  }
  return next == kRegisters ? std::optional(registers) : std::nullopt;
}

String runs_of(const Registers& registers) {
  String runs;
  for (std::size_t i = 0; i < kRegisters;) {
    std::size_t end = i;
    while (end < kRegisters && registers[end] == registers[i]) ++end;
    for (std::size_t left = end - i; left > 0;) {
      if (registers[i] > 0) {
        const std::size_t run = std::min<std::size_t>(left, 4);
        runs += static_cast<char>(0x80U | static_cast<unsigned>(registers[i] - 1) << 2 | (run - 1));
        left -= run;
      } else if (left <= 64) {
        runs += static_cast<char>(left - 1);
        left = 0;
      } else {
        runs += static_cast<char>(0x40 | (left - 1) >> 8);
        runs += static_cast<char>((left - 1) & 0xff);
        left = 0;
      }
    }
    i = end;
  }
  return runs;
}

String write(const Registers& registers, bool may_be_sparse) {
  String header(kMagic);
  header.resize(kHeader, '\0');
  header[15] = '\x80';  // the cardinality is out of date
  const bool low = *std::max_element(registers.begin(), registers.end()) <= kHighestInRuns;
  if (may_be_sparse && low) {
    const String runs = runs_of(registers);
    header[4] = 1;
    if (runs.size() <= kSparseMost) return header + runs;
  }
  header[4] = 0;
  header.resize(kDense, '\0');
  for (std::size_t i = 0; i < kRegisters; ++i) {
    const std::size_t bit = i * 6, at = kHeader + bit / 8;
    const unsigned two = static_cast<unsigned>(registers[i]) << bit % 8;
    header[at] = static_cast<char>(static_cast<unsigned char>(header[at]) | (two & 0xffU));
    if (two > 0xff)
      header[at + 1] = static_cast<char>(static_cast<unsigned char>(header[at + 1]) | two >> 8);
  }
  return header;
}

// Whether the element raised a register.
bool add(Registers& registers, std::string_view element) {
  const std::uint64_t hash = hash_of(element);
  const std::size_t index = hash & (kRegisters - 1);
  std::uint64_t rest = hash >> kIndexBits | std::uint64_t{1} << kHashBits;
  std::uint8_t count = 1;
  for (; (rest & 1) == 0; rest >>= 1) ++count;
  if (registers[index] >= count) return false;
  registers[index] = count;
  return true;
}

// --- counting: Otmar Ertl's estimator
// ---------------------------------------------------------------

double tau(double x) {
  if (x == 0 || x == 1) return 0;
  double y = 1, z = 1 - x, last = 0;
  do {
    x = std::sqrt(x);
    last = z;
    y *= 0.5;
    z -= std::pow(1 - x, 2) * y;
  } while (last != z);
  return z / 3;
}

double sigma(double x) {
  if (x == 1) return std::numeric_limits<double>::infinity();
  double y = 1, z = x, last = 0;
  do {
    x *= x;
    last = z;
    z += x * y;
    y += y;
  } while (last != z);
  return z;
}

std::uint64_t count(const Registers& registers) {
  constexpr double kAlpha = 0.721347520444481703680;  // 1 / (2 ln 2)
  constexpr double m = kRegisters;
  std::array<int, 64> histogram{};
  for (const std::uint8_t value : registers) ++histogram[value];
  double z = m * tau((m - histogram[kHashBits + 1]) / m);
  for (std::size_t j = kHashBits; j >= 1; --j) {
    z += histogram[j];
    z *= 0.5;
  }
  z += m * sigma(histogram[0] / m);
  return static_cast<std::uint64_t>(std::llround(kAlpha * m * m / z));
}

// --- commands
// --------------------------------------------------------------------------------------

// The registers of a key, all zero when it is missing; replies the error.
std::optional<Registers> registers_of(Call& call, const std::string& key) {
  const String* const string = call.look_as<String>(key);
  if (call.failed) return std::nullopt;
  if (string == nullptr) return Registers{};
  if (!is_hll(*string)) {
    call.error("WRONGTYPE Key is not a valid HyperLogLog string value.");
    return std::nullopt;
  }
  const auto registers = read(*string);
  if (!registers) call.error("INVALIDOBJ Corrupted HLL object detected");
  return registers;
}

bool is_sparse(const Call& call, const std::string& key) {
  const Entry* const entry = call.data.find(call.db, key);
  return entry == nullptr || std::get<String>(entry->value)[4] == 1;
}

void store(Call& call, const std::string& key, const Registers& registers, bool sparse) {
  change_or_create<String>(call, key, [&](String& held) {
    String fresh = write(registers, sparse);
    // The old count stays, marked as out of date.
    if (held.size() >= kHeader) fresh.replace(8, 7, held, 8, 7);
    held = std::move(fresh);
  });
}

void pfadd(Call& call) {
  const std::string& key = call.argv[1];
  auto registers = registers_of(call, key);
  if (!registers) return;
  bool changed = call.data.find(call.db, key) == nullptr;
  const bool sparse = is_sparse(call, key);
  for (const std::string& element : call.argv.subspan(2)) changed |= add(*registers, element);
  if (changed) {
    store(call, key, *registers, sparse);
    ++call.dirty;
  }
  call.reply.integer(changed ? 1 : 0);
}

void merge(Registers& into, const Registers& other) {
  for (std::size_t i = 0; i < kRegisters; ++i) into[i] = std::max(into[i], other[i]);
}

// One key keeps what was counted last: counting anew changes it, and is a write (R7.4).
void pfcount(Call& call) {
  Registers all{};
  for (const std::string& key : call.argv.subspan(1)) {
    const auto registers = registers_of(call, key);
    if (!registers) return;
    merge(all, *registers);
  }
  const String* const one = call.argv.size() == 2 ? call.look_as<String>(call.argv[1]) : nullptr;
  const bool fresh = one != nullptr && (static_cast<unsigned char>((*one)[15]) & 0x80U) == 0;
  const std::uint64_t cardinality = fresh ? little(one->substr(8, 8)) : count(all);
  if (one != nullptr && !fresh) {
    change<String>(call, call.argv[1], [&](String& held) {
      for (std::size_t i = 0; i < 8; ++i)
        held[8 + i] = static_cast<char>(cardinality >> (8 * i) & 0xff);
    });
    ++call.dirty;
  }
  call.reply.integer(static_cast<std::int64_t>(cardinality));
}

void pfmerge(Call& call) {
  Registers all{};
  bool sparse = true;
  for (const std::string& key : call.argv.subspan(1)) {
    const auto registers = registers_of(call, key);
    if (!registers) return;
    sparse = sparse && is_sparse(call, key);
    merge(all, *registers);
  }
  store(call, call.argv[1], all, sparse);
  ++call.dirty;
  call.reply.ok();
}

constexpr auto kCommands = std::to_array<Command>({
    {"pfadd", -2, flag::write | flag::denyoom, pfadd},
    {"pfcount", -2, flag::readonly | flag::may_replicate, pfcount},
    {"pfmerge", -2, flag::write | flag::denyoom, pfmerge},
});

}  // namespace

std::span<const Command> hll_commands() {
  return kCommands;
}

}  // namespace model
