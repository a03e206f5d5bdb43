// XCLAIM and XAUTOCLAIM: a consumer takes over what was handed to others. Each entry taken, and each
// that is forgotten since it was deleted, enters the stream as an XCLAIM of its own.
#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "model/commands/commands_stream_parts.h"
#include "model/data/number.h"
#include "model/data/text.h"

namespace model {
namespace {

// Both commands change one group of one key.
class Claimer {
 public:
  Claimer(Call& in_call, Stream& in_stream, StreamGroup& in_group)
      : call(in_call), stream(in_stream), group(in_group) {}

  const std::string& consumer() const { return call.argv[3]; }

  void tell(std::string_view id, StreamId entry) {
    std::vector<std::string> argv = claim_in_stream(call.argv[1], call.argv[2], group.last, entry,
                                                    group.pending.find(entry)->second);
    argv[5] = id;  // as it was written
    call.instead->push_back({call.db, std::move(argv)});
    ++call.dirty;
  }

  // The entry is no more: nobody shall wait for its acknowledgement.
  void forget(std::string_view id, StreamId entry) {
    tell(id, entry);
    group.pending.erase(entry);
  }

  // A consumer begins with the first entry that it takes over.
  void take(std::string_view id, StreamId entry) {
    StreamConsumer& taker = group.consumers[consumer()];
    taker.seen = taker.active = count_of(call.now);
    group.pending.find(entry)->second.consumer = consumer();
    tell(id, entry);
  }

  bool idle_enough(const StreamPending& pending, std::int64_t min_idle) const {
    return min_idle == 0 || count_of(call.now) - pending.delivered >= min_idle;
  }

  void reply_taken(const std::vector<StreamId>& taken, bool just_id) {
    call.reply.array(taken.size());
    for (const StreamId id : taken) just_id ? reply_id(call, id) : reply_entry(call, *stream.find(id));
  }

  Call& call;
  Stream& stream;
  StreamGroup& group;
};

// Replies -NOGROUP, or -WRONGTYPE, and answers false.
bool group_exists(Call& call) {
  const Stream* const stream = call.look_as<Stream>(call.argv[1]);
  if (call.failed) return false;
  if (stream != nullptr && find_group(*stream, call.argv[2]) != nullptr) return true;
  call.error("NOGROUP No such key '" + call.argv[1] + "' or consumer group '" + call.argv[2] + "'");
  return false;
}

template <class Work>
void on_group(Call& call, Work work) {
  call.instead.emplace();  // never as the client wrote it
  change<Stream>(call, call.argv[1], [&](Stream& held) {
    Claimer claimer(call, held, group_of(held, call.argv[2]));
    work(claimer);
  });
}

// --- XCLAIM
// ----------------------------------------------------------------------------------------

struct ClaimOptions {
  std::int64_t min_idle = 0;
  std::vector<std::pair<std::string, StreamId>> ids;  // as written, and what it means
  std::optional<std::int64_t> delivered, retries;
  bool force = false, just_id = false;
  StreamId last;
};

bool parse_claim_option(Call& call, ClaimOptions& options, std::size_t& i) {
  const std::string& word = call.argv[i];
  const bool more = i + 1 < call.argv.size();
  const auto number = [&](std::string_view name) {
    return integer_argument(call, call.argv[++i],
                            "ERR Invalid " + std::string(name) + " option argument for XCLAIM");
  };
  if (same_word(word, "FORCE")) {
    options.force = true;
  } else if (same_word(word, "JUSTID")) {
    options.just_id = true;
  } else if (more && same_word(word, "IDLE")) {
    if (const auto idle = number("IDLE")) options.delivered = count_of(call.now) - *idle;
  } else if (more && same_word(word, "TIME")) {
    options.delivered = number("TIME");
  } else if (more && same_word(word, "RETRYCOUNT")) {
    options.retries = number("RETRYCOUNT");
  } else if (more && same_word(word, "LASTID")) {
    if (const auto id = id_argument(call, call.argv[++i])) options.last = *id;
  } else {
    call.error("ERR Unrecognized XCLAIM option '" + word + "'");
  }
  return !call.failed;
}

std::optional<ClaimOptions> parse_claim(Call& call) {
  ClaimOptions options;
  const auto min_idle = integer_argument(call, call.argv[4],
                                         "ERR Invalid min-idle-time argument for XCLAIM");
  if (!min_idle) return std::nullopt;
  options.min_idle = std::max<std::int64_t>(*min_idle, 0);
  std::size_t i = 5;
  for (; i < call.argv.size(); ++i) {  // options begin where ids end
    const std::string& text = call.argv[i];
    const auto id = text == "-" || text == "+" ? std::nullopt : to_stream_id(text, 0);
    if (!id) break;
    options.ids.emplace_back(text, *id);
  }
  for (; i < call.argv.size(); ++i)
    if (!parse_claim_option(call, options, i)) return std::nullopt;
  const std::int64_t now = count_of(call.now);
  if (!options.delivered || *options.delivered < 0 || *options.delivered > now)
    options.delivered = now;
  return options;
}

// Whether the entry was taken over.
bool claim(Claimer& claimer, const ClaimOptions& options, const std::string& text, StreamId id) {
  auto place = claimer.group.pending.find(id);
  const bool known = place != claimer.group.pending.end();
  if (claimer.stream.find(id) == nullptr) {
    if (known) claimer.forget(text, id);
    return false;
  }
  if (!known && !options.force) return false;
  if (!known) {
    place = claimer.group.pending.emplace(id, StreamPending{claimer.consumer(), 0, 1}).first;
  } else if (!claimer.idle_enough(place->second, options.min_idle)) {
    return false;
  }
  StreamPending& pending = place->second;
  pending.delivered = *options.delivered;
  if (options.retries.value_or(-1) >= 0) {
    pending.count = static_cast<std::uint64_t>(*options.retries);
  } else if (!options.just_id) {
    ++pending.count;
  }
  claimer.take(text, id);
  return true;
}

void tell_last_id(Claimer& claimer) {
  const auto& read = claimer.group.entries_read;
  claimer.call.instead->push_back(
      {claimer.call.db,
       {"XGROUP", "SETID", claimer.call.argv[1], claimer.call.argv[2], text_of(claimer.group.last),
        "ENTRIESREAD", read ? std::to_string(*read) : std::string("-1")}});
  ++claimer.call.dirty;
}

void xclaim(Call& call) {
  if (!group_exists(call)) return;
  const std::optional<ClaimOptions> options = parse_claim(call);
  if (!options) return;
  on_group(call, [&](Claimer& claimer) {
    const bool moved = options->last > claimer.group.last;
    if (moved) claimer.group.last = options->last;
    std::vector<StreamId> taken;
    for (const auto& [text, id] : options->ids)
      if (claim(claimer, *options, text, id)) taken.push_back(id);
    if (moved && call.instead->empty()) tell_last_id(claimer);
    claimer.reply_taken(taken, options->just_id);
  });
}

// --- XAUTOCLAIM
// ------------------------------------------------------------------------------------

struct AutoclaimOptions {
  std::int64_t min_idle = 0;
  StreamId from;
  std::int64_t count = 100;
  bool just_id = false;
};

std::optional<AutoclaimOptions> parse_autoclaim(Call& call) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 16;
  AutoclaimOptions options;
  const auto min_idle = integer_argument(call, call.argv[4],
                                         "ERR Invalid min-idle-time argument for XAUTOCLAIM");
  if (!min_idle) return std::nullopt;
  options.min_idle = std::max<std::int64_t>(*min_idle, 0);
  const auto from = range_start(call, call.argv[5]);
  if (!from) return std::nullopt;
  options.from = *from;
  for (std::size_t i = 6; i < call.argv.size(); ++i) {
    if (same_word(call.argv[i], "COUNT") && i + 1 < call.argv.size()) {
      const auto count = integer_from(call, call.argv[++i], 1, "ERR COUNT must be > 0");
      if (count && *count > kMost) call.error("ERR COUNT must be > 0");
      if (call.failed) return std::nullopt;
      options.count = *count;
    } else if (same_word(call.argv[i], "JUSTID")) {
      options.just_id = true;
    } else {
      call.syntax_error();
      return std::nullopt;
    }
  }
  return options;
}

void xautoclaim(Call& call) {
  const std::optional<AutoclaimOptions> options = parse_autoclaim(call);
  if (!options || !group_exists(call)) return;
  on_group(call, [&](Claimer& claimer) {
    std::vector<StreamId> taken, deleted;
    auto& pending = claimer.group.pending;
    auto place = pending.lower_bound(options->from);
    // It looks at ten times as many as it may give out.
    std::int64_t looks = 10 * options->count, left = options->count;
    for (; looks > 0 && left > 0 && place != pending.end(); --looks) {
      const StreamId id = place->first;
      ++place;  // before the entry may go
      if (claimer.stream.find(id) == nullptr) {
        claimer.forget(text_of(id), id);
        deleted.push_back(id);
        --left;
        continue;
      }
      StreamPending& held = pending.find(id)->second;
      if (!claimer.idle_enough(held, options->min_idle)) continue;
      held.delivered = count_of(call.now);
      if (!options->just_id) ++held.count;
      claimer.take(text_of(id), id);
      taken.push_back(id);
      --left;
    }
    call.reply.array(3);
    reply_id(call, place == pending.end() ? StreamId{} : place->first);
    claimer.reply_taken(taken, options->just_id);
    call.reply.array(deleted.size());
    for (const StreamId id : deleted) reply_id(call, id);
  });
}

constexpr auto kCommands = std::to_array<Command>({
    {"xautoclaim", -6, flag::write, xautoclaim},
    {"xclaim", -6, flag::write, xclaim},
});

}  // namespace

std::span<const Command> stream_claim_commands() {
  return kCommands;
}

}  // namespace model
