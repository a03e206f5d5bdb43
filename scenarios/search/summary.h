// What a campaign came to: for people, for machines, for CI.
#pragma once

#include <string>
#include <vector>

#include "scenarios/search/campaign.h"
#include "scenarios/search/tally.h"
#include "scenarios/search/verdict.h"

namespace scenarios {

// A failure's folder, and what shrinking made of it.
struct FailureFiles {
  std::string key;
  std::string folder;         // "failures/MONO-went-back-replica-streaming"
  std::size_t found_size = 0, shrunk_size = 0;  // in events
  bool shrunk = false;
  bool complete = false;      // nothing more can be left out
  std::vector<std::string> freedoms;
  std::string command;        // that repeats it
};

struct CampaignReport {
  const Plan& plan;
  std::uint64_t first = 0;  // index of the first run
  const Tally& tally;
  const Demands& demands;
  std::vector<FailureFiles> files;
  // The only things that are not functions of plan and runs:
  double seconds = 0;
  unsigned workers = 1;
  std::string repeat;  // the command that repeats the campaign
};

std::string campaign_markdown(const CampaignReport& report);
std::string campaign_json(const CampaignReport& report);   // one document
std::string campaign_junit(const CampaignReport& report);

// What a campaign is, in one line of JSON: its journal begins with it.
std::string plan_json(const Plan& plan, std::uint64_t first);

// A failure key as the name of a folder.
std::string folder_name(std::string_view key);

}  // namespace scenarios
