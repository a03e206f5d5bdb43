#include "scenarios/world/script.h"

#include <algorithm>

#include "model/data/keyspace.h"
#include "model/data/number.h"
#include "model/data/rdb.h"
#include "model/data/text.h"

namespace scenarios {
namespace {

std::string empty_snapshot(bool good) {
  std::string rdb = model::encode_rdb(model::Keyspace(), model::RdbOptions());
  if (!good) rdb.back() = static_cast<char>(rdb.back() ^ 1);  // of the checksum
  return "$" + std::to_string(rdb.size()) + "\r\n" + rdb;
}

std::string part_bytes(std::string part) {
  if (part == "@rdb" || part == "@badrdb") return empty_snapshot(part == "@rdb");
  const bool is_line = part.starts_with('+') || part.starts_with('-') || part.starts_with(':');
  if (is_line && !part.ends_with("\r\n")) part += "\r\n";
  return part;
}

// The number of "@sleep:50"; 0 when it is none.
std::optional<std::int64_t> number_behind(std::string_view part, std::string_view word) {
  if (!part.starts_with(word)) return std::nullopt;
  return std::max<std::int64_t>(0, model::to_integer(part.substr(word.size())).value_or(0));
}

std::deque<std::string> split(std::string_view reply) {
  std::deque<std::string> parts;
  while (!reply.empty()) {
    const std::size_t bar = std::min(reply.find('|'), reply.size());
    parts.emplace_back(reply.substr(0, bar));
    reply.remove_prefix(std::min(bar + 1, reply.size()));
  }
  return parts;
}

// The line for a request: by its first two words, else by its first. Null: there is none.
const std::vector<std::string>* replies_to(const Replies& script,
                                           const std::vector<std::string>& argv) {
  const std::vector<std::string>* found = nullptr;
  if (argv.empty()) return found;
  for (const auto& [words, replies] : script) {
    if (argv.size() >= 2 && model::same_word(words, argv[0] + ' ' + argv[1])) return &replies;
    if (model::same_word(words, argv[0])) found = &replies;
  }
  return found;
}

}  // namespace

void PeerScript::speak(const Replies& replies, sim::Instant now, std::string& out) {
  std::vector<std::string> argv;
  while (!silent_ && end_ == End::none) {
    if (due_ && *due_ > now) return;
    due_.reset();
    if (!drops_.empty()) {
      emit(std::string_view(drops_).substr(0, 1), out);
      drops_.erase(0, 1);
      due_ = now + between_drops_;
    } else if (!parts_.empty()) {
      std::string part = std::move(parts_.front());
      parts_.pop_front();
      take(std::move(part), now, out);
    } else {
      if (in_.next(argv) != model::RequestParser::Got::request) return;
      const std::vector<std::string>* const lines = replies_to(replies, argv);
      if (lines == nullptr || lines->empty()) continue;
      left_.reset();
      between_drops_ = sim::Duration{0};
      parts_ = split((*lines)[std::min(connection_, lines->size() - 1)]);
    }
  }
}

void PeerScript::take(std::string part, sim::Instant now, std::string& out) {
  if (part == "@close" || part == "@rst") {
    end_ = part == "@rst" ? End::rst : End::fin;
  } else if (part == "@silence") {
    silent_ = true;
  } else if (const auto pause = number_behind(part, "@sleep:")) {
    due_ = now + std::chrono::milliseconds(*pause);
  } else if (const auto each = number_behind(part, "@trickle:")) {
    between_drops_ = std::chrono::milliseconds(*each);
  } else if (const auto count = number_behind(part, "@cut:")) {
    left_ = static_cast<std::uint64_t>(*count);
  } else if (between_drops_ > sim::Duration{0}) {
    drops_ = part_bytes(std::move(part));
  } else {
    emit(part_bytes(std::move(part)), out);
  }
}

void PeerScript::emit(std::string_view bytes, std::string& out) {
  if (left_) bytes = bytes.substr(0, *left_);
  out += bytes;
  if (!left_) return;
  *left_ -= bytes.size();
  if (*left_ == 0) end_ = End::fin;
}

}  // namespace scenarios
