// What the stream commands share: ids as arguments, entries as replies, trimming.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/commands/command_parts.h"
#include "model/data/stream.h"

namespace model {

// An id as a client writes it: "5-1", "5" (then `missing_seq` stands for the rest), "-" and "+" for
// the lowest and highest. Nothing when it is none of these.
std::optional<StreamId> to_stream_id(std::string_view text, std::uint64_t missing_seq);
// The same as an argument, without "-" and "+"; replies the error.
std::optional<StreamId> id_argument(Call& call, std::string_view text,
                                    std::uint64_t missing_seq = 0);

// The borders of a range: "(5-1" leaves the id out.
std::optional<StreamId> range_start(Call& call, std::string_view text);
std::optional<StreamId> range_end(Call& call, std::string_view text);

// COUNT of the reading commands: below zero counts as zero.
std::optional<std::int64_t> count_argument(Call& call, std::string_view text);

void reply_id(Call& call, StreamId id);
void reply_entry(Call& call, const StreamEntry& entry);  // [id, [field, value, ...]]
void reply_entries(Call& call, const std::vector<const StreamEntry*>& entries);

inline std::size_t limit_of(std::int64_t count) {  // 0: no limit
  return count <= 0 ? std::numeric_limits<std::size_t>::max() : static_cast<std::size_t>(count);
}

// MAXLEN|MINID [=|~] threshold [LIMIT count], of XADD and XTRIM.
struct Trimming {
  enum class By : std::uint8_t { nothing, size, id } by = By::nothing;
  bool approximate = false;
  std::uint64_t size = 0;
  StreamId id;
  std::uint64_t limit = 0;          // entries at most; 0: any number
  std::size_t threshold_place = 0;  // in argv
};

std::size_t trim(Stream& stream, const Trimming& trimming);

// An approximate threshold enters the stream as the exact one it came to (table 7.4): the number of
// entries that are left, or the first of them, were it a deleted one.
void make_exact(std::vector<std::string>& argv, const Trimming& trimming, const Stream& stream);

// The group of a key, or replies -NOGROUP in the words of the command.
const StreamGroup* find_group(const Stream& stream, std::string_view name);
StreamGroup& group_of(Stream& stream, std::string_view name);  // it exists

// How a delivery enters the stream: the whole state of one pending entry.
std::vector<std::string> claim_in_stream(const std::string& key, const std::string& group,
                                         StreamId last, StreamId id, const StreamPending& pending);

}  // namespace model
