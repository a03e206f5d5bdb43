// LCS: the longest common subsequence of two strings.
#include <algorithm>
#include <array>
#include <utility>

#include "model/commands/command_parts.h"
#include "model/commands/families.h"
#include "model/data/text.h"

namespace model {
namespace {

struct LcsOptions {
  bool length_only = false, indexes = false, with_lengths = false;
  std::int64_t shortest = 0;
};

struct Match {  // both ends inside
  std::size_t a_first, a_last, b_first, b_last;
  std::size_t size() const { return a_last - a_first + 1; }
};

// lengths[i][j]: of the longest one of the first i and the first j bytes.
class Table {
 public:
  Table(const std::string& a, const std::string& b)
      : width_(b.size() + 1), cells_((a.size() + 1) * width_) {
    for (std::size_t i = 1; i <= a.size(); ++i)
      for (std::size_t j = 1; j <= b.size(); ++j)
        cells_[i * width_ + j] =
            a[i - 1] == b[j - 1] ? at(i - 1, j - 1) + 1 : std::max(at(i - 1, j), at(i, j - 1));
  }
  std::uint32_t at(std::size_t i, std::size_t j) const { return cells_[i * width_ + j]; }

 private:
  std::size_t width_;
  std::vector<std::uint32_t> cells_;
};

// From the end, as Redis walks; runs that touch in both strings are one match.
std::vector<Match> matches_of(const std::string& a, const std::string& b, const Table& table,
                              std::string& common) {
  std::vector<Match> found;
  for (std::size_t i = a.size(), j = b.size(); i > 0 && j > 0;) {
    if (a[i - 1] == b[j - 1]) {
      common += a[i - 1];
      Match* const last = found.empty() ? nullptr : &found.back();
      if (last != nullptr && last->a_first == i && last->b_first == j) {
        --last->a_first;
        --last->b_first;
      } else {
        found.push_back({i - 1, i - 1, j - 1, j - 1});
      }
      --i;
      --j;
    } else if (table.at(i - 1, j) > table.at(i, j - 1)) {
      --i;
    } else {
      --j;
    }
  }
  std::reverse(common.begin(), common.end());
  return found;
}

std::optional<LcsOptions> parse(Call& call) {
  LcsOptions options;
  for (std::size_t i = 3; i < call.argv.size(); ++i) {
    const std::string& word = call.argv[i];
    if (same_word(word, "IDX")) {
      options.indexes = true;
    } else if (same_word(word, "LEN")) {
      options.length_only = true;
    } else if (same_word(word, "WITHMATCHLEN")) {
      options.with_lengths = true;
    } else if (same_word(word, "MINMATCHLEN") && i + 1 < call.argv.size()) {
      const auto shortest = integer_argument(call, call.argv[++i]);
      if (!shortest) return std::nullopt;
      options.shortest = std::max<std::int64_t>(*shortest, 0);
    } else {
      call.syntax_error();
      return std::nullopt;
    }
  }
  if (!options.indexes || !options.length_only) return options;
  call.error("ERR If you want both the length and indexes, please just use IDX.");
  return std::nullopt;
}

void reply_span(Call& call, std::size_t first, std::size_t last) {
  call.reply.array(2);
  call.reply.integer(static_cast<std::int64_t>(first));
  call.reply.integer(static_cast<std::int64_t>(last));
}

void lcs(Call& call) {
  std::array<std::string, 2> texts;
  for (std::size_t i = 0; i < 2; ++i) {
    const Entry* const entry = call.look(call.argv[i + 1]);
    const String* const string = entry == nullptr ? nullptr : std::get_if<String>(&entry->value);
    if (entry != nullptr && string == nullptr)
      return call.error("ERR The specified keys must contain string values");
    if (string != nullptr) texts[i] = *string;
  }
  const auto options = parse(call);
  if (!options) return;
  const Table table(texts[0], texts[1]);
  const auto length = static_cast<std::int64_t>(table.at(texts[0].size(), texts[1].size()));
  if (options->length_only) return call.reply.integer(length);
  std::string common;
  std::vector<Match> found = matches_of(texts[0], texts[1], table, common);
  if (!options->indexes) return call.reply.bulk(common);
  std::erase_if(found, [&](const Match& match) {
    return match.size() < static_cast<std::uint64_t>(options->shortest);
  });
  call.reply.array(4);
  call.reply.bulk("matches");
  call.reply.array(found.size());
  for (const Match& match : found) {
    call.reply.array(options->with_lengths ? 3 : 2);
    reply_span(call, match.a_first, match.a_last);
    reply_span(call, match.b_first, match.b_last);
    if (options->with_lengths) call.reply.integer(static_cast<std::int64_t>(match.size()));
  }
  call.reply.bulk("len");
  call.reply.integer(length);
}

constexpr auto kCommands = std::to_array<Command>({{"lcs", -3, flag::readonly, lcs}});

}  // namespace

std::span<const Command> lcs_commands() {
  return kCommands;
}

}  // namespace model
