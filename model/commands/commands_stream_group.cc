// Consumer groups: making and unmaking them, acknowledging, and taking entries over from consumers
// that do not.
#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "model/commands/commands_stream_parts.h"
#include "model/data/number.h"
#include "model/data/text.h"

namespace model {
namespace {

void no_group(Call& call, std::string_view key, std::string_view group) {
  call.error("NOGROUP No such key '" + std::string(key) + "' or consumer group '" +
             std::string(group) + "'");
}

// --- XGROUP
// ----------------------------------------------------------------------------------------

struct GroupOptions {
  bool make_stream = false;                   // MKSTREAM
  std::optional<std::uint64_t> entries_read;  // ENTRIESREAD; -1 is the same as not known
};

std::optional<GroupOptions> parse_group_options(Call& call, bool creates) {
  GroupOptions options;
  for (std::size_t i = 5; i < call.argv.size(); ++i) {
    if (creates && same_word(call.argv[i], "MKSTREAM")) {
      options.make_stream = true;
    } else if (same_word(call.argv[i], "ENTRIESREAD") && i + 1 < call.argv.size()) {
      const std::optional<std::int64_t> read = integer_argument(call, call.argv[++i]);
      if (read && *read < -1) call.error("ERR value for ENTRIESREAD must be positive or -1");
      if (call.failed) return std::nullopt;
      if (*read >= 0) options.entries_read = static_cast<std::uint64_t>(*read);
    } else {
      subcommand_syntax_error(call);
      return std::nullopt;
    }
  }
  return options;
}

std::optional<StreamId> group_id(Call& call, const Stream* stream, const std::string& text) {
  if (text != "$") return id_argument(call, text);
  return stream == nullptr ? StreamId{} : stream->last();
}

// Precondition for all but CREATE with MKSTREAM: the key and, where there is one, the group exist.
bool xgroup_target_exists(Call& call, bool may_be_made, bool wants_group) {
  const Stream* const stream = call.look_as<Stream>(call.argv[2]);
  if (call.failed) return false;
  if (stream == nullptr) {
    if (may_be_made) return true;
    call.error(
        "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to "
        "use the MKSTREAM option to create an empty stream automatically.");
    return false;
  }
  if (!wants_group || find_group(*stream, call.argv[3]) != nullptr) return true;
  call.error("NOGROUP No such consumer group '" + call.argv[3] + "' for key name '" +
             call.argv[2] + "'");
  return false;
}

void xgroup_create(Call& call) {
  const std::optional<GroupOptions> options = parse_group_options(call, true);
  if (!options || !xgroup_target_exists(call, options->make_stream, false)) return;
  const std::string &key = call.argv[2], &name = call.argv[3];
  const Stream* const stream = call.look_as<Stream>(key);
  const std::optional<StreamId> id = group_id(call, stream, call.argv[4]);
  if (!id) return;
  if (stream != nullptr && find_group(*stream, name) != nullptr)
    return call.error("BUSYGROUP Consumer Group name already exists");
  change_or_create<Stream>(call, key, [&](Stream& held) {
    StreamGroup& group = held.groups[name];
    group.last = *id;
    group.entries_read = options->entries_read;
  });
  ++call.dirty;
  call.reply.ok();
}

void xgroup_setid(Call& call) {
  const std::optional<GroupOptions> options = parse_group_options(call, false);
  if (!options || !xgroup_target_exists(call, false, true)) return;
  const std::string& key = call.argv[2];
  const auto id = group_id(call, call.look_as<Stream>(key), call.argv[4]);
  if (!id) return;
  change<Stream>(call, key, [&](Stream& held) {
    StreamGroup& group = group_of(held, call.argv[3]);
    group.last = *id;
    group.entries_read = options->entries_read;
  });
  ++call.dirty;
  call.reply.ok();
}

void xgroup_destroy(Call& call) {
  if (!xgroup_target_exists(call, false, false)) return;
  std::size_t gone = 0;
  change<Stream>(call, call.argv[2], [&](Stream& held) {
    const auto group = held.groups.find(call.argv[3]);
    if (group == held.groups.end()) return;
    held.groups.erase(group);
    gone = 1;
  });
  call.dirty += gone;
  call.reply.integer(static_cast<std::int64_t>(gone));
}

void xgroup_createconsumer(Call& call) {
  if (!xgroup_target_exists(call, false, true)) return;
  bool fresh = false;
  change<Stream>(call, call.argv[2], [&](Stream& held) {
    auto& consumers = group_of(held, call.argv[3]).consumers;
    const auto [place, made] = consumers.try_emplace(call.argv[4]);
    if (made) place->second.seen = count_of(call.now);
    fresh = made;
  });
  call.dirty += fresh;
  call.reply.integer(fresh ? 1 : 0);
}

void xgroup_delconsumer(Call& call) {
  if (!xgroup_target_exists(call, false, true)) return;
  std::size_t pending = 0;
  bool existed = false;
  change<Stream>(call, call.argv[2], [&](Stream& held) {
    StreamGroup& group = group_of(held, call.argv[3]);
    const auto consumer = group.consumers.find(call.argv[4]);
    if (consumer == group.consumers.end()) return;
    existed = true;
    pending = std::erase_if(
        group.pending, [&](const auto& item) { return item.second.consumer == call.argv[4]; });
    group.consumers.erase(consumer);
  });
  call.dirty += existed;
  call.reply.integer(static_cast<std::int64_t>(pending));
}

void xgroup_help(Call& call) {
  constexpr std::string_view kLines[] = {
      "XGROUP <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
      "CREATE <key> <groupname> <id|$> [option]",
      "    Create a new consumer group. Options are:",
      "    * MKSTREAM",
      "      Create the empty stream if it does not exist.",
      "    * ENTRIESREAD entries_read",
      "      Set the group's entries_read counter (internal use).",
      "CREATECONSUMER <key> <groupname> <consumer>",
      "    Create a new consumer in the specified group.",
      "DELCONSUMER <key> <groupname> <consumer>",
      "    Remove the specified consumer.",
      "DESTROY <key> <groupname>",
      "    Remove the specified group.",
      "SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]",
      "    Set the current group ID and entries_read counter.",
      "HELP",
      "    Prints this help."};
  reply_lines(call, kLines);
}

constexpr auto kGroupCommands = std::to_array<Subcommand>({
    {"create", -5, xgroup_create},
    {"createconsumer", 5, xgroup_createconsumer},
    {"delconsumer", 5, xgroup_delconsumer},
    {"destroy", 4, xgroup_destroy},
    {"help", 2, xgroup_help},
    {"setid", -5, xgroup_setid},
});

void xgroup(Call& call) {
  run_subcommand(call, kGroupCommands);
}

// --- XACK
// ------------------------------------------------------------------------------------------

void xack(Call& call) {
  const Stream* const stream = call.look_as<Stream>(call.argv[1]);
  if (call.failed) return;
  if (stream == nullptr || find_group(*stream, call.argv[2]) == nullptr)
    return call.reply.integer(0);
  std::vector<StreamId> ids;
  for (const std::string& text : call.argv.subspan(3)) {
    const std::optional<StreamId> id = id_argument(call, text);
    if (!id) return;
    ids.push_back(*id);
  }
  std::size_t gone = 0;
  change<Stream>(call, call.argv[1], [&](Stream& held) {
    StreamGroup& group = group_of(held, call.argv[2]);
    for (const StreamId id : ids) gone += group.pending.erase(id);
  });
  call.dirty += gone;
  call.reply.integer(static_cast<std::int64_t>(gone));
}

// --- XPENDING
// --------------------------------------------------------------------------------------

void reply_pending_summary(Call& call, const StreamGroup& group) {
  call.reply.array(4);
  call.reply.integer(static_cast<std::int64_t>(group.pending.size()));
  if (group.pending.empty()) {
    call.reply.null();
    call.reply.null();
    return call.reply.null_array();
  }
  reply_id(call, group.pending.begin()->first);
  reply_id(call, group.pending.rbegin()->first);
  std::vector<std::pair<std::string, std::size_t>> counts;
  for (const auto& [name, consumer] : group.consumers)
    if (const std::size_t count = group.pending_of(name); count > 0) counts.emplace_back(name, count);
  call.reply.array(counts.size());
  for (const auto& [name, count] : counts) {
    call.reply.array(2);
    call.reply.bulk(name);
    call.reply.bulk(std::to_string(count));
  }
}

struct PendingFilter {
  std::int64_t min_idle = 0, count = 0;
  StreamId from, to;
  std::optional<std::string> consumer;
};

// XPENDING key group [IDLE ms] start end count [consumer], from argv[3] on.
std::optional<PendingFilter> parse_pending(Call& call) {
  PendingFilter filter;
  std::size_t at = 3;
  if (same_word(call.argv[at], "IDLE")) {
    if (call.argv.size() < 8) return call.syntax_error(), std::nullopt;
    const auto idle = integer_argument(call, call.argv[at + 1]);
    if (!idle) return std::nullopt;
    filter.min_idle = *idle;
    at += 2;
  }
  // Redis counts from the start: a word too many goes unnoticed as long as IDLE had fitted in.
  if (call.argv.size() < at + 3 || call.argv.size() > 9) return call.syntax_error(), std::nullopt;
  const auto count = integer_argument(call, call.argv[at + 2]);
  if (!count) return std::nullopt;
  filter.count = std::max<std::int64_t>(*count, 0);
  const auto from = range_start(call, call.argv[at]);
  if (!from) return std::nullopt;
  const auto to = range_end(call, call.argv[at + 1]);
  if (!to) return std::nullopt;
  filter.from = *from;
  filter.to = *to;
  if (call.argv.size() > at + 3) filter.consumer = call.argv[at + 3];
  return filter;
}

void reply_pending(Call& call, const StreamGroup& group, const PendingFilter& filter) {
  if (filter.consumer && !group.consumers.contains(*filter.consumer)) return call.reply.array(0);
  std::vector<std::pair<StreamId, const StreamPending*>> found;
  for (auto i = group.pending.lower_bound(filter.from);
       i != group.pending.end() && i->first <= filter.to; ++i) {
    if (found.size() == static_cast<std::uint64_t>(filter.count)) break;
    if (filter.consumer && i->second.consumer != *filter.consumer) continue;
    if (count_of(call.now) - i->second.delivered < filter.min_idle) continue;
    found.emplace_back(i->first, &i->second);
  }
  call.reply.array(found.size());
  for (const auto& [id, pending] : found) {
    call.reply.array(4);
    reply_id(call, id);
    call.reply.bulk(pending->consumer);
    call.reply.integer(std::max<std::int64_t>(count_of(call.now) - pending->delivered, 0));
    call.reply.integer(static_cast<std::int64_t>(pending->count));
  }
}

void xpending(Call& call) {
  std::optional<PendingFilter> filter;
  if (call.argv.size() > 3) {
    filter = parse_pending(call);
    if (!filter) return;
  }
  const Stream* const stream = call.look_as<Stream>(call.argv[1]);
  if (call.failed) return;
  const StreamGroup* const group =
      stream == nullptr ? nullptr : find_group(*stream, call.argv[2]);
  if (group == nullptr) return no_group(call, call.argv[1], call.argv[2]);
  filter ? reply_pending(call, *group, *filter) : reply_pending_summary(call, *group);
}

constexpr auto kCommands = std::to_array<Command>({
    {"xack", -4, flag::write, xack},
    {"xgroup", -2, flag::write | flag::denyoom, xgroup},
    {"xpending", -3, flag::readonly, xpending},
});

}  // namespace

std::span<const Command> stream_group_commands() {
  return kCommands;
}

}  // namespace model
