#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>

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
  std::uint64_t index = 0, stored = 0, now = 0;
};

int report(const VerifyOptions& options, std::uint64_t checked, const std::vector<Difference>& differences,
           const std::string& hash, const std::string& stored_hash) {
  const bool same = differences.empty() && (stored_hash.empty() || hash == stored_hash);
  if (options.json) {
    Json list = Json::array();
    for (const Difference& d : differences)
      list.push_back({{"index", d.index}, {"stored", d.stored}, {"now", d.now}});
    std::cout << Json{{"same", same},
                      {"runs", checked},
                      {"summary_hash", hash},
                      {"stored_summary_hash", stored_hash},
                      {"differences", list}}
                     .dump(2)
              << '\n';
  } else {
    for (const Difference& d : differences)
      std::cout << "run " << d.index << " came to another hash than before\n";
    if (!stored_hash.empty() && hash != stored_hash)
      std::cout << "the summary hash is " << hash << ", stored is " << stored_hash << '\n';
    std::cout << (same ? "same" : "DIFFERENT") << "  " << checked << " runs"
              << (hash.empty() ? "" : ", summary hash " + hash) << '\n';
  }
  if (checked == 0) return kNotTested;
  return same ? kPass : kFail;
}

int bad(const std::string& problem) {
  std::cerr << "replsim verify: " << problem << '\n';
  return kBadInput;
}

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
  if (options.all) {
    scenarios::Budget budget;
    budget.first = described.at("first");
    budget.runs = stored->runs;
    budget.workers = options.jobs;
    Tally now;
    if (stored->runs > 0) conduct(*plan, budget, now, {});
    return report(options, now.runs, {}, now.summary_hash(), stored->summary_hash());
  }
  const std::vector<std::pair<std::uint64_t, std::uint64_t>> samples(stored->samples.begin(),
                                                                     stored->samples.end());
  std::vector<std::uint64_t> hashes(samples.size());
  scenarios::in_parallel(options.jobs, samples.size(),
                         [&](std::size_t i) { hashes[i] = run_of(*plan, samples[i].first).hash; });
  std::vector<Difference> differences;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (hashes[i] != samples[i].second)
      differences.push_back({samples[i].first, samples[i].second, hashes[i]});
  }
  return report(options, samples.size(), differences, "", "");
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
  std::vector<Difference> differences;
  for (const auto& [index, hash] : once.samples) {
    if (again.samples[index] != hash) differences.push_back({index, hash, again.samples[index]});
  }
  return report(options, once.runs, differences, again.summary_hash(), once.summary_hash());
}

}  // namespace tools
