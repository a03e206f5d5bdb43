#include "tools/live/real_sight.h"

#include <algorithm>

#include "model/data/number.h"
#include "model/data/rdb.h"
#include "model/data/rdb_dump.h"
#include "model/data/text.h"
#include "scenarios/arms/expressible.h"
#include "scenarios/arms/log_marks.h"
#include "scenarios/golden/look.h"
#include "scenarios/golden/words.h"
#include "scenarios/run/conditions.h"

namespace live {

using namespace scenarios;  // the words of conditions

namespace {

constexpr int kRdbVersion = 10;  // that 7.0 writes

std::string shown(const std::optional<std::string>& value) {
  return value ? "is " + model::quoted(*value) : "is absent";
}

}  // namespace

class RealSight::Judge {
 public:
  struct Finding {
    bool holds = false;
    std::string seen;
  };
  explicit Judge(RealSight& sight) : sight_(sight), cluster_(sight.cluster_) {}

  Finding operator()(const InfoIs& c) {
    return value(c.test, c.field + " of " + c.node, cluster_.info_field(node(c.node), c.field));
  }
  Finding operator()(const KeyIs& c) {
    const std::string what = "key " + model::quoted(c.key) + " of " + c.node;
    const std::size_t n = node(c.node);
    if (!cluster_.up(n)) return value(c.test, what, std::nullopt);
    const auto selected = cluster_.ask(n, {"SELECT", std::to_string(c.db)});
    const auto dump = cluster_.ask(n, {"DUMP", c.key});
    cluster_.ask(n, {"SELECT", "0"});
    if (!selected || !dump || dump->kind == model::Reply::Kind::error)
      return {false, what + " cannot be read" + (dump ? ": " + dump->text : std::string())};
    if (dump->kind != model::Reply::Kind::bulk) return value(c.test, what, std::nullopt);
    const auto decoded = model::decode_dump(dump->text, kRdbVersion);
    const auto* const found = std::get_if<model::Value>(&decoded);
    if (found == nullptr) return {false, what + " has a value of a kind that is not known here"};
    return value(c.test, what, value_text(*found));
  }
  Finding operator()(const LinkStateIs& c) {
    const std::string what = "link state of " + c.node;
    const auto told = role_word(c.node);
    Test test = c.test;
    if (const auto word = arms::role_word_of(test.value)) test.value = *word;
    Finding finding = value(test, what, told);
    if (model::same_word(c.test.value, "receive_psync_reply") && finding.holds)
      finding.holds = waits_for_answer(node(c.node));
    return finding;
  }
  Finding operator()(const RoleStateIs& c) {
    Test test = c.test;
    test.value = model::lower(test.value);
    return value(test, "state that ROLE tells of " + c.node, role_word(c.node));
  }
  Finding operator()(const ReplicaStateIs& c) {
    Test test = c.test;
    test.value = model::lower(test.value);
    return value(test, "state of replica " + c.replica + " on " + c.node,
                 replica_field(node(c.node), c.replica, "state"));
  }
  Finding operator()(const Synced& c) {
    Finding finding;
    finding.seen = unsynced(c.nodes);
    finding.holds = finding.seen.empty();
    return finding;
  }
  Finding operator()(const Equal& c) {
    Finding finding{true, {}};
    const std::string first = cluster_.digest(node(c.nodes.front()));
    for (const std::string& name : c.nodes) {
      if (!first.empty() && cluster_.digest(node(name)) == first) continue;
      return {false, c.nodes.front() + " and " + name + " hold different data"};
    }
    return finding;
  }
  Finding operator()(const IsUp& c) {
    const bool up = cluster_.up(node(c.node));
    return {up == c.up, c.node + (up ? " is up" : " is down")};
  }
  Finding operator()(const WireHas& c) {
    const auto from = cluster_.host_named(c.from), to = cluster_.host_named(c.to);
    const auto watch =
        from && to ? cluster_.wire().find_watch(host(*from), host(*to), c.text) : std::nullopt;
    return value(
        c.times,
        "number of messages like " + model::quoted(c.text) + " from " + c.from + " to " + c.to,
        std::to_string(watch ? cluster_.wire().seen(*watch) : 0));
  }
  Finding operator()(const MarkReached& c) {
    const auto line = arms::log_line_of(c.mark);
    bool logged = false;
    for (std::size_t i = 0; line && i < cluster_.nodes(); ++i)
      logged |= cluster_.process(i).logged(std::string(*line)) > 0;
    return {logged, line ? "no server logged \"" + std::string(*line) + "\""
                         : "mark " + c.mark + " cannot be seen"};
  }
  Finding operator()(const RawGot& c) {
    const auto peer = cluster_.host_named(c.peer);
    return value(c.test, "what " + c.peer + " received",
                 peer ? std::optional(cluster_.loopback().for_scenario(cluster_.peer(*peer).got()))
                      : std::nullopt);
  }
  Finding operator()(const StreamIs& c) {
    const std::vector<std::string> commands = stream(c.node);
    const bool same =
        std::equal(commands.begin(), commands.end(), c.commands.begin(), c.commands.end(),
                   [&](const std::string& command, const std::string& glob) {
                     return passes(sight_.values(), Test{Test::Op::like, glob}, command);
                   });
    std::string seen = "the stream of " + c.node + " is";
    for (const std::string& command : commands) seen += " " + model::quoted(command);
    return {same, seen};
  }
  // Whether what a node wrote has come by the proxies, as far as anybody is there to be sent it.
  bool arrived(const StreamIs& c) {
    const auto offset = cluster_.info_field(node(c.node), "master_repl_offset");
    const auto* const info = cluster_.info(node(c.node));
    const bool followed =
        info != nullptr && std::any_of(info->begin(), info->end(), [](const auto& field) {
          return field.first.starts_with("slave") &&
                 field.second.find("state=online") != std::string::npos;
        });
    return !offset || !followed || heard(c.node).until >= model::to_integer(*offset).value_or(0);
  }

  Finding operator()(const Not& c) { return {!sight_.holds(*c.inner), wanted(*c.inner)}; }
  Finding operator()(const Any& c) {
    Finding finding;
    for (const Condition& inner : c.inner) {
      if (sight_.holds(inner)) return {true, {}};
      finding.seen += (finding.seen.empty() ? "" : " and ") + sight_.seen_instead(inner);
    }
    return finding;
  }

 private:
  static sim::HostId host(std::size_t n) { return sim::HostId{static_cast<std::uint32_t>(n)}; }
  std::size_t node(const std::string& name) const { return *cluster_.host_named(name); }

  Finding value(const Test& test, const std::string& what,
                const std::optional<std::string>& found) {
    return {passes(sight_.values(), test, found), what + ' ' + shown(found)};
  }

  std::optional<std::string> role_word(const std::string& name) {
    const auto role = cluster_.role(node(name));
    if (!role || role->elements.size() < 4 || role->elements[0].text != "slave")
      return std::nullopt;
    return role->elements[3].text;
  }

  // PSYNC has been written on the newest connection to the master, and no answer has come.
  bool waits_for_answer(std::size_t n) {
    const auto master = cluster_.follows(n);
    if (!master) return false;
    const Direction* const newest = newest_asking(n, *master);
    if (newest == nullptr || !newest->landmarks().stream) return false;
    return !cluster_.wire().find(sim::peer_of(newest->end()))->landmarks().reply;
  }

  // What a node says on the newest connection that it dialled to another.
  const Direction* newest_asking(std::size_t n, std::size_t above) {
    const Direction* newest = nullptr;
    for (const Direction* way : cluster_.wire().between(host(n), host(above))) {
      if (sim::dialled(way->end())) newest = way;
    }
    return newest;
  }

  std::optional<std::string> replica_field(std::size_t master, const std::string& replica,
                                           const std::string& field) {
    const auto* const info = cluster_.info(master);
    if (info == nullptr) return std::nullopt;
    const auto wanted_host = cluster_.host_named(replica);
    std::optional<std::string> newest;
    for (const auto& [name, text] : *info) {
      if (!name.starts_with("slave") || !text.starts_with("ip=")) continue;
      const auto fields = golden::fields_of(text);
      if (cluster_.host_named(fields.at("ip")) == wanted_host) newest = fields.at(field);
    }
    return newest;
  }

  std::string unsynced(const std::vector<std::string>& names) {
    const std::string& first = names.front();
    const std::size_t master = node(first);
    if (!cluster_.up(master)) return first + " is down";
    const auto offset = cluster_.info_field(master, "master_repl_offset");
    const auto id = cluster_.info_field(master, "master_replid");
    if (!offset) return first + " does not answer";
    for (std::size_t i = 1; i < names.size(); ++i) {
      const std::string& name = names[i];
      const std::size_t n = node(name);
      if (!cluster_.up(n)) return name + " is down";
      const auto above = cluster_.follows(n);
      if (!above) return name + " does not follow " + first;
      const auto status = cluster_.info_field(n, "master_link_status");
      if (status != "up") return "the link of " + name + " is " + status.value_or("unknown");
      if (cluster_.info_field(n, "master_replid") != id)
        return name + " is in another history than " + first;
      const auto own = cluster_.info_field(n, "master_repl_offset");
      if (own != offset)
        return name + " is at offset " + own.value_or("?") + ", " + first + " at " + *offset;
      if (*above >= cluster_.nodes() || !cluster_.up(*above))
        return "whom " + name + " follows is down";
      const auto state = replica_field(*above, name, "state");
      if (state != "online")
        return name + " is " + state.value_or("unknown") + " on " + cluster_.names()[*above];
      const auto acked = replica_field(*above, name, "offset");
      if (acked != offset)
        return name + " has acknowledged " + acked.value_or("?") + " of " + *offset;
      if (is_held_back(n, *above))
        return cluster_.names()[*above] + " holds back the stream of " + name;
    }
    return {};
  }

  // After a snapshot up to a mark a master calls a replica online, but sends it nothing before an
  // acknowledgement that comes later than that; an offset of 0 looks acknowledged all the time.
  bool is_held_back(std::size_t n, std::size_t above) {
    const Direction* const asking = newest_asking(n, above);
    if (asking == nullptr || !asking->landmarks().stream) return false;
    const Direction* const answering = cluster_.wire().find(sim::peer_of(asking->end()));
    const Landmarks& known = answering->landmarks();
    if (!known.header || !known.stream) return false;
    if (answering->bytes().size() > *known.stream) return false;
    if (!std::string_view(answering->bytes()).substr(*known.header).starts_with("$EOF:"))
      return false;
    const std::uint32_t number = sim::number(asking->end()) / 2;
    const auto online = sight_.seen_online_.try_emplace(number, asking->bytes().size()).first;
    const std::size_t ack = asking->bytes().find("ACK", online->second);
    const ProxyConnection* const way = cluster_.connection(number);
    return ack == std::string::npos || (way != nullptr && way->delivered(true) <= ack);
  }

  // The commands that the proxies have heard from a node since its tap, whoever they were for.
  std::vector<std::string> stream(const std::string& name) {
    std::vector<std::string> commands;
    for (auto& [at, text] : heard(name).commands) commands.push_back(std::move(text));
    return commands;
  }

  // The same with their offsets, and the offset up to which there is something at all.
  struct Heard {
    std::map<std::int64_t, std::string> commands;
    std::int64_t until = 0;
  };
  Heard heard(const std::string& name) {
    const auto tap = sight_.taps.find(name);
    Heard found;
    if (tap == sight_.taps.end()) return found;
    const sim::HostId author = host(node(name));
    for (std::uint32_t other = 0; other < cluster_.hosts(); ++other) {
      if (sim::HostId{other} == author) continue;
      for (const Direction* way : cluster_.wire().between(author, sim::HostId{other})) {
        if (sim::dialled(way->end()) || !way->landmarks().stream || !way->landmarks().reply)
          continue;
        const std::string_view bytes = way->bytes();
        const auto words = golden::split_words(
            bytes.substr(*way->landmarks().reply,
                         bytes.find('\r', *way->landmarks().reply) - *way->landmarks().reply));
        std::optional<std::int64_t> at;
        if (words.size() > 2 && words[0] == "+FULLRESYNC")
          at = model::to_integer(words[2]).value_or(0) + 1;
        if (!words.empty() && words[0] == "+CONTINUE") at = asked_offset(*way);
        if (!words.empty() && words[0].starts_with('$'))
          at = offset_in_payload(*way);  // SYNC has no line of its own
        if (!at) continue;
        model::RequestParser parser;
        parser.feed(bytes.substr(*way->landmarks().stream));
        std::vector<std::string> argv;
        while (parser.next(argv) == model::RequestParser::Got::request) {
          const std::int64_t begin = *at;
          *at += static_cast<std::int64_t>(parser.raw().size());
          const bool by_itself = !argv.empty() && (model::same_word(argv[0], "ping") ||
                                                   model::same_word(argv[0], "replconf"));
          if (begin > tap->second && !by_itself) found.commands.emplace(begin, message_text(argv));
        }
        found.until = std::max(found.until, *at - 1);
      }
    }
    return found;
  }
  static std::optional<std::int64_t> offset_in_payload(const Direction& answering) {
    const Landmarks& known = answering.landmarks();
    if (!known.payload || !known.payload_end || *known.payload_end > answering.bytes().size())
      return std::nullopt;
    const std::string_view bytes = answering.bytes();
    const auto content = model::decode_rdb(
        bytes.substr(*known.payload, *known.payload_end - *known.payload), kRdbVersion, 1U << 14U);
    const auto* const rdb = std::get_if<model::RdbContent>(&content);
    for (std::size_t i = 0; rdb != nullptr && i < rdb->aux.size(); ++i) {
      if (rdb->aux[i].first == "repl-offset")
        return model::to_integer(rdb->aux[i].second).value_or(0) + 1;
    }
    return std::nullopt;
  }
  std::optional<std::int64_t> asked_offset(const Direction& answering) {
    const Direction* const asking = cluster_.wire().find(sim::peer_of(answering.end()));
    model::RequestParser parser;
    parser.feed(asking->bytes());
    std::vector<std::string> argv;
    std::optional<std::int64_t> at;
    while (parser.next(argv) == model::RequestParser::Got::request) {
      if (argv.size() > 2 && model::same_word(argv[0], "psync")) at = model::to_integer(argv[2]);
    }
    return at;
  }

  RealSight& sight_;
  RealCluster& cluster_;
};

RealSight::RealSight(RealCluster& cluster, const Scenario& scenario) : cluster_(cluster) {
  for (const Step& step : scenario.steps) {
    if (const auto* wait = std::get_if<Wait>(&step.what)) watch(wait->until);
    if (const auto* expect = std::get_if<Expect>(&step.what)) watch(expect->holds);
    if (const auto* throughout = std::get_if<Throughout>(&step.what)) watch(throughout->holds);
    const auto* const fault = std::get_if<Fault>(&step.what);
    if (fault != nullptr && fault->when) watch(*fault->when);
  }
}

bool RealSight::arrived(const Condition& condition) {
  Judge judge(*this);
  const auto part_arrived = [&](const Condition::Part& part) {
    if (const auto* const stream = std::get_if<StreamIs>(&part)) return judge.arrived(*stream);
    if (const auto* const no = std::get_if<Not>(&part)) return arrived(*no->inner);
    if (const auto* const any = std::get_if<Any>(&part))
      return std::all_of(any->inner.begin(), any->inner.end(),
                         [this](const Condition& inner) { return arrived(inner); });
    return true;
  };
  return std::all_of(condition.all_of.begin(), condition.all_of.end(), part_arrived);
}

void RealSight::watch(const Condition& condition) {
  for (const Condition::Part& part : condition.all_of) {
    if (const auto* message = std::get_if<WireHas>(&part)) {
      const auto from = cluster_.host_named(message->from), to = cluster_.host_named(message->to);
      if (from && to)
        cluster_.wire().watch(sim::HostId{static_cast<std::uint32_t>(*from)},
                              sim::HostId{static_cast<std::uint32_t>(*to)}, message->text);
    } else if (const auto* no = std::get_if<Not>(&part)) {
      watch(*no->inner);
    } else if (const auto* any = std::get_if<Any>(&part)) {
      for (const Condition& inner : any->inner) watch(inner);
    }
  }
}

ValueOf RealSight::values() {
  return [this](std::string_view term) -> std::optional<std::string> {
    if (const auto it = remembered.find(term); it != remembered.end()) return it->second;
    const std::size_t dot = term.rfind('.');
    if (dot == std::string_view::npos) return std::nullopt;
    const auto node = cluster_.host_named(term.substr(0, dot));
    if (!node || *node >= cluster_.nodes()) return std::nullopt;
    return cluster_.info_field(*node, term.substr(dot + 1));
  };
}

bool RealSight::holds(const Condition& condition) {
  Judge judge(*this);
  return std::all_of(
      condition.all_of.begin(), condition.all_of.end(), [&](const Condition::Part& part) {
        return arms::unseen_reason(part).has_value() || std::visit(judge, part).holds;
      });
}

std::string RealSight::seen_instead(const Condition& condition) {
  Judge judge(*this);
  std::string out;
  for (const Condition::Part& part : condition.all_of) {
    if (arms::unseen_reason(part)) continue;
    const Judge::Finding finding = std::visit(judge, part);
    if (finding.holds) continue;
    if (!out.empty()) out += ", ";
    out += finding.seen;
  }
  return out;
}

}  // namespace live
