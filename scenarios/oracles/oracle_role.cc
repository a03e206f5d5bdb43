// ROLE: a node follows whom it was last told to follow, and takes data from nobody else (R10.2,
// R10.4).
//
// A circle that people order is theirs: a real server lets itself be told to follow itself. One
// that a node makes, by an order that a newer one has overtaken, is a finding, and the words show
// the circle.
#include <variant>

#include "scenarios/oracles/oracle_list.h"

namespace scenarios {
namespace {

struct Order {
  std::string host;  // empty: to follow nobody
  int port = 0;
};

std::string words_of(const Order& order) {
  return order.host.empty() ? "nobody" : order.host + ":" + std::to_string(order.port);
}

class Role final : public Judging<Role> {
 public:
  Role() : Judging("ROLE", "no node ever followed another") {}

  void saw(const Scene& scene) override {
    Order& order = orders_[scene.seen.node];
    const model::Link& link = scene.state.link;
    if (!scene.same_life()) order = {link.host, link.port};  // as configured
    for (const model::Effect& effect : scene.seen.effects) {
      const auto* ordered = std::get_if<model::Ordered>(&effect);
      if (ordered == nullptr) continue;
      order = {ordered->host, ordered->port};
      held();
    }
    if (failed()) return;
    judge_order(scene, order);
    judge_source(scene);
  }

 private:
  void judge_order(const Scene& scene, const Order& order) {
    const model::Link& link = scene.state.link;
    if (link.host == order.host && (link.port == order.port || link.host.empty())) return;
    fail(scene, "stale-order",
         std::string(scene.node.name) + " follows " + words_of({link.host, link.port}) +
             ", but was last told to follow " + words_of(order) + circle(scene));
  }

  // What comes over the connection that it dialled, comes from whom it follows.
  void judge_source(const Scene& scene) {
    const Seen& seen = scene.seen;
    if (!seen.conn || !seen.peer || scene.state.link.conn != seen.conn) return;
    const bool takes = scene.now.link == model::LinkState::transfer || scene.now.has_master;
    if (!takes) return;
    held();
    if (!scene.node.follows || *scene.node.follows == *seen.peer) return;
    fail(scene, "stranger",
         std::string(scene.node.name) + " takes data from " +
             std::string(seen.nodes[*seen.peer].name) + ", but follows " +
             std::string(seen.nodes[*scene.node.follows].name));
  }

  static std::string circle(const Scene& scene) {
    std::string path(scene.node.name);
    std::size_t at = scene.seen.node;
    for (std::size_t hops = 0; hops < scene.seen.nodes.size(); ++hops) {
      if (!scene.seen.nodes[at].follows) return "";
      at = *scene.seen.nodes[at].follows;
      path += " -> " + std::string(scene.seen.nodes[at].name);
      if (at == scene.seen.node) return ": a circle " + path;
    }
    return "";
  }

  PerNode<Order> orders_;
};

}  // namespace

std::unique_ptr<Oracle> make_role() {
  return std::make_unique<Role>();
}

}  // namespace scenarios
