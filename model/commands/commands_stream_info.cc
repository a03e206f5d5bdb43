// XINFO: what a stream, its groups and their consumers say of themselves.
#include <algorithm>
#include <array>

#include "model/commands/commands_stream_parts.h"
#include "model/data/number.h"
#include "model/data/text.h"

namespace model {
namespace {

void reply_number(Call& call, std::uint64_t number) {
  call.reply.integer(static_cast<std::int64_t>(number));
}

// --- the tree of nodes
// -----------------------------------------------------------------------------

std::string key_of(StreamId id) {
  std::string key;
  for (const std::uint64_t part : {id.ms, id.seq})
    for (unsigned shift = 64; shift > 0; shift -= 8)
      key += static_cast<char>(part >> (shift - 8) & 0xff);
  return key;
}

// How many nodes Redis's radix tree has for these keys, from their `depth`th byte on: one for a run
// of bytes that all share, one for a fork, one for an end. Keys ascend and have one length.
std::size_t tree_nodes(const std::string* first, const std::string* last, std::size_t depth) {
  std::size_t fork = depth;
  while (fork < first->size() && (*first)[fork] == (*(last - 1))[fork]) ++fork;
  std::size_t nodes = fork > depth ? 1 : 0;
  if (fork == first->size()) return nodes + 1;
  ++nodes;
  while (first != last) {
    const std::string* next = std::find_if(
        first, last, [&](const std::string& key) { return key[fork] != (*first)[fork]; });
    nodes += tree_nodes(first, next, fork + 1);
    first = next;
  }
  return nodes;
}

std::size_t tree_nodes(const Stream& stream) {
  std::vector<std::string> keys;
  for (const StreamNode& node : stream.nodes()) keys.push_back(key_of(node.master));
  return keys.empty() ? 1 : tree_nodes(keys.data(), keys.data() + keys.size(), 0);
}

// --- groups
// ----------------------------------------------------------------------------------------

// How many entries a group has not been handed yet, when that is known.
void reply_lag(Call& call, const Stream& stream, const StreamGroup& group) {
  if (stream.entries_added() == 0) return call.reply.integer(0);
  std::optional<std::uint64_t> read = group.entries_read;
  if (!read || stream.may_have_holes_after(group.last)) read = stream.entries_up_to(group.last);
  read ? reply_number(call, stream.entries_added() - *read) : call.reply.null();
}

void reply_entries_read(Call& call, const StreamGroup& group) {
  group.entries_read ? reply_number(call, *group.entries_read) : call.reply.null();
}

void reply_pending(Call& call, StreamId id, const StreamPending& pending, bool with_consumer) {
  call.reply.array(with_consumer ? 4 : 3);
  reply_id(call, id);
  if (with_consumer) call.reply.bulk(pending.consumer);
  call.reply.integer(pending.delivered);
  reply_number(call, pending.count);
}

void reply_full_consumer(Call& call, const StreamGroup& group, std::string_view name,
                         const StreamConsumer& consumer, std::size_t limit) {
  call.reply.array(8);
  call.reply.bulk("name");
  call.reply.bulk(name);
  call.reply.bulk("seen-time");
  call.reply.integer(consumer.seen);
  call.reply.bulk("pel-count");
  reply_number(call, group.pending_of(name));
  call.reply.bulk("pending");
  call.reply.array(std::min(limit, group.pending_of(name)));
  for (const auto& [id, pending] : group.pending) {
    if (limit == 0) break;
    if (pending.consumer != name) continue;
    reply_pending(call, id, pending, false);
    --limit;
  }
}

void reply_full_group(Call& call, const Stream& stream, std::string_view name,
                      const StreamGroup& group, std::size_t limit) {
  call.reply.array(14);
  call.reply.bulk("name");
  call.reply.bulk(name);
  call.reply.bulk("last-delivered-id");
  reply_id(call, group.last);
  call.reply.bulk("entries-read");
  reply_entries_read(call, group);
  call.reply.bulk("lag");
  reply_lag(call, stream, group);
  call.reply.bulk("pel-count");
  reply_number(call, group.pending.size());
  call.reply.bulk("pending");
  call.reply.array(std::min(limit, group.pending.size()));
  std::size_t left = limit;
  for (auto i = group.pending.begin(); i != group.pending.end() && left > 0; ++i, --left)
    reply_pending(call, i->first, i->second, true);
  call.reply.bulk("consumers");
  call.reply.array(group.consumers.size());
  for (const auto& [consumer_name, consumer] : group.consumers)
    reply_full_consumer(call, group, consumer_name, consumer, limit);
}

// --- subcommands
// -----------------------------------------------------------------------------------

const Stream* look_at(Call& call) {
  const Stream* const stream = call.look_as<Stream>(call.argv[2]);
  if (stream == nullptr && !call.failed) call.error(kNoSuchKey);
  return call.failed ? nullptr : stream;
}

void reply_edge(Call& call, std::string_view name, const std::vector<const StreamEntry*>& edge) {
  call.reply.bulk(name);
  edge.empty() ? call.reply.null() : reply_entry(call, *edge.front());
}

void reply_summary(Call& call, const Stream& stream) {
  call.reply.bulk("groups");
  reply_number(call, stream.groups.size());
  reply_edge(call, "first-entry", stream.range(kFirstStreamId, kLastStreamId, 1));
  reply_edge(call, "last-entry", stream.range(kFirstStreamId, kLastStreamId, 1, true));
}

void reply_all(Call& call, const Stream& stream, std::size_t limit) {
  call.reply.bulk("entries");
  reply_entries(call, stream.range(kFirstStreamId, kLastStreamId, limit));
  call.reply.bulk("groups");
  call.reply.array(stream.groups.size());
  for (const auto& [name, group] : stream.groups) reply_full_group(call, stream, name, group, limit);
}

// XINFO STREAM key [FULL [COUNT n]]
void xinfo_stream(Call& call) {
  constexpr std::int64_t kUsual = 10;
  const bool full = call.argv.size() > 3;
  std::int64_t count = kUsual;
  const bool counted = call.argv.size() == 6;
  if (full && (!same_word(call.argv[3], "FULL") || (call.argv.size() != 4 && !counted)))
    return subcommand_syntax_error(call);
  if (counted) {
    if (!same_word(call.argv[4], "COUNT")) return subcommand_syntax_error(call);
    const auto number = integer_argument(call, call.argv[5]);
    if (!number) return;
    count = *number < 0 ? kUsual : *number;
  }
  const Stream* const stream = look_at(call);
  if (stream == nullptr) return;
  call.reply.array(full ? 18 : 20);
  call.reply.bulk("length");
  reply_number(call, stream->size());
  call.reply.bulk("radix-tree-keys");
  reply_number(call, stream->nodes().size());
  call.reply.bulk("radix-tree-nodes");
  reply_number(call, tree_nodes(*stream));
  call.reply.bulk("last-generated-id");
  reply_id(call, stream->last());
  call.reply.bulk("max-deleted-entry-id");
  reply_id(call, stream->max_deleted());
  call.reply.bulk("entries-added");
  reply_number(call, stream->entries_added());
  call.reply.bulk("recorded-first-entry-id");
  reply_id(call, stream->recorded_first());
  full ? reply_all(call, *stream, limit_of(count)) : reply_summary(call, *stream);
}

void xinfo_groups(Call& call) {
  const Stream* const stream = look_at(call);
  if (stream == nullptr) return;
  call.reply.array(stream->groups.size());
  for (const auto& [name, group] : stream->groups) {
    call.reply.array(12);
    call.reply.bulk("name");
    call.reply.bulk(name);
    call.reply.bulk("consumers");
    reply_number(call, group.consumers.size());
    call.reply.bulk("pending");
    reply_number(call, group.pending.size());
    call.reply.bulk("last-delivered-id");
    reply_id(call, group.last);
    call.reply.bulk("entries-read");
    reply_entries_read(call, group);
    call.reply.bulk("lag");
    reply_lag(call, *stream, group);
  }
}

void xinfo_consumers(Call& call) {
  const Stream* const stream = look_at(call);
  if (stream == nullptr) return;
  const StreamGroup* const group = find_group(*stream, call.argv[3]);
  if (group == nullptr)
    return call.error("NOGROUP No such consumer group '" + call.argv[3] + "' for key name '" +
                      call.argv[2] + "'");
  call.reply.array(group->consumers.size());
  for (const auto& [name, consumer] : group->consumers) {
    call.reply.array(6);
    call.reply.bulk("name");
    call.reply.bulk(name);
    call.reply.bulk("pending");
    reply_number(call, group->pending_of(name));
    call.reply.bulk("idle");
    call.reply.integer(std::max<std::int64_t>(count_of(call.now) - consumer.seen, 0));
  }
}

void xinfo_help(Call& call) {
  constexpr std::string_view kLines[] = {
      "XINFO <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
      "CONSUMERS <key> <groupname>",
      "    Show consumers of <groupname>.",
      "GROUPS <key>",
      "    Show the stream consumer groups.",
      "STREAM <key> [FULL [COUNT <count>]",
      "    Show information about the stream.",
      "HELP",
      "    Prints this help."};
  reply_lines(call, kLines);
}

constexpr auto kInfoCommands = std::to_array<Subcommand>({
    {"consumers", 4, xinfo_consumers},
    {"groups", 3, xinfo_groups},
    {"help", 2, xinfo_help},
    {"stream", -3, xinfo_stream},
});

void xinfo(Call& call) {
  run_subcommand(call, kInfoCommands);
}

constexpr auto kCommands = std::to_array<Command>({
    {"xinfo", -2, flag::readonly, xinfo},
});

}  // namespace

std::span<const Command> stream_info_commands() {
  return kCommands;
}

}  // namespace model
