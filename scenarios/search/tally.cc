#include "scenarios/search/tally.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "scenarios/search/mix.h"

namespace scenarios {
namespace {

using Json = nlohmann::ordered_json;

std::string hex(std::uint64_t number) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text(16, '0');
  for (std::size_t i = text.size(); i-- > 0; number >>= 4) text[i] = kDigits[number & 15];
  return text;
}

void earlier_wins(FailureTally& mine, const FailureTally& other) {
  mine.count += other.count;
  if (other.first >= mine.first) return;
  mine.first = other.first;
  mine.finding = other.finding;
}

Json as_json(const FailureTally& failure) {
  const Finding& f = failure.finding;
  return {{"key", f.key},           {"oracle", f.oracle},      {"count", failure.count},
          {"first", failure.first}, {"sentence", f.sentence},  {"at_us", f.at.time_since_epoch().count()},
          {"also", f.also}};
}

FailureTally failure_from(const Json& json) {
  FailureTally failure;
  failure.count = json.at("count");
  failure.first = json.at("first");
  failure.finding.key = json.at("key");
  failure.finding.oracle = json.at("oracle");
  failure.finding.sentence = json.at("sentence");
  failure.finding.at = sim::Instant(sim::Duration(json.at("at_us").get<std::int64_t>()));
  failure.finding.also = json.at("also").get<std::vector<std::string>>();
  return failure;
}

}  // namespace

void Tally::add(const RunRecord& record) {
  ++runs;
  events += record.events;
  simulated += record.simulated;
  std::uint64_t outcomes = 0;
  for (const Judgement& j : record.judgements) {
    OracleTally& oracle = oracles[j.oracle];
    ++oracle.outcomes[static_cast<std::size_t>(j.outcome)];
    oracle.checked += j.checked;
    if (j.nearest) {
      const std::string what = j.oracle + ": " + std::string(j.nearest->what) + " (" +
                               std::string(j.nearest->unit) + ")";
      const auto [mine, is_new] = nearest.emplace(what, j.nearest->distance);
      mine->second = std::min(mine->second, j.nearest->distance);
    }
    outcomes = mix(outcomes, static_cast<std::uint64_t>(j.outcome));
  }
  for (const std::string& mark : record.marks) ++marks[mark];
  coverage.add(record.reached);
  if (record.repeated) ++repeated;
  if (record.differed) {
    ++differed;
    first_differing = std::min(first_differing.value_or(record.index), record.index);
  }
  if (record.finding) {
    const FailureTally one{1, record.index, *record.finding};
    const auto [mine, is_new] = failures.emplace(record.finding->key, one);
    if (!is_new) earlier_wins(mine->second, one);
    cap_failures();
  }
  sum_ += mix(mix(record.index, record.hash), outcomes);
  samples.emplace(record.index, record.hash);
  thin_samples();
}

void Tally::merge(const Tally& other) {
  runs += other.runs;
  events += other.events;
  repeated += other.repeated;
  simulated += other.simulated;
  differed += other.differed;
  if (other.first_differing) {
    first_differing = std::min(first_differing.value_or(*other.first_differing), *other.first_differing);
  }
  for (const auto& [name, theirs] : other.oracles) {
    OracleTally& oracle = oracles[name];
    for (std::size_t i = 0; i < oracle.outcomes.size(); ++i) oracle.outcomes[i] += theirs.outcomes[i];
    oracle.checked += theirs.checked;
  }
  for (const auto& [mark, count] : other.marks) marks[mark] += count;
  coverage.merge(other.coverage);
  for (const auto& [what, distance] : other.nearest) {
    const auto [mine, is_new] = nearest.emplace(what, distance);
    mine->second = std::min(mine->second, distance);
  }
  for (const auto& [key, failure] : other.failures) {
    const auto [mine, is_new] = failures.emplace(key, failure);
    if (!is_new) earlier_wins(mine->second, failure);
  }
  other_failures += other.other_failures;
  cap_failures();
  sum_ += other.sum_;
  samples.insert(other.samples.begin(), other.samples.end());
  thin_samples();
}

// A run's index is kept if the spacing divides it; the spacing follows from the highest index alone.
void Tally::thin_samples() {
  constexpr std::uint64_t kMost = 512;
  std::uint64_t spacing = 1;
  while (!samples.empty() && samples.rbegin()->first / spacing >= kMost) spacing *= 2;
  // Leaving out the highest index itself does not change the spacing: the multiple below it has the same.
  if (spacing == 1) return;
  std::erase_if(samples, [&](const auto& sample) { return sample.first % spacing != 0; });
}

// Those that were found last are given up.
void Tally::cap_failures() {
  while (failures.size() > kMostFailures) {
    const auto last = std::max_element(failures.begin(), failures.end(), [](auto& a, auto& b) {
      return a.second.first < b.second.first;
    });
    other_failures += last->second.count;
    failures.erase(last);
  }
}

std::uint64_t Tally::failed_runs() const {
  std::uint64_t count = other_failures;
  for (const auto& [key, failure] : failures) count += failure.count;
  return count;
}

std::string Tally::summary_hash() const { return hex(mix(sum_, runs)); }

std::string Tally::json() const {
  Json json{{"runs", runs},
            {"events", events},
            {"repeated", repeated},
            {"simulated_us", simulated.count()},
            {"differed", differed},
            {"sum", sum_},
            {"other_failures", other_failures}};
  if (first_differing) json["first_differing"] = *first_differing;
  Json& by_oracle = json["oracles"] = Json::object();
  for (const auto& [name, oracle] : oracles) {
    by_oracle[name] = {oracle.outcomes[0], oracle.outcomes[1], oracle.outcomes[2], oracle.outcomes[3],
                       oracle.checked};
  }
  json["marks"] = marks;
  json["cells"] = coverage.counts();
  json["nearest"] = nearest;
  Json& list = json["failures"] = Json::array();
  for (const auto& [key, failure] : failures) list.push_back(as_json(failure));
  Json& pairs = json["samples"] = Json::array();
  for (const auto& [index, hash] : samples) pairs.push_back(Json::array({index, hash}));
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<Tally> Tally::from_json(std::string_view text) {
  try {
    const Json json = Json::parse(text);
    Tally tally;
    tally.runs = json.at("runs");
    tally.events = json.at("events");
    tally.repeated = json.at("repeated");
    tally.simulated = sim::Duration(json.at("simulated_us").get<std::int64_t>());
    tally.differed = json.at("differed");
    tally.sum_ = json.at("sum");
    tally.other_failures = json.at("other_failures");
    if (json.contains("first_differing"))
      tally.first_differing = json.at("first_differing").get<std::uint64_t>();
    for (const auto& [name, counts] : json.at("oracles").items()) {
      OracleTally& oracle = tally.oracles[name];
      for (std::size_t i = 0; i < oracle.outcomes.size(); ++i) oracle.outcomes[i] = counts.at(i);
      oracle.checked = counts.at(oracle.outcomes.size());
    }
    for (const auto& [mark, count] : json.at("marks").items()) tally.marks[mark] = count;
    for (const Json& cell : json.at("cells")) {
      if (!tally.coverage.set_count(cell.at(0), cell.at(1))) return std::nullopt;
    }
    for (const auto& [what, distance] : json.at("nearest").items()) tally.nearest[what] = distance;
    for (const Json& failure : json.at("failures")) {
      FailureTally read = failure_from(failure);
      tally.failures[read.finding.key] = std::move(read);
    }
    for (const Json& pair : json.at("samples")) tally.samples[pair.at(0)] = pair.at(1);
    return tally;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

}  // namespace scenarios
