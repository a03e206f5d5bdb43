// A raw connection, for whoever says exact bytes and looks at exact bytes: of the clause suite, as a replica
// or as a master. Calls wait on the loop, each with an end to its patience, while everything else on the loop
// goes on. What is said is kept, in words, for the report.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/data/resp.h"
#include "tools/live/address.h"
#include "tools/live/loop.h"

namespace live {

using Patience = std::chrono::milliseconds;

// What was said on all connections of a clause, oldest first: "replica > PSYNC ? -1".
using Talk = std::vector<std::string>;

class Probe {
 public:
  // Dials. Nothing when nobody answers.
  static std::unique_ptr<Probe> dial(Loop& loop, const Address& to, Talk& talk, std::string name);
  ~Probe();
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;

  void send(std::string_view bytes);
  void say(const std::vector<std::string>& argv);  // as a request
  // A line, without its end.
  std::optional<std::string> line(Patience patience);
  std::optional<model::Reply> reply(Patience patience);
  std::optional<std::string> bytes(std::size_t count, Patience patience);
  // The next request; its bytes are added to `raw`. Empty lines are passed over, and counted there.
  std::optional<std::vector<std::string>> request(Patience patience, std::string* raw = nullptr);
  // Whether so many bytes wait to be taken before patience ends.
  bool has(std::size_t count, Patience patience);
  std::string_view pending() const;
  bool ends(Patience patience);  // the other side hangs up
  bool ended() const;
  void close();  // in order
  Address own() const;   // our end
  Address peer() const;

 private:
  friend class Listener;
  struct Impl;
  Probe();
  std::shared_ptr<Impl> impl_;
};

class Listener {
 public:
  // On that address, a free port.
  Listener(Loop& loop, const std::string& ip, Talk& talk, std::string name);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  std::uint16_t port() const;  // 0: it could not listen
  std::unique_ptr<Probe> next(Patience patience);  // the next one that dials
  std::size_t waiting() const;                     // who dialled and was not taken

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace live
