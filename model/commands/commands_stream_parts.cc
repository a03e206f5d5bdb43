#include "model/commands/commands_stream_parts.h"

#include <cerrno>
#include <cstdlib>
#include <limits>

#include "model/data/number.h"
#include "model/data/text.h"

namespace model {
namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
constexpr std::string_view kInvalidId =
    "ERR Invalid stream ID specified as stream command argument";

// Redis first reads a canonical number, and then whatever strtoull takes.
std::optional<std::uint64_t> to_unsigned(std::string_view text) {
  if (const std::optional<std::int64_t> number = to_integer(text)) {
    if (*number < 0) return std::nullopt;
    return static_cast<std::uint64_t>(*number);
  }
  const std::string copy(text);
  char* end = nullptr;
  errno = 0;
  const std::uint64_t number = std::strtoull(copy.c_str(), &end, 10);
  if (copy.empty() || errno != 0 || end != copy.c_str() + copy.size()) return std::nullopt;
  return number;
}

std::optional<StreamId> border(Call& call, std::string_view text, bool start) {
  const bool open = text.size() > 1 && text.front() == '(';
  const std::uint64_t missing_seq = start ? 0 : kMost;
  std::optional<StreamId> id;
  if (open) {
    id = id_argument(call, text.substr(1), missing_seq);
    if (!id) return std::nullopt;
    id = start ? id_after(*id) : id_before(*id);
    if (!id)
      call.error(start ? "ERR invalid start ID for the interval"
                       : "ERR invalid end ID for the interval");
    return id;
  }
  id = to_stream_id(text, missing_seq);
  if (!id) call.error(kInvalidId);
  return id;
}

}  // namespace

std::optional<StreamId> to_stream_id(std::string_view text, std::uint64_t missing_seq) {
  constexpr std::size_t kLongest = 127;
  if (text.size() > kLongest) return std::nullopt;
  if (text == "-") return kFirstStreamId;
  if (text == "+") return kLastStreamId;
  const std::size_t dash = text.find('-');
  const std::optional<std::uint64_t> ms = to_unsigned(text.substr(0, dash));
  if (!ms) return std::nullopt;
  if (dash == std::string_view::npos) return StreamId{*ms, missing_seq};
  const std::optional<std::uint64_t> seq = to_unsigned(text.substr(dash + 1));
  return seq ? std::optional(StreamId{*ms, *seq}) : std::nullopt;
}

std::optional<StreamId> id_argument(Call& call, std::string_view text, std::uint64_t missing_seq) {
  const bool symbol = text == "-" || text == "+";
  const std::optional<StreamId> id = symbol ? std::nullopt : to_stream_id(text, missing_seq);
  if (!id) call.error(kInvalidId);
  return id;
}

std::optional<StreamId> range_start(Call& call, std::string_view text) {
  return border(call, text, true);
}

std::optional<StreamId> range_end(Call& call, std::string_view text) {
  return border(call, text, false);
}

std::optional<std::int64_t> count_argument(Call& call, std::string_view text) {
  const std::optional<std::int64_t> count = integer_argument(call, text);
  return count ? std::optional(std::max<std::int64_t>(*count, 0)) : std::nullopt;
}

void reply_id(Call& call, StreamId id) {
  call.reply.bulk(text_of(id));
}

void reply_entry(Call& call, const StreamEntry& entry) {
  call.reply.array(2);
  reply_id(call, entry.id);
  reply_strings(call, entry.pairs);
}

void reply_entries(Call& call, const std::vector<const StreamEntry*>& entries) {
  call.reply.array(entries.size());
  for (const StreamEntry* entry : entries) reply_entry(call, *entry);
}

std::size_t trim(Stream& stream, const Trimming& trimming) {
  if (trimming.by == Trimming::By::size)
    return stream.trim_to_size(trimming.size, trimming.approximate, trimming.limit);
  return stream.trim_before(trimming.id, trimming.approximate, trimming.limit);
}

void make_exact(std::vector<std::string>& argv, const Trimming& trimming, const Stream& stream) {
  argv[trimming.threshold_place - 1] = std::string(1, '=');
  argv[trimming.threshold_place] = trimming.by == Trimming::By::size
                                       ? std::to_string(stream.size())
                                       : text_of(stream.nodes().empty() ? StreamId{}
                                                                        : stream.nodes().front().master);
}

const StreamGroup* find_group(const Stream& stream, std::string_view name) {
  const auto found = stream.groups.find(name);
  return found == stream.groups.end() ? nullptr : &found->second;
}

StreamGroup& group_of(Stream& stream, std::string_view name) {
  return stream.groups.find(name)->second;
}

std::vector<std::string> claim_in_stream(const std::string& key, const std::string& group,
                                         StreamId last, StreamId id, const StreamPending& pending) {
  return {"XCLAIM", key,          group,
          pending.consumer,       "0",
          text_of(id),            "TIME",
          std::to_string(pending.delivered), "RETRYCOUNT",
          std::to_string(pending.count),     "FORCE",
          "JUSTID",               "LASTID",
          text_of(last)};
}

}  // namespace model
