// Statements about a master, and about a server that is both.
#include <array>
#include <variant>

#include "model/data/number.h"
#include "model/data/rdb.h"
#include "model/data/text.h"
#include "scenarios/golden/words.h"
#include "tools/live/clauses.h"
#include "tools/live/stage.h"

namespace live {
namespace {

std::string in_words(const std::vector<std::string>& argv) {
  const std::string all = scenarios::golden::joined(argv);
  return all.empty() ? "nothing" : all;
}

void expect_command(const std::vector<std::string>& got, const std::vector<std::string>& wanted) {
  bool same = got.size() == wanted.size() && !got.empty() && model::same_word(got[0], wanted[0]);
  for (std::size_t i = 1; same && i < got.size(); ++i) same = got[i] == wanted[i];
  expect(same, "in the stream: " + in_words(wanted), in_words(got));
}

void expect_word(const std::vector<std::string>& got, std::string_view word) {
  expect(!got.empty() && model::same_word(got[0], word), "in the stream: " + std::string(word),
         in_words(got));
}

bool is_id(std::string_view text) {
  return text.size() == 40 && text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

// A new replica that can be told of new ids asks, and is answered.
std::string answer_to(Stage& stage, std::string_view id, std::int64_t offset,
                      std::unique_ptr<RawReplica>* kept = nullptr) {
  auto replica = std::make_unique<RawReplica>(stage, "replica");
  replica->hello(true, true);
  std::string answer = replica->psync(id, offset);
  if (kept != nullptr) *kept = std::move(replica);
  return answer;
}

void expect_full(const std::string& answer) {
  expect(answer.starts_with("+FULLRESYNC "), "+FULLRESYNC <id> <offset>", answer);
}

void expect_continued(const std::string& answer) {
  expect(answer.starts_with("+CONTINUE"), "+CONTINUE", answer);
}

// --- the answer to PSYNC ----------------------------------------------------------------------------

void first_sync(Stage& stage) {
  stage.write("before", "here");
  RawReplica replica(stage, "replica");
  replica.hello(false, true);
  const std::string answer = replica.psync("?", -1);
  expect_full(answer);
  expect(is_id(replica.id) && replica.offset >= 0, "+FULLRESYNC <40 hex digits> <offset>", answer);
  replica.payload();
  expect(!replica.marked, "$<size>: the replica has not said capa eof", "$EOF:");
  const auto read = model::decode_rdb(replica.rdb, 99, 1024);
  if (const auto* const error = std::get_if<model::RdbError>(&read))
    throw Unmet{"an RDB file with a good checksum", error->problem};
  const auto& data = std::get<model::RdbContent>(read).data;
  const model::Entry* const entry = data.find(0, stage.key("before"));
  expect(entry != nullptr, "the payload has the key that was written before", "it has not");
  stage.write("after", "there");
  expect_command(replica.data_command(), {"SET", stage.key("after"), "there"});
}

void exact_end(Stage& stage) {
  RawReplica& witness = stage.witness();
  std::unique_ptr<RawReplica> replica;
  expect_continued(answer_to(stage, witness.id, witness.offset + 1, &replica));
  stage.write("next", "1");
  expect_command(replica->data_command(), {"SET", stage.key("next"), "1"});
}

void behind_the_end(Stage& stage) {
  RawReplica& witness = stage.witness();
  expect_full(answer_to(stage, witness.id, witness.offset + 2));
}

void in_the_middle(Stage& stage) {
  RawReplica& witness = stage.witness();
  const std::int64_t from = witness.offset + 1;
  stage.write("a", std::string(50, 'a'));
  stage.write("b", std::string(60, 'b'));
  witness.data_command();
  witness.data_command();
  // Two bytes into the first command: positions are bytes.
  std::unique_ptr<RawReplica> replica;
  expect_continued(answer_to(stage, witness.id, from + 2, &replica));
  const std::string wanted = witness.stream.substr(static_cast<std::size_t>(from + 2 - witness.from));
  const auto got = replica->probe().bytes(wanted.size(), kPatience);
  expect(got == wanted, "the stream from that byte: " + model::quoted(wanted.substr(0, 80)),
         got ? model::quoted(got->substr(0, 80)) : "fewer bytes");
  expect(replica->silent(Patience(50)), "nothing more than is missing", "more bytes");
}

void oldest_byte(Stage& stage) {
  RawReplica& witness = stage.witness();
  const std::int64_t oldest = stage.number("repl_backlog_first_byte_offset");
  expect_continued(answer_to(stage, witness.id, oldest));
}

void before_the_oldest(Stage& stage) {
  RawReplica& witness = stage.witness();
  const std::int64_t oldest = stage.number("repl_backlog_first_byte_offset");
  expect_full(answer_to(stage, witness.id, oldest - 1));
}

void unknown_id(Stage& stage) {
  RawReplica& witness = stage.witness();
  expect_full(answer_to(stage, Stage::id_of('f'), witness.offset + 1));
}

void form_of_continue(Stage& stage) {
  RawReplica& witness = stage.witness();
  const std::string able = answer_to(stage, witness.id, witness.offset + 1);
  expect(able == "+CONTINUE " + witness.id, "+CONTINUE <id>: it said capa psync2", able);
  RawReplica old(stage, "replica");
  old.hello(true, false);
  const std::string plain = old.psync(witness.id, witness.offset + 1);
  expect(plain == "+CONTINUE", "+CONTINUE alone: it did not say capa psync2", plain);
}

void bad_offset(Stage& stage) {
  RawReplica replica(stage, "replica");
  replica.hello(true, true);
  replica.probe().say({"PSYNC", Stage::id_of('a'), "soon"});
  const std::string answer = replica.line();
  expect(answer.starts_with("-ERR value is not an integer"), "-ERR value is not an integer or out of range",
         answer);
  replica.probe().say({"PING"});
  const std::string pong = replica.line();
  expect(pong == "+PONG", "+PONG: nothing else has happened", pong);
}

void replconf_words(Stage& stage) {
  RawReplica replica(stage, "replica");
  const auto answered = [&](const std::vector<std::string>& argv, const std::string& wanted) {
    replica.probe().say(argv);
    const std::string answer = replica.line();
    expect(answer.starts_with(wanted), wanted + " to " + in_words(argv), answer);
  };
  answered({"REPLCONF", "capa", "eof", "capa", "psync2"}, "+OK");
  answered({"REPLCONF", "capa", "something-new"}, "+OK");
  answered({"REPLCONF", "ip-address", "10.1.2.3"}, "+OK");
  answered({"REPLCONF", "capa"}, "-ERR");
  answered({"REPLCONF", "something-else", "1"}, "-ERR");
}

void rdb_only(Stage& stage) {
  RawReplica replica(stage, "replica");
  replica.hello(false, true);
  replica.probe().say({"REPLCONF", "rdb-only", "1"});
  const std::string answer = replica.line();
  expect(answer == "+OK", "+OK to REPLCONF rdb-only 1", answer);
  expect_full(replica.psync("?", -1));
  replica.payload();
  expect(replica.probe().ends(kPatience), "the link is closed behind the payload", "it stays open");
}

// --- the payload and what follows -------------------------------------------------------------------

void marked_payload(Stage& stage) {
  stage.set("repl-diskless-sync", "yes");
  stage.write("before", "1");
  RawReplica replica(stage, "replica");
  replica.hello(true, true);
  expect_full(replica.psync("?", -1));
  replica.payload();
  expect(replica.marked, "$EOF:<mark>: diskless, and capa eof was said", "$<size>");
  stage.write("held", "1");
  expect(replica.silent(Patience(250)), "nothing before the first REPLCONF ACK",
         model::quoted(replica.probe().pending().substr(0, 80)));
  replica.ack_until_it_flows();
  expect_command(replica.data_command(), {"SET", stage.key("held"), "1"});
}

// A copy that is asked for, and begins a second later. What is written between is part of it.
std::unique_ptr<RawReplica> copied_late(Stage& stage) {
  RawReplica& witness = stage.witness();
  stage.set("repl-diskless-sync", "yes");
  stage.set("repl-diskless-sync-delay", "1");
  auto replica = std::make_unique<RawReplica>(stage, "replica");
  replica->hello(true, true);
  replica->probe().say({"PSYNC", "?", "-1"});
  stage.loop().run_until([&] { return !replica->probe().pending().empty(); }, Patience(20));
  stage.write("between", "1");
  expect_command(witness.data_command(), {"SET", stage.key("between"), "1"});
  const std::string answer = replica->line();
  expect_full(answer);
  replica->offset = model::to_integer(answer.substr(answer.rfind(' ') + 1)).value_or(-1);
  return replica;
}

void offset_of_the_copy(Stage& stage) {
  const auto replica = copied_late(stage);
  const std::int64_t written = stage.witness().offset;
  expect(replica->offset == written, "+FULLRESYNC <id> " + std::to_string(written) +
         ": the copy has what was written while it was waited for", "offset " + std::to_string(replica->offset));
}

void select_behind_a_copy(Stage& stage) {
  const auto replica = copied_late(stage);
  replica->payload();
  stage.write("first", "1");
  replica->ack_until_it_flows();
  expect_word(replica->command(), "SELECT");
  expect_command(replica->command(), {"SET", stage.key("first"), "1"});
}

void shared_snapshot(Stage& stage) {
  stage.witness();
  for (int i = 0; i < 4; ++i) stage.write("slow" + std::to_string(i), "1");
  stage.set("rdb-key-save-delay", "100000");
  RawReplica first(stage, "replica 1"), second(stage, "replica 2");
  first.hello(false, true);
  expect_full(first.psync("?", -1));
  stage.write("pending", "1");
  second.hello(false, true);
  expect_full(second.psync("?", -1));
  stage.set("rdb-key-save-delay", "0");
  if (second.offset != first.offset) throw Untested{"the second replica got a snapshot of its own"};
  first.payload();
  second.payload();
  expect_command(first.data_command(), {"SET", stage.key("pending"), "1"});
  stage.write("more", "1");
  expect_command(second.data_command(), {"SET", stage.key("pending"), "1"});
}

// --- the stream -------------------------------------------------------------------------------------

void true_offsets(Stage& stage) {
  RawReplica& witness = stage.witness();
  stage.write("x", "1");
  stage.ask({"PUBLISH", stage.key("channel"), "hello"});
  witness.data_command();
  expect_word(witness.data_command(), "PUBLISH");
  const std::int64_t said = stage.number("master_repl_offset");
  expect(said == witness.offset,
         "master_repl_offset:" + std::to_string(witness.offset) + ", the bytes that came",
         "master_repl_offset:" + std::to_string(said));
}

void transactions(Stage& stage) {
  RawReplica& witness = stage.witness();
  stage.ask({"MULTI"});
  stage.write_queued("a");
  stage.write_queued("b");
  stage.ask({"EXEC"});
  for (const char* word : {"MULTI", "SET", "SET", "EXEC"}) expect_word(witness.data_command(), word);
}

void failing_transactions(Stage& stage) {
  RawReplica& witness = stage.witness();
  stage.write("text", "1");
  witness.data_command();
  stage.ask({"MULTI"});
  stage.write_queued("a");
  stage.ask({"LPUSH", stage.key("text"), "x"});
  stage.write_queued("b");
  stage.ask({"EXEC"});
  for (const char* word : {"MULTI", "SET", "SET", "EXEC"}) expect_word(witness.data_command(), word);
}

void absolute_deadlines(Stage& stage) {
  RawReplica& witness = stage.witness();
  stage.write("mortal", "1");
  witness.data_command();
  stage.ask({"EXPIRE", stage.key("mortal"), "1000"});
  const auto got = witness.data_command();
  expect(model::same_word(got[0], "PEXPIREAT") || model::same_word(got[0], "EXPIREAT"),
         "in the stream: PEXPIREAT <key> <time of day>", in_words(got));
}

// Several times: the server may find it overdue by itself, before the command does.
void expired_key(Stage& stage) {
  RawReplica& witness = stage.witness();
  for (int i = 0; i < 5; ++i) {
    stage.write("gone", "1");
    witness.data_command();
    stage.ask({"PEXPIRE", stage.key("gone"), "5"});
    witness.data_command();
    stage.run_for(Patience(8));
    stage.ask({"APPEND", stage.key("gone"), "x"});
    auto got = witness.data_command();
    const bool wrapped = model::same_word(got[0], "MULTI");
    if (wrapped) got = witness.data_command();
    expect(!got.empty() && (model::same_word(got[0], "DEL") || model::same_word(got[0], "UNLINK")),
           "in the stream: DEL <key>, before the command that found it overdue", in_words(got));
    expect_word(witness.data_command(), "APPEND");
    if (wrapped) expect_word(witness.data_command(), "EXEC");
  }
}

void wait_counts(Stage& stage) {
  RawReplica& witness = stage.witness();
  stage.write("waited", "1");
  witness.data_command();
  const std::string none = stage.text({"WAIT", "1", "60"});
  expect(none == "0", "0 to WAIT 1 60: the replica has acknowledged nothing", none);
  while (!witness.probe().pending().empty()) witness.command();
  witness.ack(witness.offset);
  const std::string one = stage.text({"WAIT", "1", "2000"});
  expect(one == "1", "1 to WAIT 1 2000: it has acknowledged all", one);
}

void paused_wait(Stage& stage) {
  RawReplica& witness = stage.witness();
  stage.write("last", "1");
  witness.data_command();
  stage.ask({"CLIENT", "PAUSE", "3000", "WRITE"});
  stage.ask({"WAIT", "1", "60"});
  const std::string came(witness.probe().pending());
  stage.ask({"CLIENT", "UNPAUSE"});
  expect(came.empty(), "nothing in the stream while writes are paused", model::quoted(came));
}

void paused_expiry(Stage& stage) {
  RawReplica& witness = stage.witness();
  stage.write("mortal", "1");
  witness.data_command();
  stage.ask({"PEXPIRE", stage.key("mortal"), "30"});
  witness.data_command();
  stage.ask({"CLIENT", "PAUSE", "3000", "WRITE"});
  const bool silent = witness.silent(Patience(250));
  const std::string came(witness.probe().pending());
  stage.ask({"CLIENT", "UNPAUSE"});
  expect(silent, "nothing in the stream while writes are paused", model::quoted(came));
}

void pings(Stage& stage) {
  RawReplica& witness = stage.witness();
  stage.set("repl-ping-replica-period", "1");
  std::string raw;
  const auto got = witness.probe().request(Patience(3500), &raw);
  stage.set("repl-ping-replica-period", "3600");
  expect(got.has_value(), "a ping within three seconds, the period being one", "nothing");
  expect(raw == "*1\r\n$4\r\nping\r\n", "*1 $4 ping, in small letters", model::quoted(raw));
}

// --- a second id ------------------------------------------------------------------------------------

// It follows a master of ours up to an offset, and is made a master. What it was told is its second id.
std::int64_t promoted(Stage& stage) {
  RawLink link = stage.copied(Stage::id_of('a'), 1000);
  link.stream({"SET", stage.key("then"), "1"});
  link.applied();
  stage.promote();
  return link.offset;
}

void second_id(Stage& stage) {
  const std::int64_t end = promoted(stage);
  std::unique_ptr<RawReplica> replica;
  const std::string answer = answer_to(stage, Stage::id_of('a'), end + 1, &replica);
  expect_continued(answer);
  expect(replica->id != Stage::id_of('a') && is_id(replica->id), "+CONTINUE <its new id>", answer);
}

void beyond_second_id(Stage& stage) {
  const std::int64_t end = promoted(stage);
  // Its own history goes on behind that.
  std::unique_ptr<RawReplica> replica;
  expect_continued(answer_to(stage, Stage::id_of('a'), end + 1, &replica));
  stage.write("own", "1");
  replica->data_command();
  expect_full(answer_to(stage, Stage::id_of('a'), end + 2));
}

// --- both at once -----------------------------------------------------------------------------------

// Ours -> the target -> ours, with everything passed on.
struct Middle {
  RawLink above;
  std::unique_ptr<RawReplica> below;
};
Middle middle(Stage& stage) {
  RawLink above = stage.copied(Stage::id_of('b'), 500);
  auto below = std::make_unique<RawReplica>(stage, "replica");
  below->hello(true, true);
  const std::string answer = below->psync(Stage::id_of('b'), above.offset + 1);
  expect_continued(answer);
  above.stream({"SET", stage.key("passed"), "on"});
  expect_command(below->command(), {"SET", stage.key("passed"), "on"});
  return {std::move(above), std::move(below)};
}

void no_own_pings(Stage& stage) {
  stage.set("repl-ping-replica-period", "1");
  Middle m = middle(stage);
  const bool silent = m.below->silent(Patience(1300));
  expect(silent, "nothing in the stream that the master did not send",
         model::quoted(m.below->probe().pending()));
}

void no_newlines(Stage& stage) {
  Middle m = middle(stage);
  stage.stop_listening();
  m.above.probe().close();
  const bool silent = m.below->silent(Patience(1300));
  expect(silent, "nothing in the stream while its own master is away",
         model::quoted(m.below->probe().pending()));
}

void half_a_command(Stage& stage) {
  Middle m = middle(stage);
  std::string bytes;
  model::append_request(bytes, std::vector<std::string>{"SET", stage.key("halved"), "1"});
  m.above.probe().send(bytes.substr(0, bytes.size() / 2));
  expect(m.below->silent(Patience(100)), "nothing before the command is whole and executed",
         model::quoted(m.below->probe().pending()));
  m.above.probe().send(bytes.substr(bytes.size() / 2));
  expect_command(m.below->command(), {"SET", stage.key("halved"), "1"});
}

void new_id_for_all(Stage& stage) {
  Middle m = middle(stage);
  RawReplica other(stage, "replica 2");
  other.hello(true, true);
  expect_continued(other.psync(Stage::id_of('b'), m.above.offset + 1));
  m.above.probe().close();
  RawLink again = stage.next_link();
  again.greet();
  again.carry_on(Stage::id_of('c'));
  expect(m.below->probe().ends(kPatience), "replicas are dropped: their history has a new id",
         "the first one is not");
  expect(other.probe().ends(kPatience), "replicas are dropped: their history has a new id",
         "the second one is not");
}

void no_master_link(Stage& stage) {
  RawLink link = stage.follow_us();  // who says nothing
  RawReplica replica(stage, "replica");
  replica.hello(true, true);
  replica.probe().say({"PSYNC", "?", "-1"});
  const std::string answer = replica.line();
  expect(answer.starts_with("-NOMASTERLINK"), "-NOMASTERLINK ...: it has no master to copy from", answer);
}

constexpr auto kClauses = std::to_array<Clause>({
    {"M01", "R3.26", true, "PSYNC ? -1 is answered +FULLRESYNC <id> <offset>, then $<size> and an RDB file with all "
     "that was written before; what is written after follows", "", "redis-2.6", first_sync},
    {"M02", "R5.1", true, "a request for the very next byte is continued, with nothing to catch up",
     "psync-refuses-exact-end", "", exact_end},
    {"M03", "R5.1", true, "a request from behind the next byte is answered by a full resync",
     "psync-accepts-future-offset", "", behind_the_end},
    {"M04", "R5.5", true, "a request from the middle is continued with exactly the bytes from there", "",
     "redis-2.6", in_the_middle},
    {"M05", "R5.1", true, "the oldest byte that INFO names can be asked for", "", "redis-2.6", oldest_byte},
    {"M06", "R5.1", true, "the byte before the oldest is answered by a full resync",
     "wrap-first-byte-off-by-one", "", before_the_oldest},
    {"M07", "R5.1", true, "an id that it never had is answered by a full resync",
     "psync-ignores-history-id", "", unknown_id},
    {"M08", "R3.23", true, "+CONTINUE names the id to who said capa psync2, and to nobody else", "",
     "redis-2.8", form_of_continue},
    {"M09", "R3.22", false, "PSYNC with an offset that is no number is an error, and nothing else", "",
     "redis-5.0", bad_offset},
    {"M10", "R3.41", true, "REPLCONF takes capabilities that it does not know, and refuses unknown options", "",
     "redis-2.6", replconf_words},
    {"M11", "R4.18", false, "REPLCONF rdb-only: the payload, then the end", "", "redis-5.0", rdb_only},
    {"M12", "R4.12", true, "behind a payload with a mark nothing comes before the replica acknowledges",
     "stream-follows-eof-mark-too-soon", "", marked_payload},
    {"M13", "R4.5", true, "+FULLRESYNC tells the offset of the copy, not that of the request",
     "fullresync-offset-at-request", "", offset_of_the_copy},
    {"M14", "R4.5", true, "the first command behind a copy is SELECT", "select-not-reemitted-per-sync", "",
     select_behind_a_copy},
    {"M15", "R4.4", true, "who shares a running snapshot is owed all that was written since it began",
     "attach-snapshot-without-pending", "", shared_snapshot},
    {"M16", "R5.17", true, "master_repl_offset counts the bytes of the stream", "", "redis-2.6", true_offsets},
    {"M17", "R7.10", true, "a transaction with two writes is between MULTI and EXEC",
     "multi-part-effect-not-wrapped", "", transactions},
    {"M18", "R7.10", true, "a transaction in which a command fails has its EXEC too",
     "unbalanced-transaction-wrapper", "", failing_transactions},
    {"M19", "R7.17", true, "times to live are told as times of day", "relative-ttl-in-stream", "redis-6.2",
     absolute_deadlines},
    {"M20", "R8.3", true, "the deletion of an overdue key comes before the command that found it",
     "lazy-expire-del-after-command", "", expired_key},
    {"M21", "R9.18", true, "WAIT counts replicas that have acknowledged what was written",
     "wait-counts-attached-replicas", "", wait_counts},
    {"M22", "R7.20", false, "WAIT asks for no acknowledgements while writes are paused",
     "getack-during-pause", "", paused_wait},
    {"M23", "R7.22", true, "nothing expires in the stream while writes are paused", "expiry-during-pause", "",
     paused_expiry},
    {"M24", "R7.19", false, "a ping in each period, in small letters", "", "redis-5.0", pings},
    {"M25", "R5.2", true, "after a promotion the old id is continued up to where it was left",
     "id2-limit-without-plus-one", "", second_id},
    {"M26", "R5.2", true, "and not beyond that", "id2-limit-ignored", "", beyond_second_id},
    {"N01", "R7.41", true, "between a master and replicas: no pings of its own", "relay-adds-own-ping", "",
     no_own_pings},
    {"N02", "R5.19", true, "between: no newlines to replicas that are online, also without its master",
     "keepalive-byte-in-counted-stream", "", no_newlines},
    {"N03", "R7.31", true, "between: half a command is not passed on", "relay-before-apply", "",
     half_a_command},
    {"N04", "R7.43", true, "between: all replicas are dropped when the history gets a new id",
     "subreplicas-not-told-of-id-change", "", new_id_for_all},
    {"N05", "R3.19", true, "between: without a link to its master it answers -NOMASTERLINK", "", "redis-2.8",
     no_master_link},
});

}  // namespace

std::span<const Clause> master_clauses() { return kClauses; }

}  // namespace live
