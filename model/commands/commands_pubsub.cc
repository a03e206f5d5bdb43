// Publishing, as far as replication sees it: PUBLISH enters the stream and reaches the subscribers of
// every replica (R7.4, R7.9).
#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "model/commands/command.h"
#include "model/data/text.h"
#include "model/propagation.h"
#include "model/state.h"

namespace model {
namespace {

ReplyWriter reply_to(Session& session) {
  return ReplyWriter(session.out);
}

std::int64_t subscriptions(const Session& session) {
  return static_cast<std::int64_t>(session.channels.size() + session.patterns.size());
}

void confirm(Session& session, std::string_view what, const std::string* name) {
  ReplyWriter reply = reply_to(session);
  reply.array(3);
  reply.bulk(what);
  name == nullptr ? reply.null() : reply.bulk(*name);
  reply.integer(subscriptions(session));
}

void join(Session& session, std::set<std::string>& names, Args argv) {
  for (const std::string& name : argv.subspan(1)) {
    names.insert(name);
    confirm(session, lower(argv[0]), &name);
  }
}

void leave(Session& session, std::set<std::string>& names, Args argv) {
  std::vector<std::string> gone(argv.begin() + 1, argv.end());
  if (gone.empty()) gone.assign(names.begin(), names.end());
  for (const std::string& name : gone) {
    names.erase(name);
    confirm(session, lower(argv[0]), &name);
  }
  if (gone.empty()) confirm(session, lower(argv[0]), nullptr);
}

void subscribe(Turn&, Session& session, Args argv) {
  join(session, session.channels, argv);
}
void unsubscribe(Turn&, Session& session, Args argv) {
  leave(session, session.channels, argv);
}
void psubscribe(Turn&, Session& session, Args argv) {
  join(session, session.patterns, argv);
}
void punsubscribe(Turn&, Session& session, Args argv) {
  leave(session, session.patterns, argv);
}

std::int64_t deliver(State& s, const std::string& channel, const std::string& message) {
  std::int64_t receivers = 0;
  for (auto& [conn, session] : s.sessions) {
    if (session.channels.contains(channel)) {
      ++receivers;
      ReplyWriter reply = reply_to(session);
      reply.array(3);
      reply.bulk("message");
      reply.bulk(channel);
      reply.bulk(message);
    }
    for (const std::string& pattern : session.patterns) {
      if (!matches(pattern, channel)) continue;
      ++receivers;
      ReplyWriter reply = reply_to(session);
      reply.array(4);
      reply.bulk("pmessage");
      reply.bulk(pattern);
      reply.bulk(channel);
      reply.bulk(message);
    }
  }
  return receivers;
}

void publish(Turn& t, Session& session, Args argv) {
  const std::int64_t receivers = deliver(t.s, argv[1], argv[2]);
  if (session.from_master && receivers > 0) t.mark(Mark::published_by_stream);
  if (!session.muted) propagate(t, {session.db, {argv.begin(), argv.end()}});
  reply_to(session).integer(receivers);
}

// A message to a shard's channel: in the stream like any other, but nobody here can subscribe to one.
void spublish(Turn& t, Session& session, Args argv) {
  if (!session.muted) propagate(t, {session.db, {argv.begin(), argv.end()}});
  reply_to(session).integer(0);
}

void pubsub(Turn& t, Session& session, Args argv) {
  std::set<std::string> channels;
  std::int64_t patterns = 0;
  for (const auto& [conn, one] : t.s.sessions) {
    channels.insert(one.channels.begin(), one.channels.end());
    patterns += static_cast<std::int64_t>(one.patterns.size());
  }
  if (same_word(argv[1], "numpat") && argv.size() == 2) return reply_to(session).integer(patterns);
  if (same_word(argv[1], "channels") && argv.size() <= 3) {
    if (argv.size() == 3)
      std::erase_if(channels, [&](const std::string& name) { return !matches(argv[2], name); });
    reply_to(session).array(channels.size());
    for (const std::string& name : channels) reply_to(session).bulk(name);
    return;
  }
  if (same_word(argv[1], "numsub")) {
    reply_to(session).array((argv.size() - 2) * 2);
    for (const std::string& name : argv.subspan(2)) {
      reply_to(session).bulk(name);
      reply_to(session).integer(std::count_if(t.s.sessions.begin(), t.s.sessions.end(), [&](const auto& item) {
        return item.second.channels.contains(name);
      }));
    }
    return;
  }
  reply_to(session).error("ERR unknown subcommand '" + argv[1].substr(0, 128) + "'. Try PUBSUB HELP.");
}

namespace f = flag;
constexpr std::uint32_t kListens = f::loading | f::stale | f::no_script | f::pubsub;

constexpr auto kCommands = std::to_array<Command>({
    {"psubscribe", -2, kListens, nullptr, psubscribe},
    {"publish", 3, f::loading | f::stale | f::may_replicate, nullptr, publish},
    {"pubsub", -2, f::loading | f::stale, nullptr, pubsub},
    {"punsubscribe", -1, kListens, nullptr, punsubscribe},
    {"spublish", 3, f::loading | f::stale | f::may_replicate, nullptr, spublish},
    {"subscribe", -2, kListens, nullptr, subscribe},
    {"unsubscribe", -1, kListens, nullptr, unsubscribe},
});

}  // namespace

std::span<const Command> pubsub_commands() {
  return kCommands;
}

}  // namespace model
