// XREAD and XREADGROUP: new entries of several streams, or a consumer's own that it has not
// acknowledged. What a group hands out is a write: each delivery enters the stream as an XCLAIM
// that says all about it (table 7.4).
#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "model/commands/commands_stream_parts.h"
#include "model/data/number.h"
#include "model/data/text.h"

namespace model {
namespace {

struct ReadOptions {
  std::optional<std::int64_t> block;  // ms, 0: for ever
  std::int64_t count = 0;
  bool no_ack = false;
  std::optional<std::pair<std::string, std::string>> group;  // its name, the consumer's
  std::size_t first_key = 0, keys = 0;                       // places in argv
};

struct Wanted {
  std::string key;
  StreamId after;
  bool news = false;  // XREADGROUP with ">"
};

bool parse_one(Call& call, bool grouped, ReadOptions& options, std::size_t& i) {
  const std::string& word = call.argv[i];
  const std::size_t more = call.argv.size() - i - 1;
  const std::string only = "option is only supported by XREADGROUP. You called XREAD instead.";
  if (more > 0 && same_word(word, "BLOCK")) {
    options.block = integer_argument(call, call.argv[++i],
                                     "ERR timeout is not an integer or out of range");
    if (options.block && *options.block < 0) call.error("ERR timeout is negative");
  } else if (more > 0 && same_word(word, "COUNT")) {
    options.count = count_argument(call, call.argv[++i]).value_or(0);
  } else if (more > 0 && same_word(word, "STREAMS")) {
    options.first_key = i + 1;
    if (more % 2 != 0)
      call.error(
          "ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be "
          "specified.");
    options.keys = more / 2;
    i = call.argv.size();
  } else if (more >= 2 && same_word(word, "GROUP")) {
    if (!grouped) call.error("ERR The GROUP " + only);
    options.group = {call.argv[i + 1], call.argv[i + 2]};
    i += 2;
  } else if (same_word(word, "NOACK")) {
    if (!grouped) call.error("ERR The NOACK " + only);
    options.no_ack = true;
  } else {
    call.syntax_error();
  }
  return !call.failed;
}

std::optional<ReadOptions> parse_read(Call& call, bool grouped) {
  ReadOptions options;
  for (std::size_t i = 1; i < call.argv.size(); ++i)
    if (!parse_one(call, grouped, options, i)) return std::nullopt;
  if (options.first_key == 0) {
    call.syntax_error();
  } else if (grouped && !options.group) {
    call.error("ERR Missing GROUP option for XREADGROUP");
  }
  return call.failed ? std::nullopt : std::optional(options);
}

// One key and what is wanted of it.
std::optional<Wanted> parse_wanted(Call& call, const ReadOptions& options, std::size_t i) {
  const std::string &key = call.argv[options.first_key + i],
                    &id = call.argv[options.first_key + options.keys + i];
  const Stream* const stream = call.look_as<Stream>(key);
  if (call.failed) return std::nullopt;
  if (options.group && (stream == nullptr || find_group(*stream, options.group->first) == nullptr)) {
    call.error("NOGROUP No such key '" + key + "' or consumer group '" + options.group->first +
               "' in XREADGROUP with GROUP option");
    return std::nullopt;
  }
  if (id == "$") {
    if (!options.group) return Wanted{key, stream == nullptr ? StreamId{} : stream->last()};
    call.error(
        "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of "
        "this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID "
        "would just return an empty result set.");
    return std::nullopt;
  }
  if (id == ">") {
    if (options.group) return Wanted{key, kLastStreamId, true};
    call.error(
        "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> "
        "<consumer> option.");
    return std::nullopt;
  }
  const std::optional<StreamId> after = id_argument(call, id);
  // The highest id of all is how ">" is written inside.
  return after ? std::optional(Wanted{key, *after, options.group && *after == kLastStreamId})
               : std::nullopt;
}

// --- XREAD
// -----------------------------------------------------------------------------------------

std::vector<const StreamEntry*> entries_after(const Stream& stream, StreamId after,
                                              std::int64_t count) {
  const std::optional<StreamId> from = id_after(after);
  if (!from) return {};
  return stream.range(*from, kLastStreamId, limit_of(count));
}

// --- XREADGROUP
// ------------------------------------------------------------------------------------

// What a group says of itself in the stream when it moves on without remembering deliveries.
Operation set_id_in_stream(const Call& call, const std::string& key, const std::string& name,
                           const StreamGroup& group) {
  const std::string read =
      group.entries_read ? std::to_string(*group.entries_read) : std::string("-1");
  return {call.db, {"XGROUP", "SETID", key, name, text_of(group.last), "ENTRIESREAD", read}};
}

void advance(const Stream& stream, StreamGroup& group, StreamId id) {
  if (group.entries_read && !stream.may_have_holes_after(id)) {
    ++*group.entries_read;
  } else if (stream.entries_added() > 0) {
    group.entries_read = stream.entries_up_to(id);
  }
  group.last = id;
}

class GroupReader {
 public:
  GroupReader(Call& call, const ReadOptions& options) : call_(call), options_(options) {}

  bool has_news(const std::string& key) const {
    const Stream& stream = *call_.look_as<Stream>(key);
    const std::optional<StreamId> last = stream.last_live();
    return last && *last > find_group(stream, name())->last;
  }

  void serve(const Wanted& wanted) {
    ++call_.dirty;
    call_.data.edit(call_.db, wanted.key, [&](Value& value) {
      Stream& stream = std::get<Stream>(value);
      StreamGroup& group = group_of(stream, name());
      meet(wanted.key, group);
      if (wanted.news) {
        hand_out(wanted.key, stream, group);
      } else {
        repeat(stream, group, wanted.after);
      }
    });
  }

 private:
  const std::string& name() const { return options_.group->first; }
  const std::string& consumer() const { return options_.group->second; }

  void tell(Operation operation) {
    if (!call_.instead) call_.instead.emplace();
    call_.instead->push_back(std::move(operation));
  }

  void meet(const std::string& key, StreamGroup& group) {
    const auto [place, fresh] = group.consumers.try_emplace(consumer());
    place->second.seen = count_of(call_.now);
    if (fresh && options_.no_ack)
      tell({call_.db, {"XGROUP", "CREATECONSUMER", key, name(), consumer()}});
  }

  void hand_out(const std::string& key, const Stream& stream, StreamGroup& group) {
    const auto entries = entries_after(stream, group.last, options_.count);
    for (const StreamEntry* entry : entries) {
      if (entry->id > group.last) advance(stream, group, entry->id);
      if (options_.no_ack) continue;
      const StreamPending pending{consumer(), count_of(call_.now), 1};
      group.pending.insert_or_assign(entry->id, pending);
      tell({call_.db, claim_in_stream(key, name(), group.last, entry->id, pending)});
    }
    if (!entries.empty()) group.consumers.find(consumer())->second.active = count_of(call_.now);
    if (options_.no_ack && !entries.empty())
      tell(set_id_in_stream(call_, key, name(), group));
    reply_entries(call_, entries);
  }

  // The consumer's own again: only ids, where the entry has been deleted.
  void repeat(const Stream& stream, StreamGroup& group, StreamId after) {
    std::vector<StreamId> ids;
    const std::optional<StreamId> from = id_after(after);
    for (auto i = from ? group.pending.lower_bound(*from) : group.pending.end();
         i != group.pending.end() && ids.size() < limit_of(options_.count); ++i)
      if (i->second.consumer == consumer()) ids.push_back(i->first);
    call_.reply.array(ids.size());
    for (const StreamId id : ids) {
      const StreamEntry* const entry = stream.find(id);
      if (entry == nullptr) {
        call_.reply.array(2);
        reply_id(call_, id);
        call_.reply.null_array();
        continue;
      }
      reply_entry(call_, *entry);
      StreamPending& pending = group.pending.find(id)->second;
      pending.delivered = count_of(call_.now);
      ++pending.count;
    }
  }

  Call& call_;
  const ReadOptions& options_;
};

// --- both
// ------------------------------------------------------------------------------------------

// The command as it is tried again when one of the streams has grown: "$" meant the end of now.
KeyWait wait_for(const Call& call, const ReadOptions& options, const std::vector<Wanted>& wanted) {
  KeyWait wait;
  wait.type = Value(Stream()).index();
  wait.timeout = std::chrono::milliseconds(*options.block);
  wait.every_change = true;
  wait.argv.assign(call.argv.begin(), call.argv.end());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    wait.keys.push_back(wanted[i].key);
    std::string& id = wait.argv[options.first_key + options.keys + i];
    if (id == "$") id = text_of(wanted[i].after);
  }
  return wait;
}

void read(Call& call, bool grouped) {
  const std::optional<ReadOptions> options = parse_read(call, grouped);
  if (!options) return;
  std::vector<Wanted> wanted;
  for (std::size_t i = 0; i < options->keys; ++i) {
    std::optional<Wanted> one = parse_wanted(call, *options, i);
    if (!one) return;
    wanted.push_back(std::move(*one));
  }
  GroupReader reader(call, *options);
  std::vector<const Wanted*> served;
  for (const Wanted& one : wanted) {
    const Stream* const stream = call.look_as<Stream>(one.key);
    const bool has_any = stream != nullptr && stream->last_live() > one.after;
    const bool serve = !grouped ? has_any : !one.news || reader.has_news(one.key);
    if (serve) served.push_back(&one);
  }
  if (grouped) call.instead.emplace();  // never as the client wrote it
  if (served.empty()) {
    if (!options->block || !call.may_block) return call.reply.null_array();
    call.block = wait_for(call, *options, wanted);
    return;
  }
  call.reply.array(served.size());
  for (const Wanted* one : served) {
    call.reply.array(2);
    call.reply.bulk(one->key);
    if (grouped) {
      reader.serve(*one);
    } else {
      reply_entries(call, entries_after(*call.look_as<Stream>(one->key), one->after, options->count));
    }
  }
}

void xread(Call& call) {
  read(call, false);
}
void xreadgroup(Call& call) {
  read(call, true);
}

constexpr auto kCommands = std::to_array<Command>({
    {"xread", -4, flag::readonly, xread},
    {"xreadgroup", -7, flag::write, xreadgroup},
});

}  // namespace

std::span<const Command> stream_read_commands() {
  return kCommands;
}

}  // namespace model
