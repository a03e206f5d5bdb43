#include "scenarios/world/peers.h"

#include <algorithm>

#include "model/data/number.h"
#include "scenarios/world/script.h"

namespace scenarios {

void Peers::add(sim::HostId host, const Peer& peer) {
  peers_.push_back({host, peer.replies, {}});
}

const Peers::RawPeer* Peers::find(sim::HostId host) const {
  const auto it =
      std::find_if(peers_.begin(), peers_.end(), [&](const RawPeer& p) { return p.host == host; });
  return it == peers_.end() ? nullptr : &*it;
}

Peers::RawPeer* Peers::find(sim::HostId host) {
  const auto it =
      std::find_if(peers_.begin(), peers_.end(), [&](const RawPeer& p) { return p.host == host; });
  return it == peers_.end() ? nullptr : &*it;
}

bool Peers::has(sim::HostId host) const {
  return find(host) != nullptr;
}

sim::EndId Peers::dial(sim::Kernel& kernel, sim::HostId peer, sim::HostId to) {
  RawPeer& raw = *find(peer);
  Session session;
  session.end = kernel.dial(peer, to);
  session.number = raw.sessions.size();
  raw.sessions.push_back(std::move(session));
  return raw.sessions.back().end;
}

bool Peers::send(sim::Kernel& kernel, sim::HostId peer, std::string_view bytes) {
  const std::size_t count = sessions(peer);
  return count > 0 && send(kernel, peer, count - 1, bytes);
}

bool Peers::send(sim::Kernel& kernel, sim::HostId peer, std::size_t number,
                 std::string_view bytes) {
  Session& session = find(peer)->sessions[number];
  if (session.open && !kernel.alive(session.end)) return false;
  session.out += bytes;
  if (session.open) write(kernel, session);
  return true;
}

bool Peers::close(sim::Kernel& kernel, sim::HostId peer, sim::CloseHow how) {
  const std::size_t count = sessions(peer);
  return count > 0 && close(kernel, peer, count - 1, how);
}

bool Peers::close(sim::Kernel& kernel, sim::HostId peer, std::size_t number, sim::CloseHow how) {
  const sim::EndId end = find(peer)->sessions[number].end;
  if (!kernel.alive(end)) return false;
  kernel.close(end, how);
  return true;
}

std::size_t Peers::sessions(sim::HostId peer) const {
  const RawPeer* const raw = find(peer);
  return raw == nullptr ? 0 : raw->sessions.size();
}

std::string_view Peers::got(sim::HostId peer) const {
  const std::size_t count = sessions(peer);
  return count == 0 ? std::string_view() : got(peer, count - 1);
}

std::string_view Peers::got(sim::HostId peer, std::size_t number) const {
  return find(peer)->sessions[number].got;
}

void Peers::write(sim::Kernel& kernel, Session& session) {
  if (!session.out.empty()) {
    const std::size_t taken = kernel.send(session.end, session.out);
    if (taken > 0) written_.push_back({session.end, session.out.substr(0, taken)});
    session.out.erase(0, taken);
  }
  if (session.close_after && session.out.empty()) kernel.close(session.end, sim::CloseHow::fin);
}

void Peers::answer(sim::Kernel& kernel, const RawPeer& peer, Session& session) {
  std::vector<std::string> argv;
  while (session.rest.empty() && !session.close_after &&
         session.in.next(argv) == model::RequestParser::Got::request) {
    const std::vector<std::string>* const replies =
        argv.empty() ? nullptr : replies_to(peer.script, argv);
    if (replies == nullptr || replies->empty()) continue;
    say(kernel, peer, session, (*replies)[std::min(session.number, replies->size() - 1)]);
  }
  write(kernel, session);
}

// Up to the next pause, if there is one.
void Peers::say(sim::Kernel& kernel, const RawPeer& peer, Session& session,
                std::string_view parts) {
  constexpr std::string_view kSleep = "@sleep:";
  while (!parts.empty() && !session.close_after) {
    const std::size_t bar = std::min(parts.find('|'), parts.size());
    const std::string_view part = parts.substr(0, bar);
    parts.remove_prefix(std::min(bar + 1, parts.size()));
    if (part == "@close") {
      session.close_after = true;
    } else if (part.starts_with(kSleep) && !parts.empty()) {
      const std::int64_t pause = model::to_integer(part.substr(kSleep.size())).value_or(0);
      session.rest = parts;
      session.rest_due = kernel.now() + std::chrono::milliseconds(pause);
      kernel.schedule(session.rest_due, {sim::EventKind::wake, number(peer.host),
                                         kernel.incarnation(peer.host)});
      return;
    } else {
      session.out += part_bytes(part);
    }
  }
}

void Peers::handle(sim::Kernel& kernel, const sim::Occurrence& occurrence) {
  RawPeer& peer = *find(occurrence.host);
  using Kind = sim::Occurrence::Kind;
  if (occurrence.kind == Kind::accepted) {
    Session session;
    session.end = occurrence.end;
    session.number = peer.sessions.size();
    session.open = true;
    peer.sessions.push_back(std::move(session));
    return;
  }
  if (occurrence.kind == Kind::wake) {
    for (Session& session : peer.sessions) {
      if (session.rest.empty() || session.rest_due > kernel.now()) continue;
      const std::string rest = std::exchange(session.rest, {});
      say(kernel, peer, session, rest);
      answer(kernel, peer, session);
    }
    return;
  }
  const auto it = std::find_if(peer.sessions.begin(), peer.sessions.end(),
                               [&](const Session& s) { return s.end == occurrence.end; });
  if (it == peer.sessions.end()) return;
  switch (occurrence.kind) {
    case Kind::connected:
      it->open = true;
      write(kernel, *it);
      return;
    case Kind::room:
      write(kernel, *it);
      return;
    case Kind::ended:
      kernel.close(it->end, sim::CloseHow::fin);
      return;
    case Kind::bytes:
      it->got += occurrence.bytes;
      if (peer.script.empty()) return;
      it->in.feed(occurrence.bytes);
      answer(kernel, peer, *it);
      return;
    default:
      return;
  }
}

std::vector<Peers::Written> Peers::take_written() {
  return std::exchange(written_, {});
}

}  // namespace scenarios
