#include "tests/support/server_bench.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <sstream>

#include "model/applying.h"
#include "model/config.h"
#include "model/releases.h"
#include "model/info.h"
#include "model/data/resp.h"
#include "model/server.h"
#include "model/state.h"

namespace test_support {
namespace {

using model::ConnId;
using model::Instant;

// A plain counter: what is random in a server is not what these tests are about.
class Around : public model::Surroundings {
 public:
  std::uint64_t below(std::uint64_t bound) override { return (next_ += 7919) % bound; }
  std::size_t room(ConnId) const override { return 1U << 20U; }

 private:
  std::uint64_t next_ = 0;
};

struct Node {
  std::string name;
  model::Boot boot;
  std::optional<model::Server> server;
  model::Machine machine;
  std::map<std::string, model::Blob> files;
  std::vector<model::JobId> jobs;  // started, not ended
  bool jobs_wait = false;
};

// One direction of a connection between two nodes: where it ends, and what is held on its way.
struct Pipe {
  std::string from, to;
  ConnId at_from{}, at_to{};
  std::string held;
};

}  // namespace

struct ServerBench::Parts {
  Around around;
  Instant now{std::chrono::seconds(1000)};
  std::map<std::string, Node> nodes;
  std::vector<Pipe> pipes;
  std::map<std::string, ConnId> clients;
  std::map<std::string, model::ReplyParser> replies;  // by node
  std::set<std::pair<std::string, std::string>> parted, held;
  std::vector<std::string> wire;
  std::map<std::string, char> ids;
  std::uint32_t next_conn = 1;

  model::Moment moment(Node& node, model::Effects& out) {
    const auto wall = model::WallTime(std::chrono::duration_cast<std::chrono::milliseconds>(
        now.time_since_epoch() + std::chrono::hours(24)));
    return {now, wall, around, node.machine, out, false};
  }

  // Gives a node an input and carries out what follows, in order, to the end.
  template <class Input>
  void give(const std::string& name, Input&& input) {
    Node& node = nodes.at(name);
    if (!node.server) return;
    model::Effects out;
    input(*node.server, moment(node, out));
    for (const model::Effect& effect : out.list) carry_out(node, effect, out);
  }

  void carry_out(Node& node, const model::Effect& effect, const model::Effects& out) {
    if (const auto* dial = std::get_if<model::Dial>(&effect)) return connect(node, *dial);
    if (const auto* send = std::get_if<model::Send>(&effect)) {
      return deliver(node.name, send->conn, out.bytes.substr(send->from, send->count));
    }
    if (const auto* hangup = std::get_if<model::Hangup>(&effect))
      return hang_up(node.name, hangup->conn);
    if (const auto* job = std::get_if<model::StartJob>(&effect)) {
      node.jobs.push_back(job->job);
      if (!node.jobs_wait) end_jobs(node.name, model::JobEnd::done);
    } else if (const auto* kill = std::get_if<model::KillJob>(&effect)) {
      std::erase(node.jobs, kill->job);
    } else if (const auto* file = std::get_if<model::WriteFile>(&effect)) {
      node.files[file->name] = file->content;
    } else if (std::get_if<model::Exit>(&effect) != nullptr) {
      stop(node.name);
    } else if (const auto* impossible = std::get_if<model::Impossible>(&effect)) {
      wire.push_back("IMPOSSIBLE " + node.name + ": " + impossible->text);
    }
  }

  void connect(Node& node, const model::Dial& dial) {
    const std::string from = node.name;
    const ConnId own = dial.conn;
    const bool open = nodes.count(dial.host) != 0 && nodes.at(dial.host).server &&
                      parted.count({from, dial.host}) == 0;
    if (!open) {
      return give(from, [&](model::Server& s, const model::Moment& at) { s.refused(at, own); });
    }
    const ConnId theirs{next_conn++};
    pipes.push_back({from, dial.host, own, theirs, {}});
    pipes.push_back({dial.host, from, theirs, own, {}});
    give(dial.host,
         [&](model::Server& s, const model::Moment& at) { s.accepted(at, theirs, from, 1); });
    give(from, [&](model::Server& s, const model::Moment& at) { s.connected(at, own); });
  }

  Pipe* pipe_from(const std::string& name, ConnId conn) {
    const auto found = std::find_if(pipes.begin(), pipes.end(), [&](const Pipe& p) {
      return p.from == name && p.at_from == conn;
    });
    return found == pipes.end() ? nullptr : &*found;
  }

  void deliver(const std::string& name, ConnId conn, const std::string& bytes) {
    if (Pipe* pipe = pipe_from(name, conn)) {
      if (held.count({pipe->from, pipe->to}) != 0) {
        pipe->held += bytes;
        return;
      }
      return arrive(*pipe, bytes);
    }
    for (const auto& [client, at] : clients) {
      if (at == conn) replies[client].feed(bytes);
    }
  }

  void arrive(const Pipe& pipe, const std::string& bytes) {
    wire.push_back(pipe.from + " -> " + pipe.to + "  " + shown(bytes));
    const std::string to = pipe.to;
    const ConnId conn = pipe.at_to;
    give(to, [&](model::Server& s, const model::Moment& at) { s.received(at, conn, bytes); });
  }

  void hang_up(const std::string& name, ConnId conn) {
    const Pipe* pipe = pipe_from(name, conn);
    if (pipe == nullptr) return;
    const std::string other = pipe->to;
    const ConnId theirs = pipe->at_to;
    forget(name, conn, other, theirs);
    give(other, [&](model::Server& s, const model::Moment& at) { s.ended(at, theirs); });
  }

  void forget(const std::string& a, ConnId at_a, const std::string& b, ConnId at_b) {
    std::erase_if(pipes, [&](const Pipe& p) {
      return (p.from == a && p.at_from == at_a) || (p.from == b && p.at_from == at_b);
    });
  }

  void end_jobs(const std::string& name, model::JobEnd end) {
    std::vector<model::JobId> ending = std::exchange(nodes.at(name).jobs, {});
    for (const model::JobId job : ending) {
      give(name, [&](model::Server& s, const model::Moment& at) { s.job_ended(at, job, end); });
    }
  }

  // --- words
  // -------------------------------------------------------------------------------------------

  std::string named(const std::string& id) {
    if (id == std::string(40, '0')) return "-";
    const auto [place, fresh] = ids.try_emplace(id, static_cast<char>('A' + ids.size()));
    return std::string(1, place->second);
  }

  std::string with_names(std::string text) {
    for (std::size_t i = 0; i + 40 <= text.size(); ++i) {
      const auto hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
      if (std::all_of(text.begin() + static_cast<std::ptrdiff_t>(i),
                      text.begin() + static_cast<std::ptrdiff_t>(i + 40), hex)) {
        text.replace(i, 40, "<" + named(text.substr(i, 40)) + ">");
      }
    }
    return text;
  }

  // Requests as words, everything else quoted; a payload by its length.
  std::string shown(std::string bytes) {
    if (const auto rdb = bytes.find("REDIS00"); rdb != std::string::npos) {
      const std::size_t mark = bytes.find("$EOF:") != std::string::npos ? 40 : 0;
      const std::size_t end = bytes.size() - mark;
      const std::string size = std::to_string(end - rdb);
      bytes.replace(rdb, bytes.size() - rdb, mark == 0 ? "" : "<mark>");
      return with_names(model::quoted(bytes)) + " with an RDB" +
             (mark == 0 && size.empty() ? "" : "");
    }
    model::RequestParser parser;
    parser.feed(bytes);
    std::vector<std::string> argv;
    std::string text;
    if (bytes.starts_with('*')) {
      while (parser.next(argv) == model::RequestParser::Got::request) {
        if (!text.empty()) text += ", ";
        for (std::size_t i = 0; i < argv.size(); ++i) text += (i == 0 ? "" : " ") + argv[i];
      }
      if (parser.pending() > 0) text += " and " + std::to_string(parser.pending()) + " bytes more";
      return with_names(text);
    }
    return with_names(model::quoted(bytes));
  }

  std::string field(const std::string& name, const std::string& wanted) {
    std::istringstream lines(model::info(nodes.at(name).server->state(), now, "all"));
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with(wanted + ":")) return with_names(line.substr(0, line.find('\r')));
    }
    return wanted + ": absent";
  }

  std::string state_of(const std::string& name) {
    if (!nodes.at(name).server) return name + " down";
    const model::State& s = nodes.at(name).server->state();
    std::string text = name + (s.is_master() ? " master"
                                             : " follows " + s.link.host + " " +
                                                   std::string(model::name(s.link.state)));
    text += " " + named(std::string(s.history.id.view())) + ":" + std::to_string(s.history.offset);
    text += " second " + named(std::string(s.history.second_id.view()));
    if (s.history.second_offset >= 0) text += ":" + std::to_string(s.history.second_offset);
    if (s.backlog) {
      text += " backlog " + std::to_string(s.backlog->first()) + "+" +
              std::to_string(s.backlog->histlen());
    } else {
      text += " no backlog";
    }
    return text;
  }

  // --- lines
  // -------------------------------------------------------------------------------------------

  void configure(Node& node, const std::vector<std::string>& words, std::size_t from) {
    for (std::size_t i = from; i < words.size(); ++i) {
      if (words[i] == "replicaof") {
        node.boot.replicaof_host = words.at(i + 1) == "-" ? "" : words.at(i + 1);
        node.boot.replicaof_port = 6379;
        ++i;
        continue;
      }
      const std::size_t sign = words[i].find('=');
      const model::Setting* setting = model::find_setting(words[i].substr(0, sign));
      if (setting == nullptr || !model::has_setting(node.boot.rules, setting->name)) throw std::runtime_error("no setting: " + words[i]);
      if (auto problem = setting->set(node.boot.config, words[i].substr(sign + 1))) {
        throw std::runtime_error(words[i] + ": " + *problem);
      }
    }
  }

  void start(const std::string& name) {
    Node& node = nodes.at(name);
    node.boot.files = node.files;
    node.server.emplace(node.boot);
    give(name, [](model::Server& s, const model::Moment& at) { s.start(at); });
  }

  void stop(const std::string& name) {
    Node& node = nodes.at(name);
    node.server.reset();
    node.jobs.clear();
    std::erase_if(clients, [&](const auto& item) { return item.first.starts_with(name + "."); });
    std::erase_if(replies, [&](const auto& item) { return item.first.starts_with(name + "."); });
    const std::vector<Pipe> all = pipes;
    for (const Pipe& pipe : all) {
      if (pipe.to != name) continue;
      forget(pipe.from, pipe.at_from, pipe.to, pipe.at_to);
      give(pipe.from,
           [&](model::Server& s, const model::Moment& at) { s.reset(at, pipe.at_from); });
    }
  }

  // "a" is a's first client, "a.other" another.
  static std::string client_name(const std::string& spoken_to) {
    return spoken_to.find('.') == std::string::npos ? spoken_to + ".main" : spoken_to;
  }

  std::string command(const std::string& spoken_to, const std::string& line) {
    const std::string client = client_name(spoken_to);
    const std::string name = client.substr(0, client.find('.'));
    const auto argv = model::split_line(line);
    std::string request;
    model::append_request(request, *argv);
    const auto [place, fresh] = clients.try_emplace(client, ConnId{next_conn});
    const ConnId conn = place->second;
    if (fresh) {
      ++next_conn;
      give(name,
           [&](model::Server& s, const model::Moment& at) { s.accepted(at, conn, "client", 2); });
    }
    give(name, [&](model::Server& s, const model::Moment& at) { s.received(at, conn, request); });
    return collect(client);
  }

  std::string collect(const std::string& client) {
    model::Reply reply;
    std::string text;
    while (replies[client].next(reply) == model::ReplyParser::Got::reply) {
      text += (text.empty() ? "" : " ") + model::to_text(reply);
    }
    return text.empty() ? "(no reply yet)" : with_names(text);
  }

  void pass(model::Duration time) {
    const Instant until = now + time;
    while (true) {
      Instant next = Instant::max();
      for (const auto& [name, node] : nodes) {
        if (node.server) next = std::min(next, node.server->next_wake());
      }
      if (next > until) break;
      now = std::max(now, next);
      for (auto& [name, node] : nodes) {
        if (!node.server || node.server->next_wake() > now) continue;
        give(name, [](model::Server& s, const model::Moment& at) { s.tick(at); });
      }
    }
    now = until;
  }

  void drop(const std::string& a, const std::string& b) {
    const std::vector<Pipe> all = pipes;
    for (const Pipe& pipe : all) {
      if (!((pipe.from == a && pipe.to == b) || (pipe.from == b && pipe.to == a))) continue;
      if (pipe_from(pipe.from, pipe.at_from) == nullptr) continue;
      forget(pipe.from, pipe.at_from, pipe.to, pipe.at_to);
      give(pipe.from,
           [&](model::Server& s, const model::Moment& at) { s.reset(at, pipe.at_from); });
      give(pipe.to, [&](model::Server& s, const model::Moment& at) { s.reset(at, pipe.at_to); });
    }
  }

  void release(const std::string& a, const std::string& b) {
    held.erase({a, b});
    const std::vector<Pipe> all = pipes;
    for (const Pipe& pipe : all) {
      if (pipe.from != a || pipe.to != b || pipe.held.empty()) continue;
      if (Pipe* own = pipe_from(a, pipe.at_from)) own->held.clear();
      arrive(pipe, pipe.held);
    }
  }
};

ServerBench::ServerBench() : parts_(std::make_unique<Parts>()) {}
ServerBench::~ServerBench() = default;

namespace {

model::Duration duration(const std::string& text) {
  const std::int64_t number = std::stoll(text);
  if (text.ends_with("ms")) return std::chrono::milliseconds(number);
  return std::chrono::seconds(number);
}

}  // namespace

void ServerBench::run(const std::string& line, std::vector<std::string>& answer) {
  Parts& p = *parts_;
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  const std::string& verb = words.at(0);
  if (verb.ends_with('>')) {
    answer.push_back(p.command(verb.substr(0, verb.size() - 1), line.substr(verb.size() + 1)));
  } else if (verb == "node") {
    Node& node = p.nodes[words.at(1)];
    node.name = words[1];
    // "node a redis-2.8 ..." is of that release.
    const bool of_release = words.size() > 2 && model::find_profile(words[2]) != nullptr;
    if (of_release) node.boot.rules = model::find_profile(words[2])->rules;
    node.boot.config = model::default_config(node.boot.rules);
    // Tests are of one thing at a time: no pings and no waiting for more replicas unless asked for.
    node.boot.config.repl_ping_replica_period = 3600;
    node.boot.config.repl_diskless_sync_delay = 0;
    node.boot.config.repl_diskless_sync = false;
    node.boot.config.save.clear();
    node.boot.config.enable_debug_command = "yes";
    p.configure(node, words, of_release ? 3 : 2);
    p.start(words[1]);
  } else if (verb == "pass") {
    p.pass(duration(words.at(1)));
  } else if (verb == "reply") {
    answer.push_back(p.collect(Parts::client_name(words.at(1))));
  } else if (verb == "drop") {
    p.drop(words.at(1), words.at(2));
  } else if (verb == "part" || verb == "join") {
    for (const auto& pair :
         {std::pair(words.at(1), words.at(2)), std::pair(words.at(2), words.at(1))}) {
      if (verb == "part") {
        p.parted.insert(pair);
      } else {
        p.parted.erase(pair);
      }
    }
  } else if (verb == "hold") {
    p.held.insert({words.at(1), words.at(2)});
  } else if (verb == "release") {
    p.release(words.at(1), words.at(2));
  } else if (verb == "wire") {
    for (std::string& said : p.wire) answer.push_back(std::move(said));
    p.wire.clear();
  } else if (verb == "info") {
    for (std::size_t i = 2; i < words.size(); ++i) answer.push_back(p.field(words[1], words[i]));
  } else if (verb == "state") {
    for (std::size_t i = 1; i < words.size(); ++i) answer.push_back(p.state_of(words[i]));
  } else if (verb == "stop") {
    p.stop(words.at(1));
  } else if (verb == "start" || verb == "restart") {
    if (verb == "restart") p.stop(words.at(1));
    p.configure(p.nodes.at(words.at(1)), words, 2);
    p.start(words.at(1));
  } else if (verb == "fork") {
    p.nodes.at(words.at(1)).machine.fork_fails = words.at(2) == "fails";
  } else if (verb == "job") {
    Node& node = p.nodes.at(words.at(1));
    node.jobs_wait = words.at(2) == "waits";
    if (words[2] == "dies") p.end_jobs(words[1], model::JobEnd::failed);
    if (words[2] == "goes") p.end_jobs(words[1], model::JobEnd::done);
  } else {
    throw std::runtime_error("no such line: " + line);
  }
}

}  // namespace test_support
