// PROTO: no node ever hears from another what the protocol does not allow.
//
// What raw peers and clients send may be anything; a node is judged for its master's words, and for
// those of its replicas when the world says who they are.
#include <variant>

#include "model/server.h"
#include "scenarios/oracles/oracle_list.h"

namespace scenarios {
namespace {

class Proto final : public Judging<Proto> {
 public:
  Proto() : Judging("PROTO", "no node ever listened to another") {}

  void saw(const Scene& scene) override {
    if (failed() || scene.node.from_raw || scene.node.corrupted_input) return;
    if (scene.seen.peer || heard_stream(scene)) held();
    for (const model::Effect& effect : scene.seen.effects) {
      const auto* breach = std::get_if<model::ProtocolBreach>(&effect);
      if (breach == nullptr || !from_a_node(scene, breach->conn)) continue;
      held();
      fail(scene, "illegal-unit", std::string(scene.node.name) + " heard from " +
                           speaker(scene, breach->conn) + " what it must not: " + breach->text);
    }
  }

 private:
  static bool heard_stream(const Scene& scene) {
    return scene.now.has_master && scene.before.received != scene.now.received;
  }

  static bool dialled(model::ConnId conn) {
    return static_cast<std::uint32_t>(conn) >= model::Server::kDialled;
  }

  static bool from_a_node(const Scene& scene, model::ConnId conn) {
    return dialled(conn) || (scene.seen.conn == conn && scene.seen.peer);
  }

  static std::string speaker(const Scene& scene, model::ConnId conn) {
    if (scene.seen.conn == conn && scene.seen.peer) {
      return std::string(scene.seen.nodes[*scene.seen.peer].name);
    }
    return "its master";
  }
};

}  // namespace

std::unique_ptr<Oracle> make_proto() {
  return std::make_unique<Proto>();
}

}  // namespace scenarios
