#include "scenarios/golden/play.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <tuple>

#include "model/config.h"
#include "model/data/number.h"
#include "model/data/text.h"
#include "scenarios/golden/fake_masters.h"
#include "scenarios/golden/look.h"
#include "scenarios/golden/normal.h"
#include "scenarios/golden/proxy.h"
#include "scenarios/golden/wire.h"
#include "scenarios/golden/words.h"
#include "scenarios/world/world.h"

namespace scenarios::golden {
namespace {

using Json = nlohmann::ordered_json;

// Five digits, as recorded: their length is in the byte counts.
constexpr int kFirstPort = 24000, kFirstProxy = 24020;
constexpr sim::Duration kLook{4'000};
constexpr sim::Duration kReady{15'000};  // from the start of a server to its first answer
constexpr sim::Duration kLoopback{30};
constexpr std::size_t kFewKeys = 40;
constexpr std::size_t kTail = 160, kHeard = 6;  // bytes of what came, and lines, for people

// Every server has these unless the case says otherwise.
constexpr std::pair<std::string_view, std::string_view> kBaseConfig[] = {
    {"save", ""},
    {"repl-ping-replica-period", "3600"},
    {"hz", "100"},
    {"repl-diskless-sync", "no"},
    {"repl-diskless-sync-delay", "0"},
    {"enable-debug-command", "yes"},
};

class Problem : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::string joined(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// --- the world
// --------------------------------------------------------------------------------------

// Of a real server's, those that nothing in a result depends on.
constexpr std::string_view kNoMatter[] = {"bind",     "daemonize",  "dir",          "logfile",
                                          "loglevel", "maxclients", "tcp-keepalive"};

// A setting that the model has, or one that it can do without.
bool is_setting(const std::string& name, const std::string& value) {
  const model::Setting* const setting = model::find_setting(name);
  if (setting == nullptr) {
    if (std::find(std::begin(kNoMatter), std::end(kNoMatter), name) != std::end(kNoMatter))
      return false;
    throw Problem("the model has no setting " + name);
  }
  model::Config aside;
  if (const auto wrong = setting->set(aside, value))
    throw Problem(name + " " + value + ": " + *wrong);
  return true;
}

struct Laid {
  std::shared_ptr<Scenario> scenario;
  std::map<std::string, int> ports;
};

Laid lay_out(const Case& plan) {
  Laid laid{std::make_shared<Scenario>(), {}};
  Scenario& scenario = *laid.scenario;
  scenario.name = plan.name;
  scenario.one_address = true;
  scenario.calm = false;
  scenario.default_link.latency = kLoopback;
  // What two sockets and a proxy between them hold.
  scenario.default_link.send_buffer = scenario.default_link.receive_buffer = 2U << 20U;
  int port = kFirstPort;
  for (const Node& node : plan.nodes) laid.ports[node.name] = port++;
  for (const FakeMaster& fake : plan.fakes) laid.ports[fake.name] = port++;
  for (const Node& node : plan.nodes) {
    scenarios::Node& made = scenario.nodes.emplace_back();
    made.name = node.name;
    made.start = false;  // begun by the play, in the order of the case
    made.config.emplace_back("port", std::to_string(laid.ports[node.name]));
    for (const auto& [name, value] : kBaseConfig) made.config.emplace_back(name, value);
  }
  for (const FakeMaster& fake : plan.fakes) {
    Peer& peer = scenario.peers.emplace_back();
    peer.name = fake.name;
    peer.listens = true;
    peer.port = laid.ports[fake.name];
  }
  for (const std::string& raw : plan.raws) scenario.peers.emplace_back().name = raw;
  return laid;
}

// --- the play
// ---------------------------------------------------------------------------------------

class Player {
 public:
  Player(const Case& plan, Laid laid)
      : plan_(plan),
        ports_(std::move(laid.ports)),
        world_(std::move(laid.scenario), sim::Choice::seeded(1), sim::TraceMode::hash_only),
        proxies_(kFirstProxy, labels_) {
    for (const auto& [name, number] : ports_)
      labels_[std::to_string(number)] = "<port:" + name + ">";
    // A real server does nothing else while it loads what fits into a few reads.
    for (std::size_t i = 0; i < world_.nodes(); ++i) {
      JobFault at_once;
      at_once.job = JobFault::Job::load;
      at_once.does = JobFault::Does::takes;
      world_.order_job(at_once, i, 0, sim::kNoFault);
    }
    world_.wire().keep_bytes();
    for (const std::string_view name : oracle_names()) world_.bench().leave_out(name);
  }

  std::variant<Json, Stuck> run() {
    Json results = Json::array();
    const Step* at = nullptr;
    try {
      set_clients_apart();
      world_.begin();
      for (const Node& node : plan_.nodes) {
        if (node.autostart) start({node.name, {}});
      }
      for (const Step& step : plan_.steps) {
        at = &step;
        Json result = std::visit([this](const auto& what) { return carry_out(what); }, step.what);
        Json told = Json::object();
        if (!result.is_discarded()) told["result"] = std::move(result);
        told["heard"] = newly_heard();
        results.push_back(std::move(told));
      }
    } catch (const Problem& problem) {
      std::vector<std::string> heard = newly_heard();
      if (heard.size() > kHeard)
        heard.erase(heard.begin(), heard.end() - static_cast<std::ptrdiff_t>(kHeard));
      return Stuck{at == nullptr ? "" : at->text, problem.what(), std::move(heard)};
    }
    const Json wire = tell_wire(world_, labels_, proxies_, plan_, ids_);
    return normal_form(plan_, results, wire, ids_, wall_us(sim::kStart) / 1000,
                       wall_us(world_.now()) / 1000);
  }

 private:
  // A step that has no result.
  static Json nothing() { return Json(Json::value_t::discarded); }

  // --- time ---
  void advance(sim::Instant until) {
    const auto occurrence = world_.advance(std::min({until, proxies_.due(), fakes_.due()}));
    if (occurrence)
      proxies_.noticed(world_, *occurrence);
    else if (proxies_.due() <= world_.now())
      proxies_.act(world_);
    fakes_.act(world_);
    proxies_.look(world_);
  }
  void sleep(sim::Duration time) {
    for (const sim::Instant end = world_.now() + time; world_.now() < end;) advance(end);
  }
  // As soon as it holds; false when it does not within `time`.
  template <class Holds>
  bool until(sim::Duration time, Holds holds) {
    const sim::Instant end = world_.now() + time;
    while (!holds()) {
      if (world_.now() >= end) return false;
      advance(end);
    }
    return true;
  }
  template <class Holds>
  void poll(sim::Duration time, const std::string& what, Holds holds) {
    std::string seen;
    for (const sim::Instant end = world_.now() + time; world_.now() < end; sleep(kLook)) {
      seen.clear();
      if (holds(seen)) return;
    }
    throw Problem("timed out waiting for " + what + "; last seen: " + seen);
  }

  // --- names ---
  std::size_t node(const std::string& name) const {
    const auto index = world_.node_named(name);
    if (!index) throw Problem("there is no node " + name);
    return *index;
  }
  std::string proxy(const std::string& link) {
    return std::to_string(proxies_.link(world_, link).port);
  }
  std::string port(const std::string& name) const {
    const auto it = ports_.find(name);
    if (it == ports_.end()) throw Problem("nobody listens as " + name);
    return std::to_string(it->second);
  }
  Info info(const std::string& name) {
    const std::size_t index = node(name);
    // Who does nothing else at the moment answers later.
    until(sim::Duration{10'000'000},
          [&] { return !world_.kernel().stalled(world_.host_of(index)); });
    if (world_.state(index) == nullptr) throw Problem(name + " does not run");
    Info info = info_of(world_, index);
    for (const char* id : {"master_replid", "master_replid2"}) ids_.insert(*field(info, id));
    return info;
  }
  std::string field_of(const std::string& name, const std::string& wanted) {
    const Info all = info(name);
    const std::string* const value = field(all, wanted);
    if (value == nullptr) throw Problem("INFO of " + name + " has no " + wanted);
    return *value;
  }

  // Replaces every match of a pattern by what `with` makes of it.
  template <class With>
  static std::string each(const std::string& text, const char* pattern, With with) {
    const std::regex expression(pattern);
    std::string out;
    auto last = text.begin();
    for (std::sregex_iterator it(text.begin(), text.end(), expression), end; it != end; ++it) {
      out.append(last, text.begin() + it->position());
      out += with(*it);
      last = text.begin() + it->position() + it->length();
    }
    return out.append(last, text.end());
  }

  std::string filled(std::string text, std::uint32_t number = 0) {
    text = each(text, R"(\{i\})", [&](const auto&) { return std::to_string(number); });
    if (text.find('@') == std::string::npos) return text;
    text = each(text, R"(@proxy:(\w+>\w+))", [&](const auto& m) { return proxy(m[1]); });
    text = each(text, R"(@port:(\w+))", [&](const auto& m) { return port(m[1]); });
    text = each(text, R"(@upper\{(\w+)\.(\w+)\})",
                [&](const auto& m) { return model::upper(field_of(m[1], m[2])); });
    text = each(text, R"(@\{(\w+)\.(\w+)([+-]\d+)?\})", [&](const auto& m) {
      const std::string value = field_of(m[1], m[2]);
      if (!m[3].matched) return value;
      return std::to_string(std::stoll(value) + std::stoll(m[3]));
    });
    text = each(text, R"(@now_ms([+-]\d+))", [&](const auto& m) {
      return std::to_string(wall_us(world_.now()) / 1000 + std::stoll(m[1]));
    });
    return each(text, R"(@bytes:(\d+):([\s\S]))",
                [&](const auto& m) { return std::string(std::stoull(m[1]), m[2].str()[0]); });
  }
  std::vector<std::string> filled(const std::vector<std::string>& words, std::uint32_t number = 0) {
    std::vector<std::string> out;
    for (const std::string& word : words) out.push_back(filled(word, number));
    return out;
  }

  // --- clients ---
  // A command takes its time on the way, as it does on a real machine.
  void set_clients_apart() {
    for (std::size_t i = 0; i < world_.nodes(); ++i) {
      const sim::HostId home = world_.clients().home(), host = world_.host_of(i);
      for (const auto& [from, to] : {std::pair(home, host), std::pair(host, home)}) {
        sim::LinkProfile profile = world_.kernel().link(from, to);
        profile.latency = kLoopback;
        world_.kernel().set_link(from, to, profile);
      }
    }
  }
  ClientId client(const std::string& name, std::string_view conn) {
    return world_.clients().client(world_.host_of(node(name)), conn);
  }
  Json reply(ClientId from, sim::Duration within) {
    std::optional<model::Reply> got;
    until(within, [&] {
      got = world_.clients().take(from);
      return got || !world_.clients().lost(from).empty();
    });
    if (got) return told(*got);
    return world_.clients().lost(from).empty() ? "<no reply>" : "<closed>";
  }
  Json call(const std::string& name, std::string_view conn, const std::vector<std::string>& args,
            sim::Duration within = sim::Duration{10'000'000}) {
    const ClientId from = client(name, conn);
    world_.clients().ask(from, args);
    world_.clients().flush(world_.kernel(), from);
    return reply(from, within);
  }
  bool tracked(const std::string& name) const {
    return std::find(plan_.track.begin(), plan_.track.end(), name) != plan_.track.end();
  }
  std::int64_t offset(const std::string& name) {
    return std::stoll(field_of(name, "master_repl_offset"));
  }

  // --- steps: commands ---
  Json carry_out(const Ask& ask) {
    if (plan_.pace > sim::Duration{0}) sleep(plan_.pace);
    std::vector<Json> got;
    for (std::uint32_t i = 0; i < ask.repeat; ++i) {
      const std::vector<std::string> args = filled(ask.args, i);
      if (ask.async) {
        const ClientId from = client(ask.node, ask.conn);
        world_.clients().ask(from, args);
        world_.clients().flush(world_.kernel(), from);
        return nothing();
      }
      got.push_back(call(ask.node, ask.conn, args, ask.within));
    }
    Json result = got.front();
    if (ask.mask_reply) {
      result = "<masked>";
    } else if (ask.repeat > 1) {
      const std::set<Json> distinct(got.begin(), got.end());
      result = Json{{"first", got.front()}, {"last", got.back()}, {"distinct", distinct.size()}};
    }
    if (!tracked(ask.node)) return result;
    return Json{{"reply", result}, {"offset", offset(ask.node)}};
  }
  Json carry_out(const Burst& burst) {
    const ClientId from = client(burst.node, burst.conn);
    std::vector<std::vector<std::string>> commands;
    for (const auto& command : burst.cmds) commands.push_back(filled(command));
    for (const auto& command : commands) world_.clients().ask(from, command);
    world_.clients().flush(world_.kernel(), from);
    Json replies = Json::array();
    for (std::size_t i = 0; i < commands.size(); ++i)
      replies.push_back(reply(from, sim::Duration{10'000'000}));
    if (!tracked(burst.node)) return replies;
    return Json{{"replies", replies}, {"offset", offset(burst.node)}};
  }
  Json carry_out(const TakeReply& take) { return reply(client(take.node, take.conn), take.within); }
  Json carry_out(const Follow& follow) {
    if (follow.of.empty()) return call(follow.node, "main", {follow.word, "NO", "ONE"});
    return call(follow.node, "main",
                {follow.word, "127.0.0.1", proxy(follow.node + ">" + follow.of)});
  }
  Json carry_out(const Series& series) {
    Json rows = Json::array();
    std::vector<std::string> last;
    for (std::uint32_t i = 0; i < series.repeat; ++i) {
      call(series.node, "main", filled(series.args, i));
      const Info now = info(series.node);
      std::vector<std::string> watched;
      for (const std::string& name : series.watch) watched.push_back(*field(now, name));
      if (watched == last) continue;
      last = watched;
      Json row{i + 1};
      for (const std::string& name : series.fields) row.push_back(std::stoll(*field(now, name)));
      rows.push_back(std::move(row));
    }
    Json columns{"after_n"};
    for (const std::string& name : series.fields) columns.push_back(name);
    return Json{{"columns", columns}, {"rows", rows}};
  }

  // --- steps: waiting ---
  static bool matches(const std::string* got, const std::string& wanted) {
    static const std::regex kBound(R"(([<>]=?)(\d+))");
    std::smatch bound;
    if (std::regex_match(wanted, bound, kBound)) {
      const std::int64_t value = got == nullptr ? 0 : model::to_integer(*got).value_or(0),
                         limit = std::stoll(bound[2]);
      if (bound[1] == "<") return value < limit;
      if (bound[1] == ">") return value > limit;
      return bound[1] == "<=" ? value <= limit : value >= limit;
    }
    if (wanted.starts_with('!')) return got == nullptr || *got != wanted.substr(1);
    return got != nullptr && *got == wanted;
  }
  std::string label(const std::string& name) const {
    return "<port:" + (world_.node_named(name) ? name : "0") + ">";
  }
  bool holds(const WaitFor& wait, std::string& seen) {
    if (world_.state(node(wait.node)) == nullptr) {
      seen = "it does not run";
      return false;
    }
    const Info now = info(wait.node);
    bool ok = true;
    for (const auto& [name, wanted] : wait.info) {
      const std::string* const got = field(now, name);
      seen += name + ":" + (got == nullptr ? "-" : *got) + " ";
      ok &= matches(got, filled(wanted));
    }
    const std::vector<SeenReplica> replicas = replicas_in(labels_, now);
    for (const auto& slave : wait.slave) {
      ok &= std::any_of(replicas.begin(), replicas.end(), [&](const SeenReplica& replica) {
        return replica.label == label(slave.first) &&
               std::all_of(slave.second.begin(), slave.second.end(), [&](const auto& w) {
                 const auto it = replica.fields.find(w.first);
                 return it != replica.fields.end() && it->second == filled(w.second);
               });
      });
    }
    for (const SeenReplica& replica : replicas)
      seen += replica.label + " " + replica.fields.at("state") + " " + replica.fields.at("offset") +
              " ";
    if (!wait.noslave.empty()) {
      ok &= std::none_of(replicas.begin(), replicas.end(), [&](const SeenReplica& replica) {
        return replica.label == "<port:" + wait.noslave + ">";
      });
    }
    if (!wait.key.empty()) ok &= call(wait.node, "probe", {"EXISTS", wait.key}) == ":1";
    if (!wait.nokey.empty()) ok &= call(wait.node, "probe", {"EXISTS", wait.nokey}) == ":0";
    if (!wait.role_state.empty()) {
      const Json role = call(wait.node, "probe", {"ROLE"});
      seen += joined(role);
      ok &= role.is_array() && role[0] == "$slave" && role[3] == "$" + wait.role_state;
    }
    return ok;
  }
  Json carry_out(const WaitFor& wait) {
    poll(wait.within, wait.node, [&](std::string& seen) { return holds(wait, seen); });
    return nothing();
  }
  bool synced(const WaitSync& wait, const std::string& replica, std::string& seen) {
    if (world_.state(node(wait.master)) == nullptr || world_.state(node(replica)) == nullptr) {
      seen = "one of them does not run";
      return false;
    }
    const Info master = info(wait.master), own = info(replica);
    const auto value = [](const Info& info, const char* name) {
      const std::string* const got = field(info, name);
      return got == nullptr ? std::string() : *got;
    };
    const std::string offset = value(master, "master_repl_offset");
    seen = offset + " here, " + value(own, "slave_repl_offset") + " there, link " +
           value(own, "master_link_status");
    bool ok = value(own, "role") == "slave" && value(own, "master_link_status") == "up" &&
              value(own, "slave_repl_offset") == offset;
    const SeenReplica* newest = nullptr;
    const std::vector<SeenReplica> replicas = replicas_in(labels_, master);
    for (const SeenReplica& r : replicas) {
      if (r.label == "<port:" + replica + ">") newest = &r;
    }
    if (newest != nullptr)
      seen += ", " + newest->fields.at("state") + " " + newest->fields.at("offset");
    if (wait.acked)
      ok &= newest != nullptr && newest->fields.at("state") == "online" &&
            newest->fields.at("offset") == offset;
    return ok;
  }
  Json carry_out(const WaitSync& wait) {
    for (const std::string& replica : wait.replicas) {
      poll(wait.within, replica + " to be synced with " + wait.master,
           [&](std::string& seen) { return synced(wait, replica, seen); });
    }
    return nothing();
  }
  bool holds(const WaitWire& wait, std::string& seen) {
    const ProxyLink& link = proxies_.link(world_, wait.link);
    seen = std::to_string(link.connections.size()) + " connections";
    const ProxyConnection* const chosen = link.at(wait.conn);
    if (chosen == nullptr || link.connections.size() < wait.conns) return false;
    const ProxyConnection& on = *chosen;
    const std::string_view bytes = Proxies::delivered(world_, on, wait.to_master);
    seen += ", " + std::to_string(bytes.size()) + " bytes, " +
            (on.ended.empty() ? "open" : on.ended) + ", the last are " +
            model::quoted(bytes.substr(bytes.size() - std::min<std::size_t>(bytes.size(), 80)));
    const Parts parts = parts_of(bytes);
    if (wait.what.empty()) return true;
    if (wait.what == "stalled") return on.way(wait.to_master).is_stalled();
    if (wait.what == "ended") return !on.ended.empty();
    if (wait.what == "contains") return bytes.find(wait.text) != std::string_view::npos;
    if (wait.what == "reply") return parts.reply.has_value();
    if (wait.what == "payload") return parts.payload_end.has_value();
    if (wait.what == "stream_bytes")
      return parts.stream && bytes.size() >= *parts.stream + wait.bytes;
    return bytes.size() >= wait.bytes;
  }
  Json carry_out(const WaitWire& wait) {
    poll(wait.within, wait.link + ": " + wait.what,
         [&](std::string& seen) { return holds(wait, seen); });
    return nothing();
  }
  Json carry_out(const WaitExit& wait) {
    poll(sim::Duration{15'000'000}, wait.node + " to exit",
         [&](std::string&) { return world_.state(node(wait.node)) == nullptr; });
    return nothing();
  }
  Json carry_out(const Sleep& pause) {
    sleep(pause.time);
    return nothing();
  }

  // --- steps: faults, peers, processes ---
  Json carry_out(const Fault& fault) {
    if (const auto problem = proxies_.apply(world_, fault)) throw Problem(*problem);
    return nothing();
  }
  // A request follows when there was an answer to the one before, or there is none: PSYNC is
  // refused while an earlier reply is still unsent.
  Json carry_out(const Raw& raw) {
    const auto host = world_.host_named(raw.name);
    if (raw.close) {
      world_.peer_closes(*host, sim::CloseHow::fin);
      proxies_.look(world_);
      open_raws_.erase(raw.name);
      return nothing();
    }
    if (open_raws_.insert(raw.name).second) {
      const ProxyLink& link = proxies_.link(world_, raw.name + ">" + raw.to);
      const std::size_t before = link.connections.size();
      world_.peer_dials(*host, *world_.host_named(raw.to));
      until(sim::Duration{1'000'000}, [&] { return link.connections.size() > before; });
    }
    for (std::size_t i = 0; i < raw.cmds.size(); ++i) {
      const std::size_t seen = world_.peers().got(*host).size();
      std::string bytes;
      model::append_request(bytes, filled(raw.cmds[i]));
      world_.peer_sends(*host, bytes);
      if (i + 1 == raw.cmds.size()) break;
      until(sim::Duration{300'000}, [&] { return world_.peers().got(*host).size() != seen; });
    }
    if (!raw.text.empty()) world_.peer_sends(*host, filled(raw.text));
    return nothing();
  }
  Json carry_out(const Fake& fake) {
    const auto script =
        std::find_if(plan_.fakes.begin(), plan_.fakes.end(),
                     [&](const FakeMaster& master) { return master.name == fake.name; });
    fakes_.add(*world_.host_named(fake.name), *script);
    return nothing();
  }
  Json carry_out(const Kill& kill) {
    proxies_.node_down(world_, kill.node);
    world_.crash(node(kill.node), sim::Farewell::reset);
    proxies_.look(world_);
    exited_by_order_.insert(kill.node);
    return nothing();
  }
  Json carry_out(const Shutdown& shutdown) {
    std::vector<std::string> args{"SHUTDOWN"};
    args.insert(args.end(), shutdown.args.begin(), shutdown.args.end());
    proxies_.node_down(world_, shutdown.node);
    const ClientId from = client(shutdown.node, "main");
    world_.clients().ask(from, args);
    world_.clients().flush(world_.kernel(), from);
    exited_by_order_.insert(shutdown.node);
    const bool gone = until(sim::Duration{10'000'000},
                            [&] { return world_.state(node(shutdown.node)) == nullptr; });
    if (!gone) throw Problem(shutdown.node + " does not stop");
    return nothing();
  }
  void start(const Start& order) {
    const std::size_t index = node(order.node);
    Pairs config = plan_.nodes[index].config;
    config.insert(config.end(), order.config.begin(), order.config.end());
    world_.configure_master(index, "");
    ConfigLines lines = world_.scenario().nodes[index].config;  // of this start only
    for (const auto& [name, given] : config) {
      const std::string value = filled(given);
      if (name == "replicaof" || name == "slaveof") {
        const std::size_t blank = std::min(value.find(' '), value.size());
        const std::string_view number =
            std::string_view(value).substr(std::min(blank + 1, value.size()));
        const auto master = model::to_integer(number);
        if (!master) throw Problem(name + " " + value + ": not an address and a port");
        world_.configure_master(index, value.substr(0, blank), static_cast<int>(*master));
      } else if (is_setting(name, value)) {
        lines.emplace_back(name, value);
      }
    }
    world_.configure_anew(index, std::move(lines));
    exited_by_order_.erase(order.node);
    world_.start(index);
    // The recorder goes on when the server answers, which is never before its first cron (R9.7).
    sleep(kReady);
    proxies_.node_up(world_, order.node);
  }
  Json carry_out(const Start& order) {
    start(order);
    return nothing();
  }

  // --- steps: looking ---
  Json carry_out(const Checkpoint& checkpoint) {
    Json out = Json::object();
    std::vector<std::string> names = checkpoint.nodes;
    if (names.empty()) {
      for (const Node& plan : plan_.nodes) names.push_back(plan.name);
    }
    for (const std::string& name : names) {
      const NodeProcess& process = world_.node(node(name));
      if (process.server) {
        out[name] = look(name, checkpoint.keys);
      } else if (process.exit_code && !exited_by_order_.contains(name)) {
        out[name] = "exited by itself with status " + std::to_string(*process.exit_code);
      } else {
        out[name] = "down";
      }
    }
    return out;
  }
  Json look(const std::string& name, Checkpoint::Keys keys) {
    Json out = tell_info(labels_, info(name));
    out["ROLE"] = tell_role(labels_, call(name, "probe", {"ROLE"}));
    if (keys == Checkpoint::Keys::none) return out;
    const Json digest = call(name, "probe", {"DEBUG", "DIGEST"});
    const std::string text = digest.is_string() ? digest.get<std::string>() : "";
    const bool is_line = text.starts_with('+') || text.starts_with('-') || text.starts_with(':');
    out["digest"] = text.substr(is_line ? 1 : 0);
    if (keys == Checkpoint::Keys::all) out["data"] = dump(name, out["keyspace"]);
    return out;
  }
  Json dump(const std::string& name, const Json& databases) {
    Json out = Json::object();
    for (const auto& [db, line] : databases.items()) {
      call(name, "dump", {"SELECT", db.substr(2)});
      std::string cursor = "0";
      std::vector<std::string> keys;
      do {
        const Json page = call(name, "dump", {"SCAN", cursor, "COUNT", "1000"});
        if (!page.is_array()) return "refused: " + page.get<std::string>();
        for (const Json& key : page[1]) keys.push_back(bytes_of(key.get<std::string>().substr(1)));
        cursor = page[0].get<std::string>().substr(1);
      } while (cursor != "0");
      if (keys.size() > kFewKeys) {
        out[db] = std::to_string(keys.size()) + " keys";
        continue;
      }
      std::sort(keys.begin(), keys.end());
      out[db] = Json::object();
      for (const std::string& key : keys) out[db][shown(key)] = tell_key(name, key);
    }
    return out;
  }
  Json tell_key(const std::string& name, const std::string& key) {
    const auto ask = [&](std::vector<std::string> args) { return call(name, "dump", args); };
    const std::string type = ask({"TYPE", key}).get<std::string>().substr(1);
    const std::string expires = ask({"PEXPIRETIME", key}).get<std::string>();
    Json value = "?";
    if (type == "string") value = ask({"GET", key});
    if (type == "list") value = ask({"LRANGE", key, "0", "-1"});
    if (type == "zset") value = ask({"ZRANGE", key, "0", "-1", "WITHSCORES"});
    if (type == "stream") value = ask({"XRANGE", key, "-", "+"});
    if (type == "set" || type == "hash") {
      const Json flat = ask({type == "set" ? "SMEMBERS" : "HGETALL", key});
      std::vector<Json> sorted;
      const std::size_t width = type == "set" ? 1 : 2;
      for (std::size_t i = 0; i + width <= flat.size(); i += width) {
        sorted.push_back(width == 1 ? flat[i] : Json{flat[i], flat[i + 1]});
      }
      std::sort(sorted.begin(), sorted.end());
      value = Json(sorted);
    }
    Json out{{"type", type}, {"value", value}};
    if (expires != ":-1") out["pexpiretime"] = std::stoll(expires.substr(1));
    return out;
  }

  // The last few messages of each connection that have come since this was last asked, in words
  // for people.
  std::vector<std::string> newly_heard() {
    std::vector<std::string> out;
    for (const auto& [name, link] : proxies_.links()) {
      for (std::size_t i = 0; i < link.connections.size(); ++i) {
        for (const bool to_master : {true, false}) {
          const std::string_view bytes = Proxies::delivered(world_, link.connections[i], to_master);
          std::size_t& before = heard_[{name, i, to_master}];
          if (bytes.size() > before)
            out.push_back(name + "#" + std::to_string(i) + (to_master ? " r2m " : " m2r ") +
                          tail_of(bytes.substr(before)));
          before = bytes.size();
        }
      }
    }
    return out;
  }
  static std::string tail_of(std::string_view bytes) {
    const std::size_t size = std::min(bytes.size(), kTail);
    return (size < bytes.size() ? "... " : "") + model::quoted(bytes.substr(bytes.size() - size));
  }

  const Case& plan_;
  std::map<std::string, int> ports_;
  Labels labels_;
  World world_;
  Proxies proxies_;
  FakeMasters fakes_;
  std::map<std::tuple<std::string, std::size_t, bool>, std::size_t> heard_;
  std::set<std::string> ids_;  // every replication id that was seen
  std::set<std::string> open_raws_;
  std::set<std::string> exited_by_order_;
};

}  // namespace

std::variant<Json, Stuck> play(const Case& plan) {
  try {
    return Player(plan, lay_out(plan)).run();
  } catch (const Problem& problem) {
    return Stuck{"", problem.what(), {}};
  }
}

}  // namespace scenarios::golden
