#include "tools/live/stage.h"

#include <algorithm>
#include <charconv>

#include "model/data/keyspace.h"
#include "model/data/number.h"
#include "model/data/rdb.h"
#include "model/data/text.h"
#include "scenarios/golden/words.h"

namespace live {

using scenarios::golden::joined;

namespace {

constexpr std::string_view kPrefix = "replsim:conform:";
constexpr std::size_t kMark = 40;
constexpr Patience kDialPatience{6000};  // a replica dials once a second

bool is(const std::vector<std::string>& argv, std::string_view word) {
  return !argv.empty() && model::same_word(argv[0], word);
}

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(' '), line.size());
    words.emplace_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return words;
}

}  // namespace

void expect(bool holds, std::string expected, std::string came) {
  if (!holds) throw Unmet{std::move(expected), std::move(came)};
}

// --- a replica by hand ------------------------------------------------------------------------------

RawReplica::RawReplica(Stage& stage, std::string name) : probe_(stage.dial(std::move(name))) {}

std::string RawReplica::line() {
  for (;;) {
    const auto line = probe_->line(kPatience);
    if (!line) throw Unmet{"a line of an answer", probe_->ended() ? "the link is closed" : "nothing"};
    if (!line->empty()) return *line;
  }
}

void RawReplica::hello(bool eof, bool psync2) {
  probe_->say({"PING"});
  const std::string pong = line();
  expect(pong == "+PONG", "+PONG", pong);
  probe_->say({"REPLCONF", "listening-port", "1"});
  line();
  std::vector<std::string> capabilities{"REPLCONF"};
  if (eof) capabilities.insert(capabilities.end(), {"capa", "eof"});
  if (psync2) capabilities.insert(capabilities.end(), {"capa", "psync2"});
  if (capabilities.size() == 1) return;
  probe_->say(capabilities);
  line();
}

std::string RawReplica::psync(std::string_view asked, std::int64_t wanted) {
  probe_->say({"PSYNC", std::string(asked), std::to_string(wanted)});
  const std::string answer = line();
  const auto words = words_of(answer);
  if (words[0] == "+FULLRESYNC" && words.size() == 3) {
    id = words[1];
    offset = model::to_integer(words[2]).value_or(-1);
    from = offset + 1;
  } else if (words[0] == "+CONTINUE") {
    id = words.size() > 1 ? words[1] : std::string(asked);
    offset = wanted - 1;
    from = wanted;
  }
  return answer;
}

std::string RawReplica::payload() {
  const std::string header = line();
  expect(header.starts_with('$'), "$<size> or $EOF:<mark>", header);
  marked = header.starts_with("$EOF:");
  if (!marked) {
    const auto size = model::to_integer(header.substr(1));
    expect(size.has_value() && *size > 0, "$<size>", header);
    const auto bytes = probe_->bytes(static_cast<std::size_t>(*size), kPatience);
    expect(bytes.has_value(), std::to_string(*size) + " bytes of a payload", "fewer");
    rdb = *bytes;
    return rdb;
  }
  const std::string mark = header.substr(5);
  expect(mark.size() == kMark, "$EOF: and 40 characters", header);
  std::string all;
  while (!all.ends_with(mark)) {
    const auto byte = probe_->bytes(1, kPatience);
    expect(byte.has_value(), "the mark again, behind the payload", "no more bytes");
    all += *byte;
  }
  all.resize(all.size() - kMark);
  rdb = all;
  return rdb;
}

void RawReplica::copy() {
  hello(false, true);
  const std::string answer = psync("?", -1);
  expect(answer.starts_with("+FULLRESYNC "), "+FULLRESYNC <id> <offset>", answer);
  payload();
}

void RawReplica::ack(std::int64_t to) { probe_->say({"REPLCONF", "ACK", std::to_string(to)}); }

void RawReplica::ack_until_it_flows() {
  for (int i = 0; i < 50; ++i) {
    ack(offset);
    if (probe_->has(1, Patience(100))) return;
  }
}

std::vector<std::string> RawReplica::command(Patience patience) {
  for (;;) {
    std::string raw;
    const auto argv = probe_->request(patience, &raw);
    if (!argv)
      throw Unmet{"the next command of the stream",
                  probe_->ended() ? "the link is closed"
                  : probe_->pending().empty()
                      ? "nothing"
                      : "no whole command: " + model::quoted(probe_->pending().substr(0, 80))};
    stream += raw;
    offset += static_cast<std::int64_t>(raw.size());
    if (!is(*argv, "ping")) return *argv;
  }
}

std::vector<std::string> RawReplica::data_command(Patience patience) {
  for (;;) {
    auto argv = command(patience);
    const bool getack = argv.size() > 1 && is(argv, "replconf");
    if (!is(argv, "select") && !getack) return argv;
  }
}

bool RawReplica::silent(Patience for_so_long) { return !probe_->has(1, for_so_long); }

// --- a master by hand -------------------------------------------------------------------------------

std::vector<std::vector<std::string>> RawLink::greet() {
  std::vector<std::vector<std::string>> said;
  for (;;) {
    const auto argv = probe_->request(kPatience);
    if (!argv)
      throw Unmet{"a handshake that ends in PSYNC",
                  probe_->ended() ? "the replica hung up" : "the replica says nothing more"};
    said.push_back(*argv);
    if (is(*argv, "psync") && argv->size() >= 3) {
      asked_id = (*argv)[1];
      asked_offset = model::to_integer((*argv)[2]).value_or(-2);
      return said;
    }
    if (is(*argv, "sync")) return said;
    probe_->send(is(*argv, "ping") ? "+PONG\r\n" : "+OK\r\n");
  }
}

void RawLink::full(std::string_view id, std::int64_t at, const std::string& rdb, bool marked) {
  offset = at;
  std::string bytes = "+FULLRESYNC " + std::string(id) + " " + std::to_string(at) + "\r\n";
  const std::string mark(kMark, 'm');
  bytes += marked ? "$EOF:" + mark + "\r\n" : "$" + std::to_string(rdb.size()) + "\r\n";
  bytes += rdb;
  if (marked) bytes += mark;
  probe_->send(bytes);
}

void RawLink::carry_on(std::string_view id) {
  offset = asked_offset - 1;
  probe_->send(id.empty() ? "+CONTINUE\r\n" : "+CONTINUE " + std::string(id) + "\r\n");
}

std::int64_t RawLink::stream(const std::vector<std::string>& argv) {
  std::string bytes;
  model::append_request(bytes, argv);
  probe_->send(bytes);
  return offset += static_cast<std::int64_t>(bytes.size());
}

std::int64_t RawLink::acked(Patience patience) {
  const auto argv = probe_->request(patience);
  if (!argv)
    throw Unmet{"REPLCONF ACK <offset>", probe_->ended() ? "the replica hung up" : "nothing"};
  const bool ack = argv->size() >= 3 && is(*argv, "replconf") && model::same_word((*argv)[1], "ack");
  expect(ack, "REPLCONF ACK <offset>", joined(*argv));
  return model::to_integer((*argv)[2]).value_or(-1);
}

// Those that came by themselves are passed over: it is answered at once.
std::int64_t RawLink::asked_ack() {
  while (!probe_->pending().empty()) acked();
  stream({"REPLCONF", "GETACK", "*"});
  return acked();
}

void RawLink::give_time_to_read() { stage_->run_for(Patience(40)); }

void RawLink::applied() {
  const std::int64_t wanted = offset;
  std::int64_t last = -1;
  stream({"REPLCONF", "GETACK", "*"});
  for (int i = 0; i < 5; ++i) {
    last = acked();
    if (last >= wanted) return;
  }
  throw Unmet{"an ACK of " + std::to_string(wanted), "ACK " + std::to_string(last)};
}

// --- the stage --------------------------------------------------------------------------------------

Stage::Stage(Loop& loop, Address target, std::string password)
    : loop_(loop), target_(std::move(target)), password_(std::move(password)) {}
Stage::~Stage() = default;

void Stage::connect() {
  if (admin_ && !admin_->ended()) return;
  unheard_.clear();
  admin_ = Probe::dial(loop_, target_, unheard_, "client");
  if (!admin_) throw Untested{"nobody answers at " + live::text(target_)};
  our_ip_ = admin_->own().ip;
  if (password_.empty()) return;
  admin_->say({"AUTH", password_});
  const auto reply = admin_->reply(kPatience);
  if (!reply || reply->kind == model::Reply::Kind::error)
    throw Untested{"the password is not taken"};
}

model::Reply Stage::ask(const std::vector<std::string>& argv) {
  connect();
  unheard_.clear();
  admin_->say(argv);
  const auto reply = admin_->reply(kPatience);
  if (!reply) throw Unmet{"a reply to " + joined(argv), "nothing"};
  if (argv[0] != "INFO" && argv[0] != "CONFIG")
    talk_.push_back("client > " + joined(argv) + "  =>  " + model::to_text(*reply).substr(0, 120));
  return *reply;
}

std::string Stage::info(std::string_view field) {
  const std::string all = "\n" + text({"INFO"});
  const std::string name = "\n" + std::string(field) + ":";
  const std::size_t at = all.find(name);
  if (at == std::string::npos) return "";
  const std::size_t begin = at + name.size();
  return all.substr(begin, all.find_first_of("\r\n", begin) - begin);
}

std::int64_t Stage::number(std::string_view field) {
  const auto value = model::to_integer(info(field));
  if (!value) throw Untested{"INFO has no number " + std::string(field)};
  return *value;
}

std::optional<std::string> Stage::look() {
  try {
    const model::Reply pong = ask({"PING"});
    const bool masterdown = pong.text.starts_with("MASTERDOWN");
    if (pong.text != "PONG" && !masterdown) return "PING is answered " + model::to_text(pong);
    if (info("role") == "slave") master_ = {info("master_host"), info("master_port")};
    return std::nullopt;
  } catch (const Untested& untested) {
    return untested.why;
  } catch (const Unmet&) {
    return "it does not answer PING";
  }
}

std::uint64_t Stage::keys() {
  std::uint64_t count = 0;
  const std::string all = text({"INFO", "keyspace"});
  for (std::size_t at = all.find("keys="); at != std::string::npos; at = all.find("keys=", at + 1)) {
    std::uint64_t keys = 0;
    std::from_chars(all.data() + at + 5, all.data() + all.size(), keys);
    count += keys;
  }
  return count;
}

void Stage::set(const std::string& name, const std::string& value) {
  if (!settings_.contains(name)) {
    const model::Reply was = ask({"CONFIG", "GET", name});
    if (was.elements.size() != 2) throw Untested{"it has no setting " + name};
    settings_[name] = was.elements[1].text;
  }
  const model::Reply reply = ask({"CONFIG", "SET", name, value});
  if (reply.kind == model::Reply::Kind::error)
    throw Untested{"CONFIG SET " + name + " " + value + " is answered " + reply.text};
}

void Stage::begin_clause() {
  talk_.clear();
  witness_.reset();
  listener_.reset();
  try {
    if (info("role") != "master") promote();
    for (const auto& [name, value] : std::map<std::string, std::string>{
             {"repl-diskless-sync", "no"},
             {"repl-diskless-sync-delay", "0"},
             {"repl-diskless-load", "disabled"},
             {"repl-ping-replica-period", "3600"},
             {"rdb-key-save-delay", "0"}}) {
      try {
        set(name, value);
      } catch (const Untested&) {  // whoever needs it will say so
      }
    }
    // Those of the clause before are gone, and no snapshot is being taken for them.
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < end &&
           (info("connected_slaves") != "0" || info("rdb_bgsave_in_progress") == "1"))
      run_for(Patience(5));
  } catch (const Unmet&) {
  }
  talk_.clear();
}

void Stage::put_back() {
  witness_.reset();
  listener_.reset();
  try {
    promote();
    for (const std::string& key : ours_) ask({"DEL", key});
    for (const auto& [name, value] : settings_) ask({"CONFIG", "SET", name, value});
    if (master_) ask({"REPLICAOF", master_->first, master_->second});
  } catch (const Unmet&) {
  } catch (const Untested&) {
  }
}

void Stage::promote() { ask({"REPLICAOF", "NO", "ONE"}); }

std::string Stage::key(std::string_view name) {
  return *ours_.insert(std::string(kPrefix) + std::string(name)).first;
}

void Stage::write(std::string_view name, const std::string& value) {
  const model::Reply reply = ask({"SET", key(name), value});
  expect(reply.text == "OK", "OK", model::to_text(reply));
}

void Stage::write_queued(std::string_view name) {
  const model::Reply reply = ask({"SET", key(name), "1"});
  expect(reply.text == "QUEUED", "QUEUED", model::to_text(reply));
}

std::unique_ptr<Probe> Stage::dial(std::string name) {
  auto probe = Probe::dial(loop_, target_, talk_, std::move(name));
  if (!probe) throw Unmet{"a connection", "nobody answers"};
  if (password_.empty()) return probe;
  probe->say({"AUTH", password_});
  probe->line(kPatience);
  return probe;
}

RawReplica& Stage::witness() {
  if (!witness_) {
    witness_ = std::make_unique<RawReplica>(*this, "witness");
    witness_->copy();
    write("seen", "1");
    // Keys of the clause before may have become overdue.
    while (true) {
      const auto seen = witness_->data_command();
      if (seen.size() == 3 && seen[1] == key("seen")) break;
    }
  }
  return *witness_;
}

std::unique_ptr<Listener> Stage::another_listener() {
  auto listener = std::make_unique<Listener>(loop_, Address{our_ip_, 0}, talk_, "master 2");
  if (listener->port() == 0) throw Untested{"we cannot listen on " + our_ip_};
  return listener;
}

RawLink Stage::follow_us() {
  listener_ = std::make_unique<Listener>(loop_, Address{our_ip_, 0}, talk_, "master");
  if (listener_->port() == 0) throw Untested{"we cannot listen on " + our_ip_};
  const model::Reply reply = ask({"REPLICAOF", our_ip_, std::to_string(listener_->port())});
  expect(reply.text.starts_with("OK"), "OK", model::to_text(reply));
  return next_link();
}

RawLink Stage::next_link() {
  auto probe = listener_->next(kDialPatience);
  if (!probe) throw Unmet{"the replica dials", "it does not"};
  return {*this, std::move(probe)};
}

RawLink Stage::copied(std::string_view id, std::int64_t offset, const std::string& rdb) {
  RawLink link = follow_us();
  link.greet();
  link.full(id, offset, rdb);
  link.stream({"SELECT", "0"});
  link.applied();
  return link;
}

std::string Stage::empty_rdb() {
  model::RdbOptions options;
  options.version = 6;  // whoever is tested can read that
  options.server_version.clear();
  return model::encode_rdb(model::Keyspace(1), options);
}

void Stage::run_for(Patience time) { loop_.run_until([] { return false; }, time); }

}  // namespace live
