#include "scenarios/golden/fake_masters.h"

#include <algorithm>
#include <charconv>

#include "model/data/text.h"
#include "scenarios/golden/words.h"

namespace scenarios::golden {
namespace {

// No fields, no keys, no checksum.
constexpr std::string_view kPayload{"$18\r\nREDIS0010\xff\0\0\0\0\0\0\0\0", 23};
constexpr std::string_view kSleep = "@sleep:";

// The reply to a request: by its first two words, else by its first. None: an empty one.
std::string reply_to(const FakeMaster& script, const std::vector<std::string>& words,
                     std::size_t session) {
  const std::vector<std::string>* found = nullptr;
  const std::string two = words.size() > 1 ? words[0] + " " + words[1] : "";
  for (const auto& [asked, replies] : script.rules) {
    if (found == nullptr && model::same_word(asked, words[0])) found = &replies;
    if (!two.empty() && model::same_word(asked, two)) {
      found = &replies;
      break;
    }
  }
  return found == nullptr ? "" : (*found)[std::min(session, found->size() - 1)];
}

// The last part first.
std::vector<std::string> parts_of_reply(const std::string& reply) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= reply.size();) {
    const std::size_t bar = std::min(reply.find('|', at), reply.size());
    parts.push_back(reply.substr(at, bar - at));
    at = bar + 1;
  }
  std::reverse(parts.begin(), parts.end());
  return parts;
}

sim::Duration pause_of(std::string_view part) {
  const std::string_view text = part.substr(kSleep.size());
  double milliseconds = 0;
  std::from_chars(text.data(), text.data() + text.size(), milliseconds);
  return sim::Duration(static_cast<std::int64_t>(milliseconds * 1000));
}

}  // namespace

void FakeMasters::add(sim::HostId host, const FakeMaster& script) {
  masters_.push_back({host, script, {}});
}

sim::Instant FakeMasters::due() const {
  sim::Instant first = sim::kNever;
  for (const Master& master : masters_) {
    for (const Session& session : master.sessions) {
      if (!session.closed && session.asleep != sim::kStart) first = std::min(first, session.asleep);
    }
  }
  return first;
}

void FakeMasters::act(World& world) {
  for (Master& master : masters_) {
    master.sessions.resize(world.peers().sessions(master.host));
    for (std::size_t i = 0; i < master.sessions.size(); ++i) {
      Session& session = master.sessions[i];
      if (session.closed || session.asleep > world.now()) continue;
      session.asleep = sim::kStart;
      go_on(world, master, i, session);
    }
  }
}

// Until it sleeps, or nothing whole is left to read.
void FakeMasters::go_on(World& world, const Master& master, std::size_t number, Session& session) {
  while (say(world, master, number, session)) {
    const std::string_view rest = world.peers().got(master.host, number).substr(session.read);
    const auto message = first_message(rest);
    if (!message) return;
    session.read += message->raw.size();
    if (!message->words.empty())
      session.parts = parts_of_reply(reply_to(master.script, message->words, number));
  }
}

// False when there is more to say, or nobody left to say it to.
bool FakeMasters::say(World& world, const Master& master, std::size_t number, Session& session) {
  while (!session.parts.empty()) {
    const std::string part = std::move(session.parts.back());
    session.parts.pop_back();
    if (part == "@close") {
      world.peer_closes(master.host, number, sim::CloseHow::fin);
      session.closed = true;
      return false;
    }
    if (part.starts_with(kSleep)) {
      session.asleep = world.now() + pause_of(part);
      return false;
    }
    if (!part.empty()) world.peer_sends(master.host, number, part == "@rdb" ? kPayload : part);
  }
  return true;
}

}  // namespace scenarios::golden
