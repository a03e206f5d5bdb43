#include "scenarios/language/read_fault.h"

#include <algorithm>
#include <array>
#include <limits>

#include "scenarios/language/read_condition.h"
#include "scenarios/language/read_config.h"
#include "scenarios/language/write.h"

namespace scenarios {
namespace {

using Kind = Value::Kind;

constexpr std::int64_t kFarthestByte = std::int64_t{1} << 40;
constexpr std::int32_t kMostDrift = 500'000;

// --- directions -----------------------------------------------------------------------------------

constexpr std::size_t kMostWays = 1'000'000;  // in one scenario

using Group = std::vector<std::string>;

Group read_group(const Value& value, const Names& names, Errors& errors) {
  Group group;
  if (value.kind != Kind::list) return {read_party(value, names, errors)};
  for (const Value* item : value.children) group.push_back(read_party(*item, names, errors));
  if (group.empty()) errors.expected(value, "at least one node");
  return group;
}

void add_ways(const Value& at, const Group& from, const Group& to, bool both, std::vector<Way>& ways,
              Names& names, Errors& errors) {
  names.ways += from.size() * to.size();
  if (names.ways > kMostWays) {
    return errors.say(at, "the faults of this scenario name more than " + std::to_string(kMostWays) +
                              " directions in all");
  }
  for (const std::string& one : from) {
    for (const std::string& other : to) {
      if (one == other && !one.empty())
        return errors.say(at, "the node \"" + one + "\" has no link to itself");
      ways.push_back({one, other});
      if (both) ways.push_back({other, one});
    }
  }
}

// "a" (it from all others), ["a", "b"], [["a"], ["b", "c"]] (both ways), {"from": "a", "to": "b"}, or a
// list of the last.
std::vector<Way> read_ways(const Value& value, Names& names, Errors& errors) {
  std::vector<Way> ways;
  if (value.kind == Kind::object) {
    Fields fields(value, "a direction", errors);
    const Value* from = fields.need("from", "a direction");
    const Value* to = fields.need("to", "a direction");
    fields.finish();
    if (from != nullptr && to != nullptr) {
      add_ways(value, read_group(*from, names, errors), read_group(*to, names, errors), false, ways, names,
               errors);
    }
    return ways;
  }
  if (value.kind == Kind::text) {
    const std::string alone = read_node(value, names, errors);
    Group others;
    if (names.ways > kMostWays) return ways;  // that is said already
    for (const auto& [name, databases] : names.nodes) {
      if (name != alone) others.push_back(name);
    }
    others.insert(others.end(), names.peers.begin(), names.peers.end());
    if (others.empty() && !alone.empty())
      errors.say(value, "there is no other node to part \"" + alone + "\" from");
    add_ways(value, {alone}, others, true, ways, names, errors);
    return ways;
  }
  if (value.kind != Kind::list || value.children.size() < 2) {
    errors.expected(value,
                    "two nodes as [\"a\", \"b\"], groups as [[\"a\"], [\"b\", \"c\"]], or {\"from\": "
                    "\"a\", \"to\": \"b\"}");
    return ways;
  }
  if (value.children.front()->kind == Kind::object) {  // directions
    for (const Value* item : value.children) {
      if (item->kind != Kind::object) {
        errors.expected(*item, "a direction, as {\"from\": \"a\", \"to\": \"b\"}");
        continue;
      }
      const std::vector<Way> more = read_ways(*item, names, errors);
      ways.insert(ways.end(), more.begin(), more.end());
    }
    return ways;
  }
  std::vector<Group> groups;
  for (const Value* item : value.children) groups.push_back(read_group(*item, names, errors));
  const bool plain = std::none_of(value.children.begin(), value.children.end(),
                                  [](const Value* item) { return item->kind == Kind::list; });
  if (plain && groups.size() > 2) {
    errors.expected(value, "two nodes, or groups as [[\"a\"], [\"b\", \"c\"]]");
    return ways;
  }
  for (std::size_t i = 0; i < groups.size(); ++i) {
    for (std::size_t j = i + 1; j < groups.size(); ++j)
      add_ways(value, groups[i], groups[j], true, ways, names, errors);
  }
  return ways;
}

Way read_way(Fields& fields, std::string_view what, const Names& names, Errors& errors) {
  Way way;
  if (const Value* from = fields.need("from", what)) way.from = read_party(*from, names, errors);
  if (const Value* to = fields.need("to", what)) way.to = read_party(*to, names, errors);
  if (!way.from.empty() && way.from == way.to) {
    errors.say(fields.value(), "the node \"" + way.from + "\" has no link to itself");
  }
  return way;
}

Way read_way(const Value& value, const Names& names, Errors& errors) {
  Fields fields(value, "a direction, as {\"from\": \"a\", \"to\": \"b\"},", errors);
  Way way = read_way(fields, "a direction", names, errors);
  fields.finish();
  return way;
}

// --- points in a byte stream ----------------------------------------------------------------------

// "50%" of the payload.
bool read_percent(const Value& value, BytePoint& point, Errors& errors) {
  if (value.kind != Kind::text) return false;
  constexpr std::size_t kDigits = 3;
  const std::string& text = value.text;
  const bool percent = text.size() > 1 && text.size() <= kDigits + 1 && text.back() == '%' &&
                       text.find_first_not_of("0123456789") == text.size() - 1;
  const unsigned long amount = percent ? std::stoul(text) : 101;
  if (amount <= 100) point.percent = static_cast<std::uint32_t>(amount);
  else errors.expected(value, "a whole number of bytes, or a part as \"50%\", from 0% to 100%");
  return true;
}

// The fields "of", "count" and "connection"; `base` is what counts start from if none says so.
BytePoint read_byte_point(Way way, Fields& fields, BytePoint::Base base, Errors& errors) {
  using Base = BytePoint::Base;
  using Which = BytePoint::Which;
  BytePoint point;
  point.place = errors.document().place_of(fields.value());
  point.way = std::move(way);
  const Value* count = fields.get("count");
  const bool percent = count != nullptr && read_percent(*count, point, errors);
  point.base = percent ? Base::payload : base;
  fields.choice<Base>("of", point.base,
                      {{"connection", Base::connection},
                       {"now", Base::now},
                       {"reply", Base::reply},
                       {"header", Base::header},
                       {"payload", Base::payload},
                       {"payload_end", Base::payload_end},
                       {"stream", Base::stream}});
  fields.choice<Which>(
      "connection", point.connection,
      {{"current_or_next", Which::current_or_next}, {"current", Which::current}, {"next", Which::next}});
  if (percent && point.base != Base::payload) {
    errors.say(*count, "a part in percent is a part of the payload; here \"of\" says something else");
  }
  if (count != nullptr && !percent) {
    const std::int64_t least = point.base == Base::payload_end ? -kFarthestByte : 0;
    point.count = read_whole(*count, errors, {least, kFarthestByte}).value_or(0);
  }
  return point;
}

// --- the kinds of faults --------------------------------------------------------------------------

struct Reader {
  const Value& subject;  // what stands behind the verb
  Fields& step;
  Names& names;
  Errors& errors;

  std::string node() const { return read_node(subject, names, errors); }
  std::vector<Way> ways() const { return read_ways(subject, names, errors); }
};

Fault::What read_cut(const Reader& r) {
  Cut cut;
  const bool two = r.subject.kind == Kind::list && r.subject.children.size() == 2;
  if (two) {
    cut.one = read_party(*r.subject.children[0], r.names, r.errors);
    cut.other = read_party(*r.subject.children[1], r.names, r.errors);
    if (cut.one == cut.other && !cut.one.empty() && !r.names.node(cut.one)) {
      r.errors.say(r.subject, "the peer \"" + cut.one + "\" has no link to itself");
    }
  } else {
    r.errors.expected(r.subject, "two nodes, as [\"a\", \"b\"]");
  }
  r.step.choice<sim::CloseHow>("how", cut.how, {{"rst", sim::CloseHow::rst}, {"fin", sim::CloseHow::fin}});
  r.step.choice<sim::InFlight>("in_flight", cut.in_flight,
                               {{"lost", sim::InFlight::lost}, {"delivered", sim::InFlight::delivered}});
  cut.noticed_by = "both";
  if (const Value* who = r.step.get("noticed_by")) {
    Words words{"both", "nobody"};
    for (const std::string& end : {std::cref(cut.one), std::cref(cut.other)}) {
      if (!end.empty()) words.push_back(end);
    }
    if (const auto chosen = read_word(*who, r.errors, words)) cut.noticed_by = words[*chosen];
  }
  return cut;
}

Fault::What read_partition(const Reader& r) { return HoldWays{r.ways(), sim::Hold::everything}; }
Fault::What read_clog(const Reader& r) { return HoldWays{r.ways(), sim::Hold::data}; }
Fault::What read_freeze(const Reader& r) { return Freeze{read_way(r.subject, r.names, r.errors)}; }

void read_bandwidth(const Reader& r, Reshape& shape) {
  const Value* bandwidth = r.step.get("bandwidth");
  if (bandwidth == nullptr) return;
  shape.bytes_per_second = read_bandwidth(*bandwidth, r.errors);
}

Fault::What read_slow(const Reader& r) {
  Reshape shape{.ways = r.ways(), .latency = {}, .jitter = {}, .bytes_per_second = {}, .pieces = {}};
  r.step.duration("latency", shape.latency);
  r.step.duration("jitter", shape.jitter);
  if (r.step.get("latency") == nullptr && r.step.get("jitter") == nullptr) {
    r.errors.missing(r.step.value(), "latency", "a slow step");
  }
  return shape;
}

Fault::What read_throttle(const Reader& r) {
  Reshape shape{.ways = r.ways(), .latency = {}, .jitter = {}, .bytes_per_second = {}, .pieces = {}};
  r.step.need("bandwidth", "a throttle step");
  read_bandwidth(r, shape);
  return shape;
}

Fault::What read_trickle(const Reader& r) {
  Reshape shape{
      .ways = r.ways(), .latency = {}, .jitter = {}, .bytes_per_second = {}, .pieces = sim::Pieces{1, 1}};
  read_bandwidth(r, shape);
  return shape;
}

Fault::What read_refuse(const Reader& r) {
  return Welcoming{read_way(r.subject, r.names, r.errors), sim::Welcome::refuse};
}
Fault::What read_silence(const Reader& r) {
  return Welcoming{read_way(r.subject, r.names, r.errors), sim::Welcome::silence};
}

Fault::What read_crash(const Reader& r) {
  Crash crash{.node = r.node()};
  r.step.flag("silent", crash.silent);
  return crash;
}

Fault::What read_restart(const Reader& r) {
  Restart restart{.node = r.node(), .keep_disk = true, .config = {}, .replicaof = {}};
  r.step.choice<bool>("disk", restart.keep_disk, {{"keep", true}, {"lose", false}});
  if (const Value* config = r.step.get("config")) {
    model::Config checked;
    read_config(*config, restart.config, checked, r.errors);
  }
  if (const Value* master = r.step.get("replicaof")) {
    restart.replicaof = master->kind == Kind::null ? "" : read_party(*master, r.names, r.errors);
    if (!restart.node.empty() && restart.replicaof == restart.node) {
      r.errors.say(*master, "a node cannot start as a replica of itself");
    }
  }
  return restart;
}

Fault::What read_stop(const Reader& r) { return Stop{r.node()}; }
Fault::What read_pause(const Reader& r) { return Pause{r.node()}; }
Fault::What read_resume(const Reader& r) { return Resume{r.node()}; }

Fault::What read_slow_loop(const Reader& r) {
  SlowLoop slow{.node = r.node()};
  r.step.need("by", "a slow_loop step");
  r.step.duration("by", slow.by);
  return slow;
}

Fault::What read_job(const Reader& r) {
  using Job = JobFault::Job;
  using Does = JobFault::Does;
  JobFault job{.node = r.node()};
  r.step.need("does", "a job step");
  r.step.choice<Job>("which", job.job, {{"snapshot", Job::snapshot}, {"load", Job::load}});
  if (job.job == Job::snapshot) {
    r.step.choice<Does>("does", job.does,
                        {{"fails_to_start", Does::fails_to_start},
                         {"dies", Does::dies},
                         {"takes", Does::takes},
                         {"ends_late", Does::ends_late}});
  } else {
    r.step.choice<Does>("does", job.does, {{"takes", Does::takes}, {"fails", Does::fails}});
  }
  const bool timed =
      r.step.get("does") != nullptr && (job.does == Does::takes || job.does == Does::ends_late);
  r.step.duration("time", job.time);
  if (timed && r.step.get("time") == nullptr)
    r.errors.missing(r.step.value(), "time", "a job that takes its time");
  if (!timed && r.step.get("time") != nullptr) {
    r.errors.say_about_key(*r.step.get("time"),
                           "\"time\" belongs to a job that \"takes\" or \"ends_late\"");
  }
  return job;
}

Fault::What read_disk(const Reader& r) {
  using Does = DiskFault::Does;
  DiskFault disk{.node = r.node()};
  r.step.need("does", "a disk step");
  r.step.choice<Does>("does", disk.does, {{"full", Does::full}, {"write_error", Does::write_error}});
  return disk;
}

Fault::What read_clock(const Reader& r) {
  ClockFault clock{.node = r.node(), .step = sim::Duration{0}, .drift_ppm = {}};
  r.step.duration("step", clock.step, true);
  r.step.whole("drift_ppm", clock.drift_ppm, {-kMostDrift, kMostDrift});
  if (r.step.get("step") == nullptr && r.step.get("drift_ppm") == nullptr) {
    r.errors.missing(r.step.value(), "step", "a clock step");
  }
  return clock;
}

Fault::What read_flip(const Reader& r) {
  Flip flip;
  flip.at =
      read_byte_point(read_way(r.subject, r.names, r.errors), r.step, BytePoint::Base::payload, r.errors);
  r.step.whole("bit", flip.bit, {0, 7});
  return flip;
}

struct Verb {
  std::string_view name;
  Fault::What (*read)(const Reader&);
  bool lasting = true;  // there is something to undo: "for" and "heal" make sense
};
constexpr auto kVerbs = std::to_array<Verb>({
    {"cut", read_cut, false},
    {"partition", read_partition},
    {"clog", read_clog},
    {"freeze", read_freeze},
    {"slow", read_slow},
    {"throttle", read_throttle},
    {"trickle", read_trickle},
    {"refuse", read_refuse},
    {"silence", read_silence},
    {"crash", read_crash},
    {"restart", read_restart, false},
    {"stop", read_stop, false},
    {"pause", read_pause},
    {"resume", read_resume, false},
    {"slow_loop", read_slow_loop},
    {"job", read_job},
    {"disk", read_disk},
    {"clock", read_clock},
    {"flip", read_flip, false},
});

// --- what all have ----------------------------------------------------------------------------------

void read_common(const Verb& verb, Fields& step, const Names& names, Errors& errors, Fault& fault) {
  const Value* when = step.get("when");
  if (when != nullptr) fault.when = read_condition(*when, names, errors);
  const Value* bytes = step.get("after_bytes");
  if (bytes != nullptr) {
    Fields fields(*bytes, "\"after_bytes\"", errors);
    Way way = read_way(fields, "\"after_bytes\"", names, errors);
    fault.after_bytes = read_byte_point(std::move(way), fields, BytePoint::Base::connection, errors);
    fields.finish();
    if (verb.name == "flip") errors.say_about_key(*bytes, "a flip says itself which byte it changes");
  }
  if (when != nullptr && bytes != nullptr) {
    errors.say_about_key(*bytes, "a fault waits for \"when\" or for \"after_bytes\", not for both");
  }

  const Value* lasts = step.get("for");
  step.duration("for", fault.lasts);
  if (lasts != nullptr && !verb.lasting) {
    errors.say_about_key(
        *lasts, "a " + std::string(verb.name) + " happens at once; there is nothing to undo after a time");
  } else if (fault.lasts == sim::Duration{0}) {
    errors.expected(*lasts, "a duration above zero");
  }

  const Value* times = step.get("times");
  step.whole("times", fault.times, {1, 1'000'000});
  if (times != nullptr && when == nullptr && bytes == nullptr && verb.name != "job" &&
      verb.name != "flip") {
    errors.say_about_key(
        *times, "only a fault that waits for \"when\" or \"after_bytes\" can strike several times");
  }

  step.text("as", fault.name);
  if (const Value* name = step.get("as"); name != nullptr && name->kind == Kind::text) {
    if (fault.name.empty() || fault.name == "all")
      errors.expected(*name, "a name for the fault, other than \"all\"");
    if (names.faults.contains(fault.name))
      errors.say(*name, "another fault is named " + in_quotes(fault.name) + " already");
  }
}

}  // namespace

const Words& fault_verbs() {
  static const Words words = [] {
    Words all;
    for (const Verb& verb : kVerbs) all.push_back(verb.name);
    return all;
  }();
  return words;
}

Fault read_fault(std::string_view verb, Fields& step, Names& names, Errors& errors) {
  const Verb& found =
      *std::find_if(kVerbs.begin(), kVerbs.end(), [&](const Verb& v) { return v.name == verb; });
  Fault fault;
  fault.what = found.read({*step.get(verb), step, names, errors});
  if (errors.none()) fault.text = described(fault.what);  // else it is told to nobody
  read_common(found, step, names, errors, fault);
  return fault;
}

}  // namespace scenarios
