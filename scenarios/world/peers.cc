#include "scenarios/world/peers.h"

#include <algorithm>

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
  session.script = PeerScript(raw.sessions.size());
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
  const PeerScript::End end = session.script.end();
  if (end == PeerScript::End::none || !session.out.empty()) return;
  kernel.close(session.end, end == PeerScript::End::rst ? sim::CloseHow::rst : sim::CloseHow::fin);
}

void Peers::speak(sim::Kernel& kernel, const RawPeer& peer, Session& session) {
  const auto due = session.script.due();
  session.script.speak(peer.script, kernel.now(), session.out);
  const auto next = session.script.due();
  if (next && next != due) {
    kernel.schedule(*next, {sim::EventKind::wake, number(peer.host), kernel.incarnation(peer.host)});
  }
  write(kernel, session);
}

void Peers::handle(sim::Kernel& kernel, const sim::Occurrence& occurrence) {
  RawPeer& peer = *find(occurrence.host);
  using Kind = sim::Occurrence::Kind;
  if (occurrence.kind == Kind::accepted) {
    Session session;
    session.end = occurrence.end;
    session.script = PeerScript(peer.sessions.size());
    session.open = true;
    peer.sessions.push_back(std::move(session));
    return;
  }
  if (occurrence.kind == Kind::wake) {
    for (Session& session : peer.sessions) {
      if (session.script.due() && *session.script.due() <= kernel.now()) speak(kernel, peer, session);
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
      it->script.hears(occurrence.bytes);
      speak(kernel, peer, *it);
      return;
    default:
      return;
  }
}

std::vector<Peers::Written> Peers::take_written() {
  return std::exchange(written_, {});
}

}  // namespace scenarios
