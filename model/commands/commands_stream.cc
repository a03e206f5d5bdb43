// Streams: adding, trimming, deleting, reading. Those of consumer groups have files of their own.
#include <algorithm>
#include <array>
#include <limits>

#include "model/commands/commands_stream_parts.h"
#include "model/data/number.h"
#include "model/data/text.h"

namespace model {
namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

// --- XADD and XTRIM
// --------------------------------------------------------------------------------

struct AddOptions {
  Trimming trimming;
  bool only_existing = false;  // NOMKSTREAM
  std::optional<StreamId> id;  // nothing: "*"
  bool seq_given = true;       // false: "5-*"
  std::size_t id_place = 0;
};

// One threshold; `at` is that of the word MAXLEN or MINID and becomes that of the threshold.
bool parse_threshold(Call& call, Trimming& trimming, std::size_t& at) {
  if (trimming.by != Trimming::By::nothing) {
    call.error("ERR syntax error, MAXLEN and MINID options at the same time are not compatible");
    return false;
  }
  trimming.by = same_word(call.argv[at], "MAXLEN") ? Trimming::By::size : Trimming::By::id;
  trimming.approximate = false;
  const std::string& next = call.argv[at + 1];
  if (at + 2 < call.argv.size() && (next == "~" || next == "=")) {
    trimming.approximate = next == "~";
    ++at;
  }
  trimming.threshold_place = ++at;
  if (trimming.by == Trimming::By::size) {
    const std::optional<std::int64_t> size = integer_argument(call, call.argv[at]);
    if (size && *size < 0) call.error("ERR The MAXLEN argument must be >= 0.");
    if (size) trimming.size = static_cast<std::uint64_t>(*size);
  } else if (const std::optional<StreamId> id = id_argument(call, call.argv[at])) {
    trimming.id = *id;
  }
  return !call.failed;
}

// "5-*": the sequence number is ours to choose.
bool parse_new_id(Call& call, AddOptions& options, const std::string& text) {
  options.seq_given = !(text.size() > 2 && text.ends_with("-*"));
  options.id = id_argument(call, options.seq_given ? text : text.substr(0, text.size() - 2));
  return options.id.has_value();
}

// Only a client's command has a limit: what a master trimmed was trimmed (R7.32).
bool settle_limit(Call& call, Trimming& trimming, std::optional<std::int64_t> given, bool adds) {
  if (given.value_or(0) != 0 && trimming.by == Trimming::By::nothing) {
    call.error("ERR syntax error, LIMIT cannot be used without specifying a trimming strategy");
  } else if (!adds && trimming.by == Trimming::By::nothing) {
    call.error("ERR syntax error, XTRIM must be called with a trimming strategy");
  } else if (call.overdue == Overdue::ignore) {
    trimming.limit = 0;
  } else if (given && !trimming.approximate) {
    call.error("ERR syntax error, LIMIT cannot be used without the special ~ option");
  } else if (given) {
    trimming.limit = static_cast<std::uint64_t>(*given);
  } else if (trimming.approximate) {
    constexpr std::int64_t kHighest = 1'000'000, kWithoutNodes = 10'000;
    const std::int64_t most = 100 * call.encoding.stream_node_max_entries;
    trimming.limit = static_cast<std::uint64_t>(most <= 0 ? kWithoutNodes : std::min(most, kHighest));
  }
  return !call.failed;
}

std::optional<AddOptions> parse_add_or_trim(Call& call, bool adds) {
  AddOptions options;
  std::optional<std::int64_t> limit;
  std::size_t at = 2;
  for (; at < call.argv.size(); ++at) {
    const std::string& word = call.argv[at];
    const bool more = at + 1 < call.argv.size();
    if (adds && word == "*") break;
    if (more && (same_word(word, "MAXLEN") || same_word(word, "MINID"))) {
      if (!parse_threshold(call, options.trimming, at)) return std::nullopt;
    } else if (more && same_word(word, "LIMIT")) {
      limit = integer_argument(call, call.argv[++at]);
      if (limit && *limit < 0) call.error("ERR The LIMIT argument must be >= 0.");
      if (call.failed) return std::nullopt;
    } else if (adds && same_word(word, "NOMKSTREAM")) {
      options.only_existing = true;
    } else if (adds) {
      if (!parse_new_id(call, options, word)) return std::nullopt;
      break;
    } else {
      call.syntax_error();
      return std::nullopt;
    }
  }
  options.id_place = at;
  if (!settle_limit(call, options.trimming, limit, adds)) return std::nullopt;
  return options;
}

// The id an entry gets; nothing when none above the last one fits what was asked for.
std::optional<StreamId> new_id(const Call& call, const AddOptions& options, StreamId last) {
  if (!options.id) {
    const auto ms = static_cast<std::uint64_t>(count_of(call.now));
    return ms > last.ms ? StreamId{ms, 0} : id_after(last);
  }
  if (options.seq_given) return *options.id > last ? options.id : std::nullopt;
  if (options.id->ms != last.ms)
    return options.id->ms > last.ms ? std::optional(StreamId{options.id->ms, 0}) : std::nullopt;
  return last.seq == kMost ? std::nullopt : std::optional(StreamId{last.ms, last.seq + 1});
}

void xadd(Call& call) {
  const std::optional<AddOptions> options = parse_add_or_trim(call, true);
  if (!options) return;
  const std::size_t first = options->id_place + 1;
  if (first + 2 > call.argv.size() || (call.argv.size() - first) % 2 != 0)
    return wrong_number_of_arguments(call);
  if (options->id && options->seq_given && *options->id == StreamId{})
    return call.error("ERR The ID specified in XADD must be greater than 0-0");
  const std::string& key = call.argv[1];
  const Stream* const stream = call.look_as<Stream>(key);
  if (call.failed) return;
  if (stream == nullptr && options->only_existing) return call.reply.null();
  const StreamId last = stream == nullptr ? StreamId{} : stream->last();
  if (last == kLastStreamId)
    return call.error("ERR The stream has exhausted the last possible ID, unable to add more items");
  const std::optional<StreamId> id = new_id(call, *options, last);
  if (!id && !options->seq_given && options->id->ms == last.ms)
    return call.error("ERR Elements are too large to be stored");  // Redis's words for no number left
  if (!id)
    return call.error(
        "ERR The ID specified in XADD is equal or smaller than the target stream top item");

  std::vector<std::string> argv(call.argv.begin(), call.argv.end());
  change_or_create<Stream>(call, key, [&](Stream& held) {
    const auto begin = call.argv.begin() + static_cast<std::ptrdiff_t>(first);
    held.append(*id, {begin, call.argv.end()}, stream_node_limits(call.encoding));
    if (options->trimming.by == Trimming::By::nothing) return;
    trim(held, options->trimming);
    if (options->trimming.approximate) make_exact(argv, options->trimming, held);
  });
  argv[options->id_place] = text_of(*id);
  ++call.dirty;
  reply_id(call, *id);
  if (!options->id || !options->seq_given || options->trimming.approximate)
    call.rewrite(std::move(argv));
}

void xtrim(Call& call) {
  const std::optional<AddOptions> options = parse_add_or_trim(call, false);
  if (!options) return;
  const Stream* const stream = call.look_as<Stream>(call.argv[1]);
  if (call.failed) return;
  if (stream == nullptr) return call.reply.integer(0);
  std::size_t gone = 0;
  change<Stream>(call, call.argv[1], [&](Stream& held) { gone = trim(held, options->trimming); });
  if (gone > 0 && options->trimming.approximate) {
    std::vector<std::string> argv(call.argv.begin(), call.argv.end());
    make_exact(argv, options->trimming, *call.look_as<Stream>(call.argv[1]));
    call.rewrite(std::move(argv));
  }
  call.dirty += gone;
  call.reply.integer(static_cast<std::int64_t>(gone));
}

// --- single entries
// --------------------------------------------------------------------------------

void xdel(Call& call) {
  const Stream* const stream = call.look_as<Stream>(call.argv[1]);
  if (call.failed) return;
  if (stream == nullptr) return call.reply.integer(0);
  std::vector<StreamId> ids;  // all are read before any is deleted
  for (const std::string& text : call.argv.subspan(2)) {
    const std::optional<StreamId> id = id_argument(call, text);
    if (!id) return;
    ids.push_back(*id);
  }
  std::int64_t gone = 0;
  change<Stream>(call, call.argv[1], [&](Stream& held) {
    for (const StreamId id : ids) gone += held.erase(id);
  });
  call.dirty += static_cast<std::uint64_t>(gone);
  call.reply.integer(gone);
}

void xlen(Call& call) {
  const Stream* const stream = call.look_as<Stream>(call.argv[1]);
  if (call.failed) return;
  call.reply.integer(stream == nullptr ? 0 : static_cast<std::int64_t>(stream->size()));
}

// XSETID key last-id [ENTRIESADDED n MAXDELETEDID id]
void xsetid(Call& call) {
  const std::optional<StreamId> id = id_argument(call, call.argv[2]);
  if (!id) return;
  std::optional<std::int64_t> added;
  std::optional<StreamId> deleted;
  for (std::size_t i = 3; i < call.argv.size(); i += 2) {
    const std::string& word = call.argv[i];
    const bool more = i + 1 < call.argv.size();
    if (more && same_word(word, "ENTRIESADDED")) {
      added = integer_argument(call, call.argv[i + 1]);
      if (added && *added < 0) call.error("ERR entries_added must be positive");
    } else if (more && same_word(word, "MAXDELETEDID")) {
      deleted = id_argument(call, call.argv[i + 1]);
      if (deleted && *id < *deleted)
        call.error("ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id");
    } else {
      call.syntax_error();
    }
    if (call.failed) return;
  }
  const Stream* const stream = call.look_as<Stream>(call.argv[1]);
  if (call.failed) return;
  if (stream == nullptr) return call.error(kNoSuchKey);
  if (stream->size() > 0) {
    if (*id < *stream->last_live())
      return call.error(
          "ERR The ID specified in XSETID is smaller than the target stream top item");
    if (added && stream->size() > static_cast<std::uint64_t>(*added))
      return call.error(
          "ERR The entries_added specified in XSETID is smaller than the target stream length");
  }
  change<Stream>(call, call.argv[1], [&](Stream& held) {
    held.set_last(*id);
    if (added) held.set_entries_added(static_cast<std::uint64_t>(*added));
    if (deleted && *deleted != StreamId{}) held.set_max_deleted(*deleted);
  });
  ++call.dirty;
  call.reply.ok();
}

// --- ranges
// ----------------------------------------------------------------------------------------

void reply_range(Call& call, bool backwards) {
  const std::optional<StreamId> from = range_start(call, call.argv[backwards ? 3 : 2]);
  if (!from) return;
  const std::optional<StreamId> to = range_end(call, call.argv[backwards ? 2 : 3]);
  if (!to) return;
  std::optional<std::int64_t> count;
  for (std::size_t i = 4; i < call.argv.size(); i += 2) {
    if (!same_word(call.argv[i], "COUNT") || i + 1 == call.argv.size()) return call.syntax_error();
    count = count_argument(call, call.argv[i + 1]);
    if (!count) return;
  }
  const Stream* const stream = call.look_as<Stream>(call.argv[1]);
  if (call.failed) return;
  if (stream == nullptr) return call.reply.array(0);
  if (count && *count == 0) return call.reply.null_array();
  reply_entries(call, stream->range(*from, *to, limit_of(count.value_or(0)), backwards));
}

void xrange(Call& call) {
  reply_range(call, false);
}
void xrevrange(Call& call) {
  reply_range(call, true);
}

constexpr auto kCommands = std::to_array<Command>({
    {"xadd", -5, flag::write | flag::denyoom, xadd},
    {"xdel", -3, flag::write, xdel},
    {"xlen", 2, flag::readonly, xlen},
    {"xrange", -4, flag::readonly, xrange},
    {"xrevrange", -4, flag::readonly, xrevrange},
    {"xsetid", -3, flag::write | flag::denyoom, xsetid},
    {"xtrim", -4, flag::write, xtrim},
});

}  // namespace

std::span<const Command> stream_commands() {
  return kCommands;
}

}  // namespace model
