// Two machines to draw in tests: the shape of Redis's, written down by hand and only roughly.
#pragma once

#include <string>
#include <vector>

#include "reports/state_diagram.h"

namespace samples {

using reports::Edge;
using reports::Role;
using reports::StateMachine;
using reports::Tone;

inline StateMachine replica_link() {
  StateMachine machine{"replica-link", "Replica: the link to its master", "NONE", {}, {}};
  const std::vector<std::string> handshake = {
      "CONNECTING",         "RECEIVE_PING_REPLY", "SEND_HANDSHAKE",
      "RECEIVE_AUTH_REPLY", "RECEIVE_PORT_REPLY", "RECEIVE_IP_REPLY",
      "RECEIVE_CAPA_REPLY", "SEND_PSYNC",         "RECEIVE_PSYNC_REPLY"};
  machine.states = {{"NONE", Role::idle, true}, {"CONNECT", Role::retry, true}};
  for (const std::string& name : handshake) machine.states.push_back({name, Role::normal, true});
  machine.states.push_back({"TRANSFER", Role::transfer, true});
  machine.states.push_back({"CONNECTED", Role::connected, true});

  machine.edges = {
      {"NONE", "CONNECT", "REPLICAOF", Tone::command},
      {"CONNECT", "CONNECTING", "dial", Tone::normal},
      {"CONNECTING", "RECEIVE_PING_REPLY", "connected", Tone::normal},
      {"RECEIVE_PING_REPLY", "SEND_HANDSHAKE", "+PONG", Tone::normal},
      {"SEND_HANDSHAKE", "RECEIVE_AUTH_REPLY", "written", Tone::normal},
      {"RECEIVE_AUTH_REPLY", "RECEIVE_PORT_REPLY", "+OK", Tone::normal},
      {"RECEIVE_AUTH_REPLY", "RECEIVE_PORT_REPLY", "no masterauth", Tone::normal},
      {"RECEIVE_PORT_REPLY", "RECEIVE_IP_REPLY", "any reply", Tone::normal},
      {"RECEIVE_IP_REPLY", "RECEIVE_CAPA_REPLY", "any reply", Tone::normal},
      {"RECEIVE_IP_REPLY", "RECEIVE_CAPA_REPLY", "no announced address", Tone::normal},
      {"RECEIVE_CAPA_REPLY", "SEND_PSYNC", "any reply", Tone::normal},
      {"SEND_PSYNC", "RECEIVE_PSYNC_REPLY", "written", Tone::normal},
      {"RECEIVE_PSYNC_REPLY", "RECEIVE_PSYNC_REPLY", "newline", Tone::normal},
      {"RECEIVE_PSYNC_REPLY", "TRANSFER", "+FULLRESYNC", Tone::normal},
      {"RECEIVE_PSYNC_REPLY", "TRANSFER", "PSYNC not supported", Tone::normal},
      {"RECEIVE_PSYNC_REPLY", "CONNECTED", "+CONTINUE", Tone::normal},
      {"RECEIVE_PSYNC_REPLY", "CONNECT", "-LOADING, -NOMASTERLINK", Tone::failure},
      {"TRANSFER", "CONNECTED", "RDB loaded", Tone::normal},
      {"TRANSFER", "CONNECT", "payload broken, or not loadable", Tone::failure},
      {"CONNECTED", "CONNECT", "malformed stream", Tone::failure},
  };
  for (const reports::State& state : machine.states) {
    const bool waits = state.name.starts_with("RECEIVE") || state.name == "CONNECTING";
    if (waits || state.role == Role::transfer || state.role == Role::connected) {
      machine.edges.push_back({state.name, "CONNECT", "link lost", Tone::failure});
      machine.edges.push_back({state.name, "CONNECT", "repl-timeout", Tone::failure});
      machine.edges.push_back({state.name, "CONNECT", "REPLICAOF", Tone::command});
      machine.edges.push_back({state.name, "NONE", "REPLICAOF NO ONE", Tone::command});
    }
  }
  return machine;
}

inline StateMachine replica_feed() {
  return {"replica-feed",
          "Master: what it keeps for each replica",
          "CLIENT",
          {{"CLIENT", Role::idle, true},
           {"WAIT_BGSAVE_START", Role::normal, true},
           {"WAIT_BGSAVE_END", Role::normal, true},
           {"SEND_BULK", Role::transfer, true},
           {"ONLINE", Role::connected, true},
           {"RDB_TRANSMITTED", Role::normal, false},
           {"GONE", Role::gone, false}},
          {
              {"CLIENT", "WAIT_BGSAVE_START", "full resync needed", Tone::normal},
              {"CLIENT", "ONLINE", "PSYNC granted", Tone::normal},
              {"WAIT_BGSAVE_START", "WAIT_BGSAVE_END", "snapshot started", Tone::normal},
              {"WAIT_BGSAVE_START", "GONE", "snapshot could not start", Tone::failure},
              {"WAIT_BGSAVE_START", "GONE", "link lost", Tone::failure},
              {"WAIT_BGSAVE_END", "SEND_BULK", "snapshot on disk", Tone::normal},
              {"WAIT_BGSAVE_END", "ONLINE", "snapshot relayed", Tone::normal},
              {"WAIT_BGSAVE_END", "GONE", "snapshot failed", Tone::failure},
              {"WAIT_BGSAVE_END", "GONE", "link lost", Tone::failure},
              {"SEND_BULK", "ONLINE", "file sent", Tone::normal},
              {"SEND_BULK", "RDB_TRANSMITTED", "rdb-only client served", Tone::normal},
              {"SEND_BULK", "GONE", "link lost", Tone::failure},
              {"ONLINE", "GONE", "link lost", Tone::failure},
              {"ONLINE", "GONE", "repl-timeout", Tone::failure},
              {"ONLINE", "GONE", "output limit", Tone::failure},
              {"RDB_TRANSMITTED", "GONE", "closed", Tone::normal},
          }};
}

}  // namespace samples
