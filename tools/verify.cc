#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "scenarios/language/loader.h"
#include "scenarios/search/children.h"
#include "scenarios/search/conduct.h"
#include "scenarios/search/journal.h"
#include "tools/fuzz.h"
#include "tools/fuzz_parts.h"
#include "tools/verbs.h"

namespace tools {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using scenarios::Tally;

struct Difference {
  std::string what;  // "run 17", "failures/MONO-went-back/shrunk.json"
  std::string stored, now;
};

struct Checked {
  std::uint64_t runs = 0, failures = 0;
  std::vector<Difference> differences;
  std::string hash, stored_hash;  // of the summary; empty: not made again
};

std::string hex(std::uint64_t number) {
  std::string text(16, '0');
  for (std::size_t i = text.size(); i-- > 0; number >>= 4U) text[i] = "0123456789abcdef"[number & 0xfU];
  return text;
}

int report(const VerifyOptions& options, Checked checked) {
  if (checked.hash != checked.stored_hash)
    checked.differences.push_back({"summary hash", checked.stored_hash, checked.hash});
  const bool same = checked.differences.empty();
  if (options.json) {
    Json list = Json::array();
    for (const Difference& d : checked.differences)
      list.push_back({{"what", d.what}, {"stored", d.stored}, {"now", d.now}});
    std::cout << Json{{"same", same},
                      {"runs", checked.runs},
                      {"failures", checked.failures},
                      {"summary_hash", checked.hash},
                      {"stored_summary_hash", checked.stored_hash},
                      {"differences", list}}
                     .dump(2)
              << '\n';
  } else {
    for (const Difference& d : checked.differences)
      std::cout << d.what << ": was " << d.stored << ", is " << d.now << '\n';
    std::cout << (same ? "same" : "DIFFERENT") << "  " << checked.runs << " runs";
    if (checked.failures > 0) std::cout << ", " << checked.failures << " scenarios of failures";
    if (!checked.hash.empty()) std::cout << ", summary hash " << checked.hash;
    std::cout << '\n';
  }
  if (checked.runs == 0) return kNotTested;
  return same ? kPass : kFail;
}

int bad(const std::string& problem) {
  std::cerr << "replsim verify: " << problem << '\n';
  return kBadInput;
}

// --- failures -----------------------------------------------------------------------------------------

struct Stored {
  fs::path file;
  std::string name, key;
  std::optional<std::uint64_t> hash;
};

// found.json and shrunk.json of each failure. The hash is of the one that is shown: the smallest.
std::vector<Stored> stored_failures(const fs::path& folder, std::vector<Difference>& differences) {
  std::vector<Stored> all;
  std::error_code none;
  std::vector<fs::path> places;
  for (const auto& entry : fs::directory_iterator(folder / "failures", none)) {
    if (entry.path().filename().string().starts_with('.')) continue;  // was being written
    places.push_back(entry.path());
  }
  std::sort(places.begin(), places.end());
  for (const fs::path& place : places) {
    std::ifstream in(place / "failure.json");
    const Json json = Json::parse(in, nullptr, false);
    const std::string name = "failures/" + place.filename().string();
    if (json.is_discarded() || !json.contains("key") || !json.contains("trace_hash")) {
      differences.push_back({name + "/failure.json", "a failure's key and hash", "not to be read"});
      continue;
    }
    const bool shrunk = json.value("shrunk", false);
    const std::optional<std::uint64_t> hash = json["trace_hash"].get<std::uint64_t>();
    all.push_back({place / "found.json", name + "/found.json", json["key"],
                   shrunk ? std::nullopt : hash});
    if (shrunk) all.push_back({place / "shrunk.json", name + "/shrunk.json", json["key"], hash});
  }
  return all;
}

// In a child: what became of it, as "<hash> <key>".
std::string replayed(const Stored& stored) {
  std::ifstream in(stored.file);
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  const auto loaded = scenarios::load_scenario(text, stored.file.stem().string());
  const auto* scenario = std::get_if<scenarios::Scenario>(&loaded);
  if (scenario == nullptr) return "- not to be read";
  scenarios::Sandbox sandbox;
  const auto run = scenarios::run_safely(sandbox, *scenario, sim::TraceMode::hash_only);
  const auto finding = finding_of(run);
  return hex(run.trace_hash) + ' ' + (finding ? finding->key : "no failure");
}

void verify_failures(const VerifyOptions& options, Checked& checked) {
  const auto all = stored_failures(options.folder, checked.differences);
  scenarios::in_children(
      options.jobs, all.size(), [&](std::size_t i) { return replayed(all[i]); },
      [&](std::size_t i, const scenarios::Answer& answer) {
        ++checked.failures;
        const std::size_t space = answer.reply.find(' ');
        const std::string hash = answer.reply.substr(0, space);
        const std::string key = answer.death ? answer.death->words : answer.reply.substr(space + 1);
        if (key != all[i].key) checked.differences.push_back({all[i].name, all[i].key, key});
        else if (all[i].hash && hash != hex(*all[i].hash))
          checked.differences.push_back({all[i].name, hex(*all[i].hash), hash});
      });
}

// --- runs ---------------------------------------------------------------------------------------------

int verify_folder(const VerifyOptions& options) {
  const std::string path = (fs::path(options.folder) / "journal").string();
  std::ifstream in(path, std::ios::binary);
  if (!in) return bad(path + " cannot be read: this is no folder of a campaign");
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  const scenarios::JournalText journal = scenarios::read_journal(text);
  const auto stored = journal.last ? Tally::from_json(*journal.last) : std::nullopt;
  if (!journal.plan || !stored) return bad(path + " holds no runs");
  const Json described = Json::parse(*journal.plan);
  const auto plan = make_plan(described.at("seed"), described.at("profile"),
                              described.at("quirks").get<std::vector<std::string>>(), "verify");
  if (!plan) return kBadInput;
  Checked checked;
  verify_failures(options, checked);
  if (options.all) {
    scenarios::Budget budget;
    budget.first = described.at("first");
    budget.runs = stored->runs;
    budget.workers = options.jobs;
    Tally now;
    if (stored->runs > 0) conduct(*plan, budget, now, {});
    checked.runs = now.runs;
    checked.hash = now.summary_hash();
    checked.stored_hash = stored->summary_hash();
    return report(options, std::move(checked));
  }
  const std::vector<std::pair<std::uint64_t, std::uint64_t>> samples(stored->samples.begin(),
                                                                     stored->samples.end());
  // Each as a campaign of one run, as it may crash.
  for (const auto& [index, hash] : samples) {
    scenarios::Budget budget;
    budget.first = index;
    budget.runs = 1;
    Tally one;
    conduct(*plan, budget, one, {});
    ++checked.runs;
    if (one.samples[index] != hash)
      checked.differences.push_back({"run " + std::to_string(index), hex(hash), hex(one.samples[index])});
  }
  return report(options, std::move(checked));
}

}  // namespace

int verify(const VerifyOptions& options) {
  if (!options.folder.empty()) return verify_folder(options);
  const auto plan = make_plan(options.seed, "", {}, "verify");
  if (!plan) return kBadInput;
  scenarios::Budget budget;
  budget.runs = options.runs;
  budget.workers = options.jobs;
  Tally once, again;
  if (options.runs > 0) {
    conduct(*plan, budget, once, {});
    budget.workers = 1;
    conduct(*plan, budget, again, {});
  }
  Checked checked;
  checked.runs = once.runs;
  checked.hash = again.summary_hash();
  checked.stored_hash = once.summary_hash();
  for (const auto& [index, hash] : once.samples) {
    if (again.samples[index] != hash)
      checked.differences.push_back({"run " + std::to_string(index), hex(hash), hex(again.samples[index])});
  }
  return report(options, std::move(checked));
}

}  // namespace tools
