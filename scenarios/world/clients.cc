#include "scenarios/world/clients.h"

#include <algorithm>

namespace scenarios {

ClientId Clients::client(sim::HostId node, std::string_view name) {
  const auto it = std::find_if(clients_.begin(), clients_.end(),
                               [&](const Client& c) { return c.node == node && c.name == name; });
  const auto index = static_cast<std::uint32_t>(it - clients_.begin());
  if (it == clients_.end()) {
    clients_.emplace_back();
    clients_.back().node = node;
    clients_.back().name = name;
  }
  return ClientId{index};
}

void Clients::ask(ClientId id, const std::vector<std::string>& argv) {
  Client& client = at(id);
  client.lost = {};
  model::append_request(client.out, argv);
  ++client.unanswered;
}

void Clients::flush(sim::Kernel& kernel, ClientId id) {
  Client& client = at(id);
  if (!client.end) {
    client.end = kernel.dial(home_, client.node);
    client.open = false;
  }
  if (client.open) write(kernel, client);
}

void Clients::write(sim::Kernel& kernel, Client& client) {
  if (client.out.empty()) return;
  client.out.erase(0, kernel.send(*client.end, client.out));
}

void Clients::lose(Client& client, std::string_view how) {
  client.end.reset();
  client.open = false;
  client.out.clear();
  client.unanswered = 0;
  client.in.clear();
  client.lost = how;
}

std::uint64_t Clients::unanswered(ClientId id) const {
  return at(id).unanswered;
}
std::string_view Clients::lost(ClientId id) const {
  return at(id).lost;
}
std::size_t Clients::unsent(ClientId id) const {
  return at(id).out.size();
}

std::optional<model::Reply> Clients::take(ClientId id) {
  Client& client = at(id);
  if (client.replies.empty()) return std::nullopt;
  std::optional<model::Reply> reply(std::move(client.replies.front()));
  client.replies.pop_front();
  return reply;
}

void Clients::handle(sim::Kernel& kernel, const sim::Occurrence& occurrence) {
  const auto it = std::find_if(clients_.begin(), clients_.end(),
                               [&](const Client& c) { return c.end == occurrence.end; });
  if (it == clients_.end()) return;
  using Kind = sim::Occurrence::Kind;
  switch (occurrence.kind) {
    case Kind::connected:
      it->open = true;
      write(kernel, *it);
      return;
    case Kind::room:
      write(kernel, *it);
      return;
    case Kind::refused:
      lose(*it, "refused");
      return;
    case Kind::reset:
      lose(*it, "reset");
      return;
    case Kind::ended:
      kernel.close(occurrence.end, sim::CloseHow::fin);
      lose(*it, "closed");
      return;
    case Kind::bytes: {
      it->in.feed(occurrence.bytes);
      model::Reply reply;
      while (it->in.next(reply) == model::ReplyParser::Got::reply) {
        if (it->unanswered > 0) --it->unanswered;
        it->replies.push_back(std::move(reply));
        reply = {};
      }
      return;
    }
    default:
      return;
  }
}

}  // namespace scenarios
