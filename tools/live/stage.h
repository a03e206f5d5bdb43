// What the statements of the clause suite are played on: the server under test, asked by a client of ours;
// raw replicas that follow it; a raw master that it follows. What is changed in it is put back at the end.
//
// A statement is a function that throws: Unmet when something else came than was expected, Untested when it
// could not be asked. The exceptions do not leave the suite (conform.cc).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/live/probe.h"

namespace live {

class Stage;

struct Unmet {
  std::string expected, came;
};
struct Untested {
  std::string why;
};

inline constexpr Patience kPatience{5000};

// A replica made by hand. It acknowledges nothing unless it is told to.
class RawReplica {
 public:
  RawReplica(Stage& stage, std::string name);

  void hello(bool eof, bool psync2);
  // The line that answers; empty ones before it are passed over.
  std::string psync(std::string_view id, std::int64_t offset);
  std::string line();  // the next that is not empty
  // After +FULLRESYNC: header and payload. The stream begins behind `offset`.
  std::string payload();
  // PSYNC ? -1, the copy, and an acknowledgement if that is wanted before the stream.
  void copy();
  void ack(std::int64_t offset);
  // As a real one does, again and again: a master that has not yet noticed the end of the payload passes over
  // an acknowledgement.
  void ack_until_it_flows();
  // The next command of the stream, SELECT included, ping not.
  std::vector<std::string> command(Patience patience = kPatience);
  // The next one that is neither.
  std::vector<std::string> data_command(Patience patience = kPatience);
  bool silent(Patience for_so_long);  // nothing comes

  Probe& probe() { return *probe_; }
  std::string id;            // of +FULLRESYNC
  std::int64_t offset = 0;   // the last byte of the stream that was taken
  std::int64_t from = 0;     // the first one that was
  std::string stream;        // all from there
  std::string rdb;
  bool marked = false;       // the payload came with a mark

 private:
  std::unique_ptr<Probe> probe_;
};

// One connection of the server under test to our master.
class RawLink {
 public:
  RawLink(Stage& stage, std::unique_ptr<Probe> probe) : stage_(&stage), probe_(std::move(probe)) {}

  // Answers the handshake up to PSYNC or SYNC; what was said.
  std::vector<std::vector<std::string>> greet();
  void full(std::string_view id, std::int64_t offset, const std::string& rdb, bool marked = false);
  void carry_on(std::string_view id);  // empty: +CONTINUE alone
  std::int64_t stream(const std::vector<std::string>& argv);  // the offset behind it
  std::int64_t acked(Patience patience = kPatience);          // the next ACK
  std::int64_t asked_ack();                                   // GETACK, and what it says
  // What was sent is no whole command, so that nothing tells when it has been read.
  void give_time_to_read();
  // Waits until everything is applied.
  void applied();
  Probe& probe() { return *probe_; }

  std::string asked_id;          // of PSYNC
  std::int64_t asked_offset = 0;
  std::int64_t offset = 0;       // the last byte of our stream

 private:
  Stage* stage_;
  std::unique_ptr<Probe> probe_;
};

class Stage {
 public:
  Stage(Loop& loop, Address target, std::string password);
  ~Stage();
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  // --- before and after ----------------------------------------------------------------------------
  // What is wrong with it, or nothing: it answers, and we know what it was.
  std::optional<std::string> look();
  std::uint64_t keys();  // that it holds
  std::string version() { return info("redis_version"); }
  void begin_clause();   // as a master, with the settings of all clauses, nobody attached
  void put_back();       // role, settings; our keys go

  // --- the server under test -----------------------------------------------------------------------
  model::Reply ask(const std::vector<std::string>& argv);
  std::string text(const std::vector<std::string>& argv) { return ask(argv).text; }
  std::string info(std::string_view field);
  std::int64_t number(std::string_view field);
  // Untested when it cannot be set.
  void set(const std::string& name, const std::string& value);
  std::string key(std::string_view name);  // one of ours, which goes at the end
  void write(std::string_view name, const std::string& value);  // SET
  void write_queued(std::string_view name);                     // the same in a MULTI
  std::unique_ptr<Probe> dial(std::string name);

  // --- a replica that is there, online, and has seen everything
  RawReplica& witness();
  // --- a master of ours, which the target is told to follow
  RawLink follow_us();             // REPLICAOF, and its first connection
  RawLink next_link();             // the next one
  RawLink copied(std::string_view id, std::int64_t offset, const std::string& rdb = empty_rdb());
  void stop_listening() { listener_.reset(); }
  std::unique_ptr<Listener> another_listener();
  std::uint16_t our_port() const { return listener_ ? listener_->port() : 0; }
  std::string our_ip() const { return our_ip_; }
  void promote();                  // REPLICAOF NO ONE

  static std::string empty_rdb();
  static std::string id_of(char c) { return std::string(40, c); }

  void run_for(Patience time);
  Loop& loop() { return loop_; }
  Talk& talk() { return talk_; }
  const Address& target() const { return target_; }

 private:
  void connect();

  Loop& loop_;
  Address target_;
  std::string password_;
  Talk talk_, unheard_;
  std::unique_ptr<Probe> admin_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<RawReplica> witness_;
  std::string our_ip_ = "127.0.0.1";
  std::optional<std::pair<std::string, std::string>> master_;  // that it followed
  std::map<std::string, std::string> settings_;                // as they were
  std::set<std::string> ours_;                                 // keys
};

// Throws Unmet unless it holds.
void expect(bool holds, std::string expected, std::string came);

}  // namespace live
