// Statements about a replica: what it says to a master of ours, and what it makes of what that says.
#include <array>
#include <chrono>

#include "model/data/keyspace.h"
#include "model/data/number.h"
#include "model/data/rdb.h"
#include "model/data/text.h"
#include "tools/live/clauses.h"
#include "tools/live/stage.h"

namespace live {
namespace {

constexpr std::int64_t kBegin = 1000;  // the offset of our copies
const std::string kId = Stage::id_of('d');
const std::string kPast = "1000000000000";  // 2001, in ms

void expect_value(Stage& stage, const std::string& key, const std::string& wanted) {
  const model::Reply reply = stage.ask({"GET", key});
  expect(reply.kind == model::Reply::Kind::bulk && reply.text == wanted, "GET " + key + " is \"" + wanted + "\"",
         model::to_text(reply));
}

void expect_missing(Stage& stage, const std::string& key) {
  const model::Reply reply = stage.ask({"GET", key});
  expect(reply.kind == model::Reply::Kind::null, "GET " + key + " is nil", model::to_text(reply));
}

void expect_position(const RawLink& link, std::string_view id, std::int64_t offset) {
  expect(link.asked_id == id && link.asked_offset == offset,
         "PSYNC " + std::string(id) + " " + std::to_string(offset),
         link.asked_id.empty() ? "SYNC"
                               : "PSYNC " + link.asked_id + " " + std::to_string(link.asked_offset));
}

// The link is cut; what it asks on the next one.
RawLink after_cut(Stage& stage, RawLink& link) {
  link.probe().close();
  RawLink next = stage.next_link();
  next.greet();
  return next;
}

std::string bytes_of(const std::vector<std::string>& argv) {
  std::string bytes;
  model::append_request(bytes, argv);
  return bytes;
}

// --- the handshake ----------------------------------------------------------------------------------

void handshake(Stage& stage) {
  RawLink link = stage.follow_us();
  const auto said = link.greet();
  expect(model::same_word(said.front()[0], "PING"), "PING, first of all", said.front()[0]);
  expect(model::same_word(said.back()[0], "PSYNC"), "PSYNC, at the end", said.back()[0]);
  bool port = false, capabilities = false;
  for (const auto& argv : said) {
    port = port || (argv.size() >= 3 && model::same_word(argv[1], "listening-port"));
    for (const std::string& word : argv) capabilities = capabilities || model::same_word(word, "psync2");
  }
  expect(port, "REPLCONF listening-port <port>", "no such request");
  expect(capabilities, "REPLCONF capa ... psync2", "no such request");
}

void first_acks(Stage& stage) {
  RawLink link = stage.follow_us();
  link.greet();
  link.full(kId, kBegin, Stage::empty_rdb());
  const std::int64_t first = link.acked();
  expect(first == kBegin, "REPLCONF ACK " + std::to_string(kBegin), "ACK " + std::to_string(first));
  link.stream({"SET", stage.key("acked"), "1"});
  link.applied();
}

void marked_copy(Stage& stage) {
  RawLink link = stage.follow_us();
  link.greet();
  link.full(kId, kBegin, Stage::empty_rdb());
  link.acked();  // by itself, once a second: the next of those is a second away
  RawLink next = after_cut(stage, link);
  next.full(kId, kBegin + 1000, Stage::empty_rdb(), true);
  const std::int64_t first = next.acked(Patience(700));
  expect(first == kBegin + 1000, "REPLCONF ACK " + std::to_string(kBegin + 1000),
         "ACK " + std::to_string(first));
}

void later_refusals(Stage& stage) {
  RawLink link = stage.copied(kId, kBegin);
  const std::int64_t next = link.offset + 1;
  RawLink again = after_cut(stage, link);
  for (const char* refusal : {"-LOADING Redis is loading the dataset in memory\r\n",
                              "-NOMASTERLINK Can't SYNC while not connected with my master\r\n"}) {
    expect_position(again, kId, next);
    again.probe().send(refusal);
    stage.loop().run_until(
        [&] { return again.probe().ended() || !again.probe().pending().empty(); }, kPatience);
    expect(again.probe().ended(), "it hangs up, and comes again later",
           "it stays, and says " + model::quoted(again.probe().pending().substr(0, 60)));
    again = stage.next_link();
    again.greet();
  }
  expect_position(again, kId, next);
}

void retarget(Stage& stage) {
  RawLink first = stage.follow_us();  // who says nothing
  const auto other = stage.another_listener();
  stage.ask({"REPLICAOF", stage.our_ip(), std::to_string(other->port())});
  const auto probe = other->next(Patience(1500));
  expect(probe != nullptr, "it dials the master that it was told to follow last", "it does not");
}

// --- resuming ---------------------------------------------------------------------------------------

void asks_for_the_next(Stage& stage) {
  RawLink link = stage.copied(kId, kBegin);
  link.stream({"SET", stage.key("whole"), "1"});
  link.applied();
  const std::int64_t end = link.offset;
  const std::string half = bytes_of({"SET", stage.key("half"), "1"});
  link.probe().send(half.substr(0, half.size() - 3));
  link.give_time_to_read();
  const RawLink next = after_cut(stage, link);
  expect_position(next, kId, end + 1);
}

void half_a_command(Stage& stage) {
  RawLink link = stage.copied(kId, kBegin);
  const std::string half = bytes_of({"SET", stage.key("half"), "whole"});
  link.probe().send(half.substr(0, half.size() - 4));
  link.give_time_to_read();
  RawLink next = after_cut(stage, link);
  expect_position(next, kId, link.offset + 1);
  next.carry_on(kId);
  next.stream({"SET", stage.key("half"), "whole"});
  next.stream({"SET", stage.key("more"), "1"});
  next.applied();
  expect_value(stage, stage.key("half"), "whole");
  expect_value(stage, stage.key("more"), "1");
}

void half_a_transaction(Stage& stage) {
  RawLink link = stage.copied(kId, kBegin);
  const std::int64_t end = link.offset;
  link.stream({"MULTI"});
  link.stream({"INCR", stage.key("once")});
  link.give_time_to_read();
  RawLink next = after_cut(stage, link);
  expect_position(next, kId, end + 1);
  next.carry_on(kId);
  for (const std::vector<std::string>& argv : std::vector<std::vector<std::string>>{
           {"MULTI"}, {"INCR", stage.key("once")}, {"INCR", stage.key("twin")}, {"EXEC"}})
    next.stream(argv);
  next.applied();
  expect_value(stage, stage.key("once"), "1");
}

void keeps_the_database(Stage& stage) {
  RawLink link = stage.copied(kId, kBegin);
  link.stream({"SELECT", "1"});
  link.stream({"SET", stage.key("in1"), "1"});
  link.applied();
  RawLink next = after_cut(stage, link);
  next.carry_on(kId);
  next.stream({"SET", stage.key("also1"), "1"});
  next.applied();
  expect_missing(stage, stage.key("also1"));  // we are in 0
}

void learns_the_new_id(Stage& stage) {
  RawLink link = stage.copied(kId, kBegin);
  RawLink next = after_cut(stage, link);
  next.carry_on(Stage::id_of('e'));
  next.stream({"SET", stage.key("k"), "1"});
  next.applied();
  const RawLink last = after_cut(stage, next);
  expect_position(last, Stage::id_of('e'), next.offset + 1);
}

void keeps_the_old_id(Stage& stage) {
  RawLink link = stage.copied(kId, kBegin);
  RawLink next = after_cut(stage, link);
  next.carry_on(Stage::id_of('e'));
  next.stream({"SET", stage.key("k"), "1"});
  next.applied();
  const std::string second = stage.info("master_replid2");
  expect(second == kId, "master_replid2:" + kId, "master_replid2:" + second);
  const std::string limit = stage.info("second_repl_offset");
  expect(limit == std::to_string(link.offset + 1), "second_repl_offset:" + std::to_string(link.offset + 1),
         "second_repl_offset:" + limit);
}

void forgets_the_old_id(Stage& stage) {
  RawLink link = stage.copied(kId, kBegin);
  RawLink next = after_cut(stage, link);
  next.carry_on(Stage::id_of('e'));
  next.stream({"SET", stage.key("k"), "1"});
  next.applied();
  RawLink last = after_cut(stage, next);
  last.full(Stage::id_of('9'), 5000, Stage::empty_rdb());
  last.applied();
  const std::string second = stage.info("master_replid2");
  expect(second == Stage::id_of('0'), "master_replid2:" + Stage::id_of('0') + ": another history",
         "master_replid2:" + second);
}

void broken_copy(Stage& stage) {
  RawLink link = stage.copied(kId, kBegin);
  link.stream({"SET", stage.key("old"), "1"});
  link.applied();
  RawLink next = after_cut(stage, link);
  next.probe().send("+FULLRESYNC " + Stage::id_of('7') + " 9000\r\n$5000\r\nREDIS0006");
  stage.run_for(Patience(30));
  const RawLink last = after_cut(stage, next);
  expect_value(stage, stage.key("old"), "1");
  expect_position(last, kId, link.offset + 1);
}

// A diskless load breaks off.
void broken_load(Stage& stage, const std::string& payload) {
  stage.set("repl-diskless-load", "swapdb");
  RawLink link = stage.copied(kId, kBegin);
  link.stream({"SET", stage.key("old"), "1"});
  link.applied();
  RawLink next = after_cut(stage, link);
  next.probe().send("+FULLRESYNC " + Stage::id_of('7') + " 9000\r\n" + payload);
  stage.run_for(Patience(30));
  const RawLink last = after_cut(stage, next);
  expect_value(stage, stage.key("old"), "1");
}

void load_without_its_end(Stage& stage) { broken_load(stage, "$9\r\nREDIS0006"); }
void load_without_its_mark(Stage& stage) {
  const std::string mark(40, 'm');
  broken_load(stage, "$EOF:" + mark + "\r\n" + Stage::empty_rdb() + mark.substr(20));
}

// --- applying ---------------------------------------------------------------------------------------

void acks_what_is_applied(Stage& stage) {
  RawLink link = stage.copied(kId, kBegin);
  link.stream({"SET", stage.key("k"), "1"});
  link.applied();
  const std::int64_t before = link.offset;
  const std::int64_t said = link.asked_ack();
  expect(said == before, "ACK " + std::to_string(before) + ": the request itself is not yet applied",
         "ACK " + std::to_string(said));
}

void acks_rest_before_multi(Stage& stage) {
  RawLink link = stage.copied(kId, kBegin);
  const std::int64_t before = link.offset;
  while (!link.probe().pending().empty()) link.acked();
  link.stream({"MULTI"});
  link.stream({"SET", stage.key("k"), "1"});
  const std::int64_t said = link.acked();
  expect(said == before, "ACK " + std::to_string(before) + ": the transaction is open",
         "ACK " + std::to_string(said));
}

void pause_holds_back(Stage& stage) {
  RawLink link = stage.copied(kId, kBegin);
  while (!link.probe().pending().empty()) link.acked();
  const std::int64_t before = link.offset;
  stage.ask({"CLIENT", "PAUSE", "5000", "WRITE"});
  link.stream({"SET", stage.key("parked"), "1"});
  const std::int64_t said = link.acked();
  stage.ask({"CLIENT", "UNPAUSE"});
  expect(said == before, "ACK " + std::to_string(before) + ": the write is held back by CLIENT PAUSE",
         "ACK " + std::to_string(said));
  link.applied();
}

// A key with a deadline that has passed, which only the master may take away.
RawLink with_overdue_key(Stage& stage) {
  RawLink link = stage.copied(kId, kBegin);
  link.stream({"SET", stage.key("overdue"), "1"});
  link.stream({"PEXPIREAT", stage.key("overdue"), kPast});
  link.applied();
  return link;
}

void expect_keys(Stage& stage, const std::string& count) {
  const model::Reply size = stage.ask({"DBSIZE"});
  expect(size.text == count, "DBSIZE is " + count + ": an overdue key waits for the master's DEL",
         "it is " + size.text);
}

void hides_overdue(Stage& stage) {
  const RawLink link = with_overdue_key(stage);
  expect_missing(stage, stage.key("overdue"));
}

void exists_hides_overdue(Stage& stage) {
  const RawLink link = with_overdue_key(stage);
  const std::string exists = stage.text({"EXISTS", stage.key("overdue")});
  expect(exists == "0", "EXISTS is 0", exists);
}

void past_deadline_deletes_nothing(Stage& stage) {
  const RawLink link = with_overdue_key(stage);
  expect_keys(stage, "1");
}

void waits_for_del(Stage& stage) {
  RawLink link = stage.copied(kId, kBegin);
  const auto soon = std::chrono::duration_cast<std::chrono::milliseconds>(
                        std::chrono::system_clock::now().time_since_epoch())
                        .count() + 40;
  link.stream({"SET", stage.key("mortal"), "1"});
  link.stream({"PEXPIREAT", stage.key("mortal"), std::to_string(soon)});
  stage.run_for(Patience(300));
  expect_keys(stage, "1");
  link.stream({"DEL", stage.key("mortal")});
  link.applied();
  expect_keys(stage, "0");
}

void loads_overdue(Stage& stage) {
  model::Keyspace data(1);
  data.put(0, stage.key("overdue"), model::String("1"),
           model::WallTime(std::chrono::milliseconds(1'000'000'000'000)));
  model::RdbOptions options;
  options.version = 6;
  options.server_version.clear();
  const RawLink link = stage.copied(kId, kBegin, model::encode_rdb(data, options));
  expect_keys(stage, "1");
}

constexpr auto kClauses = std::to_array<Clause>({
    {"S01", "R3.5", true, "the handshake: PING first, its port, what it can, PSYNC last", "", "redis-2.6",
     handshake},
    {"S02", "R9.6", true, "it acknowledges the offset of the copy, then what it applies", "", "redis-2.6",
     first_acks},
    {"S03", "R4.23", true, "it acknowledges a payload with a mark at once", "", "redis-5.0", marked_copy},
    {"S04", "R3.30", true, "-LOADING and -NOMASTERLINK: it comes again, with the same position",
     "transient-refusal-means-unsupported", "", later_refusals},
    {"S05", "R2.4", true, "told to follow somebody else during a handshake it does",
     "stale-connect-survives-retarget", "", retarget},
    {"S06", "R5.8", true, "after a cut it asks for the byte behind the last whole command", "", "redis-2.8",
     asks_for_the_next},
    {"S07", "R5.8", true, "and forgets the half of a command that it had", "resume-with-half-parsed-command", "",
     half_a_command},
    {"S08", "R5.8", true, "a transaction that was cut is applied once",
     "resume-with-half-transaction", "", half_a_transaction},
    {"S09", "R5.23", true, "a stream that goes on is in the database where it was", "continue-resets-db", "",
     keeps_the_database},
    {"S10", "R3.29", true, "+CONTINUE with a new id: it asks by that from then on", "continue-new-id-not-learnt", "",
     learns_the_new_id},
    {"S11", "R3.29", true, "+CONTINUE with a new id: the old one becomes the second",
     "continue-new-id-forgets-id2", "", keeps_the_old_id},
    {"S12", "R4.23", true, "a full resync forgets the second id", "resync-keeps-old-backlog", "",
     forgets_the_old_id},
    {"S13", "R4.31", false, "a copy that breaks off: the old data are served, the old position is asked for", "",
     "redis-6.2", broken_copy},
    {"S14", "R4.26", false, "swapdb: a file that ends too early changes nothing",
     "flush-before-load-is-known-good", "", load_without_its_end},
    {"S15", "R4.26", false, "swapdb: a payload without its mark changes nothing", "swap-before-eof-check", "",
     load_without_its_mark},
    {"S16", "R5.21", true, "the answer to GETACK is what is applied by then", "ack-received-not-applied", "",
     acks_what_is_applied},
    {"S17", "R5.20", true, "while a transaction is open the offset rests before it",
     "offset-advances-inside-multi", "", acks_rest_before_multi},
    {"S18", "R7.35", false, "what CLIENT PAUSE holds back is not acknowledged", "paused-replica-advances-offset", "",
     pause_holds_back},
    {"S19", "R8.5", true, "readers are not shown overdue keys", "replica-serves-expired", "", hides_overdue},
    {"S20", "R8.5", true, "EXISTS counts no overdue keys", "exists-counts-expired", "", exists_hides_overdue},
    {"S21", "R8.7", true, "a deadline in the past deletes nothing by itself", "past-deadline-deletes-on-replica", "",
     past_deadline_deletes_nothing},
    {"S22", "R8.1", true, "keys go when the master says so, not by its own clock", "replica-expires-by-own-clock",
     "", waits_for_del},
    {"S23", "R8.9", true, "overdue keys of a copy are kept", "replica-drops-expired-at-load", "", loads_overdue},
});

}  // namespace

std::span<const Clause> replica_clauses() { return kClauses; }

}  // namespace live
