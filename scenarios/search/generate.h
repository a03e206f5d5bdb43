// Scenarios by chance: whole ones, from the topology to the last repair.
//
//      Scenario s = generate(choice, menu);        // valid, and ends in the calm
//
// A function of its draws, all of Purpose::scenario. A campaign feeds it from a seed, a property
// test from a list that rapidcheck draws and shrinks; 0 is the simplest choice everywhere (dice.h).
//
// How a scenario comes to be:
//
//   families   each run draws its own subset of what can happen at all (swarm): kinds that are
//   always
//              on together hide each other
//   setting    nodes, who follows whom, profiles, settings with small numbers, links     setting.cc
//   episodes   short plots that follow, and run into, each other: writes, outages,
//              failovers, full resyncs under fire, restarts, expiry, idleness ...       episodes.cc
//              the last byte that is there, the first that is not, half a unit          borders.cc
//              snapshots that meet those who join, leave and come back, torn payloads   snapshots.cc
//              clients that wait, listen, shut down, run out of memory                  people.cc
//   trouble    faults on top, at once, at a byte or when a state is reached; biased to
//              the borders of phases                                                    trouble.cc
//   commands   writes whose effect depends on all writes before them                    commands.cc
//   repair     perhaps: who is down is started, everybody follows one master
//
// No step expects anything, and no wait is needed: what is right is the oracles' business, so a
// generated scenario fails only when one of them does.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "scenarios/language/scenario.h"
#include "sim/choice.h"

namespace scenarios {

// What a campaign wants to have, whatever is drawn.
struct Menu {
  std::string profile;              // of every node; empty: drawn, nearly always the default
  std::vector<std::string> quirks;  // switched on on every node
  std::size_t fewest_nodes = 2, most_nodes = 5;
  std::size_t operations = 50;  // about so many commands at the most
};

Scenario generate(sim::Choice& choice, const Menu& menu);

}  // namespace scenarios
