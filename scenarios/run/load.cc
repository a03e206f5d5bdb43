#include "scenarios/run/load.h"

#include "model/data/resp.h"
#include "scenarios/run/formula.h"

namespace scenarios {
namespace {

constexpr std::uint64_t kMostUnanswered =
    10'000;  // a node that answers so little gets no more for now

const Load& plan(const World& world, std::size_t step) {
  return std::get<Load>(world.scenario().steps[step].what);
}

void schedule(World& world, sim::Instant at, std::uint64_t generator) {
  world.kernel().schedule(at, {sim::EventKind::step, number(world.clients().home()), generator});
}

}  // namespace

void Generators::begin(World& world, std::size_t step) {
  const Load& load = plan(world, step);
  const sim::HostId host = world.host_of(*world.node_named(load.node));
  if (load.db > 0) {
    const ClientId client = world.clients().client(host, load.client);
    world.clients().ask(client, {"SELECT", std::to_string(load.db)});
  }
  generators_.push_back({step, world.clients().client(host, load.client), world.now(), 0, true});
  schedule(world, world.now(), generators_.size() - 1);
}

void Generators::due(World& world, std::uint64_t number) {
  Generator& generator = generators_[number];
  if (!generator.on) return;
  const Load& load = plan(world, generator.step);
  const bool over = load.lasts > sim::Duration{0} && world.now() >= generator.began + load.lasts;
  if (over || (load.count && generator.sent >= *load.count)) {
    generator.on = false;
    return;
  }
  sim::Choice& choice = world.kernel().choice();
  Clients& clients = world.clients();
  while (clients.take(generator.client)) {
  }
  const std::string& line = load.lines[choice.below(sim::Purpose::workload, load.lines.size())];
  const std::string key =
      "key:" + std::to_string(choice.below(sim::Purpose::workload, std::max(1U, load.keys)));
  ++generator.sent;
  if (clients.unanswered(generator.client) < kMostUnanswered) {
    const auto argv = model::split_line(
        replaced(replaced(line, "{key}", key), "{n}", std::to_string(generator.sent)));
    if (argv && !argv->empty()) {
      clients.ask(generator.client, *argv);
      clients.flush(world.kernel(), generator.client);
    }
  }
  const auto per_second = static_cast<std::int64_t>(std::max(1U, load.per_second));
  schedule(world,
           generator.began +
               sim::Duration(static_cast<std::int64_t>(generator.sent) * 1'000'000 / per_second),
           number);
}

void Generators::stop_all() {
  for (Generator& generator : generators_) generator.on = false;
}

std::uint64_t Generators::sent() const {
  std::uint64_t sum = 0;
  for (const Generator& generator : generators_) sum += generator.sent;
  return sum;
}

}  // namespace scenarios
