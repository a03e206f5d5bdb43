// A keyspace on a bench: runs data commands without a server around them, and says in text what a
// client would read and what the stream would carry.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/commands/command.h"
#include "model/data/keyspace.h"
#include "model/data/text.h"

namespace model_test {

// Always the same draws: 0, 1, 2, ... below the bound.
class CountingChance final : public model::Chance {
 public:
  std::uint64_t below(std::uint64_t bound) override { return next_++ % bound; }

 private:
  std::uint64_t next_ = 0;
};

struct Outcome {
  std::string reply;                     // as bytes
  std::vector<model::Operation> stream;  // of one unit, unwrapped
};

class Bench {
 public:
  model::Keyspace data;
  unsigned db = 0;
  model::WallTime now{std::chrono::milliseconds(1'700'000'000'000)};
  model::Overdue overdue = model::Overdue::erase_and_tell;

  static const model::Command* find(std::string_view name) {
    for (const auto family : model::data_commands())
      for (const model::Command& command : family)
        if (model::same_word(command.name, name)) return &command;
    return nullptr;
  }

  Outcome run(const std::vector<std::string>& argv) {
    Outcome outcome;
    const model::Command* const command = find(argv.at(0));
    model::ReplyWriter writer(outcome.reply);
    const auto count = static_cast<int>(argv.size());
    if (command == nullptr) {
      writer.error("ERR unknown command");
      return outcome;
    }
    if (command->arity > 0 ? count != command->arity : count < -command->arity) {
      writer.error("ERR wrong number of arguments for '" + model::lower(argv[0]) + "' command");
      return outcome;
    }
    model::Call call{data, db, argv, now, overdue, rules_, chance_, writer};
    command->run(call);
    outcome.stream = std::move(call.before);
    if (call.dirty == 0 && !call.force) return outcome;
    if (call.instead) {
      for (model::Operation& operation : *call.instead)
        outcome.stream.push_back(std::move(operation));
    } else {
      outcome.stream.push_back({db, argv});
    }
    return outcome;
  }

  // The reply, then a line "  > ..." for each operation in the stream.
  std::vector<std::string> run_line(std::string_view line) {
    const std::optional<std::vector<std::string>> argv = model::split_line(line);
    if (!argv || argv->empty()) return {"not a command"};
    if (argv->front().front() == '!') return adjust(*argv);
    const Outcome outcome = run(*argv);
    model::ReplyParser parser;
    parser.feed(outcome.reply);
    std::vector<std::string> lines;
    for (model::Reply reply; parser.next(reply) == model::ReplyParser::Got::reply;)
      lines.push_back(model::to_text(reply));
    if (parser.pending() > 0) lines.push_back("broken reply");
    for (const model::Operation& operation : outcome.stream) {
      lines.push_back(operation.db == db ? "  >" : "  " + std::to_string(operation.db) + ">");
      for (const std::string& word : operation.argv) lines.back() += ' ' + plain_or_quoted(word);
    }
    return lines;
  }

 private:
  // !db 1, !wait 100 (ms), !overdue hide
  std::vector<std::string> adjust(const std::vector<std::string>& argv) {
    constexpr std::array<std::string_view, 4> kOverdue = {"erase_and_tell", "hide", "ignore",
                                                          "erase_quietly"};
    if (argv.size() != 2) return {"not a directive"};
    if (argv[0] == "!db") db = static_cast<unsigned>(std::stoul(argv[1]));
    if (argv[0] == "!wait") now += std::chrono::milliseconds(std::stoll(argv[1]));
    for (std::size_t i = 0; argv[0] == "!overdue" && i < kOverdue.size(); ++i)
      if (argv[1] == kOverdue[i]) overdue = static_cast<model::Overdue>(i);
    return {};
  }

  static std::string plain_or_quoted(const std::string& word) {
    const std::string in_quotes = model::quoted(word);
    const bool plain = !word.empty() && in_quotes.size() == word.size() + 2 &&
                       word.find_first_of(" '") == std::string::npos;
    return plain ? word : in_quotes;
  }

  model::Rules rules_;
  CountingChance chance_;
};

}  // namespace model_test
