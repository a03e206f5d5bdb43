// The house rules that a compiler does not check: who may know whom, which words have no place where
// everything must come out the same twice, and that no file is forgotten or tells of the machine it was
// written on. A rule is a function from a file to what is wrong with it; each is first shown a bad one.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/source_tree.h"

namespace {

namespace fs = std::filesystem;

struct File {
  std::string path;  // from the root of the sources, "model/backlog.h"
  std::string text;
};

using Findings = std::vector<std::string>;  // "path:line: what is wrong"

// --- the rules ------------------------------------------------------------------------------------

// Folder, and what its files may include: folders end in '/', others are single files. The longest
// folder that a file is in counts. tests/ may include anything.
const std::map<std::string, std::vector<std::string>> kMayInclude = {
    {"sim/", {"sim/"}},
    {"model/", {"model/"}},
    {"model/data/", {"model/data/", "model/types.h"}},
    {"model/scripting/", {"model/scripting/", "model/data/"}},
    {"scenarios/", {"scenarios/", "sim/", "model/"}},
    {"scenarios/language/", {"scenarios/language/", "sim/", "model/"}},
    {"scenarios/oracles/", {"scenarios/oracles/", "sim/", "model/"}},
    {"scenarios/world/",
     {"scenarios/world/", "scenarios/oracles/", "scenarios/language/", "sim/", "model/"}},
    {"scenarios/run/",
     {"scenarios/run/", "scenarios/world/", "scenarios/oracles/", "scenarios/language/", "sim/",
      "model/"}},
    {"scenarios/search/",
     {"scenarios/search/", "scenarios/run/", "scenarios/world/", "scenarios/oracles/",
      "scenarios/language/", "sim/", "model/"}},
    {"scenarios/golden/",
     {"scenarios/golden/", "scenarios/world/", "scenarios/oracles/", "scenarios/language/", "sim/",
      "model/"}},
    {"scenarios/arms/",
     {"scenarios/arms/", "scenarios/golden/", "scenarios/run/", "scenarios/world/",
      "scenarios/oracles/", "scenarios/language/", "sim/", "model/"}},
    {"reports/", {"reports/", "sim/trace.h", "sim/time.h"}},
    {"tools/", {"tools/", "scenarios/", "reports/", "sim/trace.h"}},  // to read one for a report
    {"tools/live/",
     {"tools/live/", "model/", "scenarios/", "reports/", "sim/digest.h", "sim/ids.h", "sim/trace.h",
      "sim/trace_writer.h", "sim/time.h"}},
    {"tools/benchmarks/", {"tools/", "scenarios/", "sim/"}},  // measure the kernel by itself
};

// The trace is a target of its own: what it is made of must not reach for the simulator.
const std::set<std::string> kTrace = {"sim/trace.h", "sim/trace.cc", "sim/trace_hash.h",
                                      "sim/trace_writer.h", "sim/time.h"};

struct Word {
  std::string_view word;
  enum class When { always, in_std, as_wall_clock } when = When::always;
};

// Chance comes from sim::Choice alone: all else differs by library, machine or moment.
constexpr auto kChance = std::to_array<Word>({
    {"random_device"},
    {"mt19937"},
    {"mt19937_64"},
    {"default_random_engine"},
    {"rand"},
    {"srand"},
    {"uniform_int_distribution"},
    {"uniform_real_distribution"},
    {"normal_distribution"},
    {"bernoulli_distribution"},
    {"discrete_distribution"},
    {"shuffle", Word::When::in_std},
    {"sample", Word::When::in_std},
    {"hash", Word::When::in_std},
});

// Where time is an argument and order is behaviour, there is no clock, no thread, and no container
// whose order nobody has decided. Assertions are never compiled out.
constexpr auto kWorld = std::to_array<Word>({
    {"unordered_map"},
    {"unordered_set"},
    {"unordered_multimap"},
    {"unordered_multiset"},
    {"time", Word::When::as_wall_clock},
    {"system_clock"},
    {"steady_clock"},
    {"high_resolution_clock"},
    {"gettimeofday"},
    {"clock_gettime"},
    {"sleep"},
    {"usleep"},
    {"nanosleep"},
    {"sleep_for"},
    {"sleep_until"},
    {"thread", Word::When::in_std},
    {"jthread"},
    {"async", Word::When::in_std},
    {"mutex", Word::When::in_std},
    {"atomic", Word::When::in_std},
    {"thread_local"},
    {"getenv"},
    {"NDEBUG"},
});

// Where the data has floating point, by the beginnings of the paths: commands on users' values, scores
// of sorted sets, how both are written, and the numbers of scripts. Never where there is time, order or an offset.
constexpr auto kMayFloat =
    std::to_array<std::string_view>({"model/commands/", "model/data/keyspace.", "model/data/number.",
                                     "model/data/rdb_", "model/data/value.", "model/scripting/"});

bool may_float(std::string_view path) {
  return std::any_of(kMayFloat.begin(), kMayFloat.end(),
                     [&](std::string_view begin) { return path.starts_with(begin); });
}

// Folders of somebody's machine. In two pieces, so that this file does not find itself.
constexpr auto kMachineFolders = std::to_array<std::string_view>({"home", "root", "Users", "work"});

// --- reading --------------------------------------------------------------------------------------

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

std::size_t line_at(std::string_view text, std::size_t position) {
  return 1 + static_cast<std::size_t>(
                 std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(position), '\n'));
}

std::string at_line(const File& file, std::size_t position, const std::string& what) {
  return file.path + ":" + std::to_string(line_at(file.text, position)) + ": " + what;
}

// The end of the comment or literal that begins at `begin`, if one does.
std::optional<std::size_t> end_of_prose(std::string_view text, std::size_t begin) {
  const auto after = [&](std::size_t found, std::size_t length) {
    return found == std::string_view::npos ? text.size() : found + length;
  };
  const std::string_view rest = text.substr(begin);
  if (rest.starts_with("//")) return after(text.find('\n', begin), 0);
  if (rest.starts_with("/*")) return after(text.find("*/", begin + 2), 2);
  const char before = begin == 0 ? ' ' : text[begin - 1];
  if (rest.starts_with("R\"") && !is_word(before)) {
    const std::size_t open = text.find('(', begin);
    if (open == std::string_view::npos) return std::nullopt;
    const std::string close =
        std::string(")").append(text.substr(begin + 2, open - begin - 2)).append("\"");
    return after(text.find(close, open), close.size());
  }
  if (rest[0] == '"' || (rest[0] == '\'' && !is_word(before))) {  // not the ' of 1'000
    std::size_t end = begin + 1;
    while (end < text.size() && text[end] != rest[0]) end += text[end] == '\\' ? 2 : 1;
    return std::min(end + 1, text.size());
  }
  return std::nullopt;
}

// The text with blanks in place of comments and literals: every position stays what it was.
std::string code_of(std::string_view text) {
  std::string code(text);
  for (std::size_t i = 0; i < text.size();) {
    const std::optional<std::size_t> end = end_of_prose(text, i);
    if (!end) {
      ++i;
      continue;
    }
    for (; i < *end; ++i) {
      if (code[i] != '\n') code[i] = ' ';
    }
  }
  return code;
}

struct Include {
  std::size_t position;
  std::string path;
  bool quoted;  // "path", not <path>
};
std::vector<Include> includes_of(std::string_view text) {
  std::vector<Include> found;
  constexpr std::string_view kDirective = "#include ";
  for (std::size_t i = text.find(kDirective); i != std::string_view::npos;
       i = text.find(kDirective, i + 1)) {
    if (i != 0 && text[i - 1] != '\n') continue;
    const std::size_t open = i + kDirective.size();
    const std::size_t close = text.find_first_of("\">\n", open + 1);
    if (close == std::string_view::npos || text[close] == '\n') continue;
    found.push_back({i, std::string(text.substr(open + 1, close - open - 1)), text[open] == '"'});
  }
  return found;
}

bool is_source(const File& file) { return file.path.ends_with(".h") || file.path.ends_with(".cc"); }
bool is_in(const File& file, std::string_view folder) { return file.path.starts_with(folder); }

// --- each rule as a function ------------------------------------------------------------------------

Findings wrong_arrows(const File& file) {
  const std::pair<const std::string, std::vector<std::string>>* room = nullptr;
  for (const auto& entry : kMayInclude) {  // in order, so that longer prefixes come later
    if (is_in(file, entry.first)) room = &entry;
  }
  Findings findings;
  if (room == nullptr || !is_source(file)) return findings;
  for (const Include& include : includes_of(file.text)) {
    if (!include.quoted) continue;
    const bool allowed =
        std::any_of(room->second.begin(), room->second.end(), [&](const std::string& may) {
          return may.ends_with('/') ? include.path.starts_with(may) : include.path == may;
        });
    if (!allowed)
      findings.push_back(
          at_line(file, include.position, room->first + " must not know " + include.path));
    if (allowed && kTrace.contains(file.path) && !kTrace.contains(include.path)) {
      findings.push_back(at_line(file, include.position, "the trace must not need " + include.path));
    }
  }
  return findings;
}

// Heavy libraries stay behind the headers: whoever includes one of ours must not compile them too.
Findings heavy_headers(const File& file) {
  Findings findings;
  if (!file.path.ends_with(".h") || is_in(file, "tests/")) return findings;
  for (const Include& include : includes_of(file.text)) {
    const bool json = include.path.starts_with("nlohmann/") && include.path != "nlohmann/json_fwd.hpp";
    if (json || include.path.starts_with("CLI/") || include.path.starts_with("asio")) {
      findings.push_back(at_line(file, include.position, "a header must not include " + include.path));
    }
  }
  return findings;
}

// Sockets are in one room only.
Findings stray_sockets(const File& file) {
  Findings findings;
  if (!is_source(file) || is_in(file, "tests/") || is_in(file, "tools/live/")) return findings;
  for (const Include& include : includes_of(file.text)) {
    const bool socket = include.path.starts_with("asio") || include.path.starts_with("netinet/") ||
                        include.path.starts_with("arpa/") || include.path == "sys/socket.h" ||
                        include.path == "netdb.h";
    if (socket)
      findings.push_back(at_line(file, include.position, "sockets are for tools/live alone"));
  }
  return findings;
}

bool applies(const Word& banned, std::string_view code, std::size_t begin, std::size_t end) {
  const std::string_view before = code.substr(0, begin);
  switch (banned.when) {
    case Word::When::always: return !before.ends_with('.') && !before.ends_with("->");
    case Word::When::in_std: return before.ends_with("std::");
    case Word::When::as_wall_clock: {  // time(nullptr), not a member of that name
      const std::string_view after = code.substr(end, 9);
      return after.starts_with("(nullptr") || after.starts_with("(NULL") || after.starts_with("(0)") ||
             after.starts_with("(&");
    }
  }
  return false;
}

Findings banned_words(const File& file) {
  Findings findings;
  const bool world = is_in(file, "sim/") || is_in(file, "model/");
  if (!is_source(file) || !(world || is_in(file, "scenarios/"))) return findings;
  std::map<std::string_view, Word> banned;
  for (const Word& word : kChance) banned.emplace(word.word, word);
  if (world) {
    for (const Word& word : kWorld) banned.emplace(word.word, word);
    if (!may_float(file.path)) {
      for (const std::string_view type : {"float", "double"}) banned.emplace(type, Word{type});
    }
  }
  const std::string code = code_of(file.text);
  for (std::size_t i = 0; i < code.size();) {
    std::size_t end = i;
    while (end < code.size() && is_word(code[end])) ++end;
    if (end == i) {
      ++i;
      continue;
    }
    const auto found = banned.find(std::string_view(code).substr(i, end - i));
    if (found != banned.end() && applies(found->second, code, i, end)) {
      findings.push_back(at_line(file, i, "no " + std::string(found->first) + " here"));
    }
    i = end;
  }
  return findings;
}

// Whether the name stands in the list as a word, perhaps behind a variable: "${FOLDER}/name".
bool names(std::string_view list, std::string_view name) {
  constexpr std::string_view kBetween = " \n\t()\"";
  for (std::size_t i = list.find(name); i != std::string_view::npos; i = list.find(name, i + 1)) {
    const std::size_t end = i + name.size();
    const bool begins = i == 0 || kBetween.find(list[i - 1]) != std::string_view::npos ||
                        list.substr(0, i).ends_with("}/");
    if (begins && (end == list.size() || kBetween.find(list[end]) != std::string_view::npos))
      return true;
  }
  return false;
}

// `lists` are the CMakeLists.txt, by their folder ("" or "model/"). A file may be named as it is seen
// from there, or by its path from the root.
Findings forgotten(const File& file, const std::map<std::string, std::string>& lists) {
  if (!file.path.ends_with(".cc")) return {};
  for (const auto& [folder, list] : lists) {
    const std::string from_there = fs::path(file.path)
                                       .lexically_relative(fs::path("./" + folder).lexically_normal())
                                       .generic_string();
    if (names(list, from_there) || names(list, file.path)) return {};
  }
  return {file.path + ": no CMakeLists.txt names it"};
}

Findings machine_paths(const File& file) {
  Findings findings;
  for (const std::string_view folder : kMachineFolders) {
    const std::string path = std::string("/").append(folder).append("/");
    for (std::size_t i = file.text.find(path); i != std::string::npos;
         i = file.text.find(path, i + 1)) {
      const char before = i == 0 ? ' ' : file.text[i - 1];
      const std::size_t end = i + path.size();
      if (is_word(before) || before == '.' || before == '}' || end == file.text.size() ||
          !is_word(file.text[end]))
        continue;
      findings.push_back(at_line(file, i, "a path of somebody's machine"));
    }
  }
  return findings;
}

// --- the house --------------------------------------------------------------------------------------

// Everything but what is built, and what begins with a dot (.ci excepted).
const std::vector<File>& house() {
  static const std::vector<File> files = [] {
    std::vector<File> found;
    const fs::path root = test_support::in_tree("");
    for (auto entry = fs::recursive_directory_iterator(root);
         entry != fs::recursive_directory_iterator(); ++entry) {
      const std::string path = entry->path().lexically_relative(root).generic_string();
      const std::string name = entry->path().filename().string();
      if (entry->is_directory() &&
          ((name.starts_with('.') && name != ".ci") || path.starts_with("build") || path == "out")) {
        entry.disable_recursion_pending();
      }
      if (!entry->is_regular_file() || name == ".git") continue;  // which a linked copy has as a file
      std::ifstream in(entry->path(), std::ios::binary);
      found.push_back({path, {std::istreambuf_iterator<char>(in), {}}});
    }
    std::sort(found.begin(), found.end(), [](const File& a, const File& b) { return a.path < b.path; });
    return found;
  }();
  return files;
}

std::map<std::string, std::string> cmake_lists() {
  constexpr std::string_view kName = "CMakeLists.txt";
  std::map<std::string, std::string> lists;
  for (const File& file : house()) {
    if (file.path != kName && !file.path.ends_with(std::string("/").append(kName))) continue;
    lists[file.path.substr(0, file.path.size() - kName.size())] = file.text;
  }
  return lists;
}

template <class Rule>
std::string broken(Rule rule) {
  std::string all;
  for (const File& file : house()) {
    for (const std::string& finding : rule(file)) all += finding + "\n";
  }
  return all;
}

TEST(House, IsThere) {
  const auto sources = std::count_if(house().begin(), house().end(), is_source);
  EXPECT_GT(sources, 20);
}

TEST(House, ArrowsPointDownOnly) { EXPECT_EQ(broken(wrong_arrows), ""); }
TEST(House, HeadersKeepHeavyLibrariesToThemselves) { EXPECT_EQ(broken(heavy_headers), ""); }
TEST(House, SocketsAreInOneRoom) { EXPECT_EQ(broken(stray_sockets), ""); }
TEST(House, NothingInTheWorldDependsOnTheMachine) { EXPECT_EQ(broken(banned_words), ""); }
TEST(House, EverySourceIsBuilt) {
  EXPECT_EQ(broken([lists = cmake_lists()](const File& file) { return forgotten(file, lists); }), "");
}
TEST(House, NamesNoFolderOfSomebodysMachine) { EXPECT_EQ(broken(machine_paths), ""); }

// --- each rule can fail
// -------------------------------------------------------------------------------

TEST(HouseRule, ArrowsAreSeen) {
  EXPECT_EQ(wrong_arrows({"model/a.h", "#pragma once\n#include \"sim/time.h\"\n"}),
            Findings{"model/a.h:2: model/ must not know sim/time.h"});
  EXPECT_EQ(wrong_arrows({"sim/a.cc", "#include \"model/types.h\"\n"}).size(), 1U);
  EXPECT_EQ(wrong_arrows({"reports/a.cc", "#include \"sim/kernel.h\"\n"}).size(), 1U);
  EXPECT_EQ(wrong_arrows({"scenarios/a.cc", "#include \"tools/a.h\"\n"}).size(), 1U);
  EXPECT_EQ(wrong_arrows({"tools/a.cc", "#include \"model/server.h\"\n"}).size(), 1U);
  EXPECT_EQ(wrong_arrows({"tools/a.cc", "#include \"a.h\"\n"}).size(), 1U);  // not from the root
  EXPECT_EQ(wrong_arrows({"sim/trace.h", "#include \"sim/kernel.h\"\n"}).size(), 1U);
}

TEST(HouseRule, ArrowsThatAreRightPass) {
  EXPECT_EQ(wrong_arrows({"reports/a.cc", "#include \"sim/trace.h\"\n#include <vector>\n"}),
            Findings{});
  EXPECT_EQ(
      wrong_arrows({"scenarios/a.cc", "#include \"sim/kernel.h\"\n#include \"model/server.h\"\n"}),
      Findings{});
  EXPECT_EQ(wrong_arrows({"tools/live/a.cc", "#include \"model/server.h\"\n"}), Findings{});
  EXPECT_EQ(wrong_arrows({"tests/sim/a.cc", "#include \"tools/a.h\"\n"}), Findings{});
}

TEST(HouseRule, HeavyHeadersAreSeen) {
  EXPECT_EQ(heavy_headers({"scenarios/a.h", "#include <nlohmann/json.hpp>\n"}).size(), 1U);
  EXPECT_EQ(heavy_headers({"tools/a.h", "#include <CLI/CLI.hpp>\n"}).size(), 1U);
  EXPECT_EQ(heavy_headers({"tools/live/a.h", "#include <asio.hpp>\n"}).size(), 1U);
  EXPECT_EQ(heavy_headers({"scenarios/a.h", "#include <nlohmann/json_fwd.hpp>\n"}), Findings{});
  EXPECT_EQ(heavy_headers({"scenarios/a.cc", "#include <nlohmann/json.hpp>\n"}), Findings{});
}

TEST(HouseRule, StraySocketsAreSeen) {
  EXPECT_EQ(stray_sockets({"tools/a.cc", "#include <sys/socket.h>\n"}),
            Findings{"tools/a.cc:1: sockets are for tools/live alone"});
  EXPECT_EQ(stray_sockets({"scenarios/a.cc", "#include <asio/ip/tcp.hpp>\n"}).size(), 1U);
  EXPECT_EQ(stray_sockets({"tools/live/a.cc", "#include <asio.hpp>\n"}), Findings{});
}

TEST(HouseRule, EachBannedWordIsSeen) {
  for (const auto& words :
       {std::vector(kChance.begin(), kChance.end()), std::vector(kWorld.begin(), kWorld.end())}) {
    for (const Word& word : words) {
      const std::string use = (word.when == Word::When::in_std ? "std::" : "") +
                              std::string(word.word) +
                              (word.when == Word::When::as_wall_clock ? "(nullptr)" : "") + ";\n";
      EXPECT_EQ(banned_words({"sim/a.cc", "\n" + use}),
                Findings{"sim/a.cc:2: no " + std::string(word.word) + " here"});
    }
  }
  EXPECT_EQ(banned_words({"model/a.h", "double lag = 0;"}).size(), 1U);
  EXPECT_EQ(banned_words({"scenarios/a.cc", "std::shuffle(a, b, c);"}).size(), 1U);
}

TEST(HouseRule, BannedWordsAreOnlyThoseOfTheCode) {
  EXPECT_EQ(banned_words({"sim/a.cc",
                          "// no double, no std::thread\n/* rand() */ f(\"NDEBUG\", R\"x(float)x\");"}),
            Findings{});
  EXPECT_EQ(
      banned_words({"sim/a.cc",
                    "time(at); x.time(); int timeout; hash(1); link.sleep(); y = 1'000; z = '\\'';"}),
      Findings{});
  EXPECT_EQ(banned_words({"model/data/number.h", "double score;"}), Findings{});
  EXPECT_EQ(banned_words({"tools/a.cc", "std::thread worker; double seconds;"}), Findings{});
  // What follows a literal is code again.
  EXPECT_EQ(banned_words({"sim/a.cc", "f(\"a \\\" b\"); float x; 'a'; float y;"}).size(), 2U);
}

TEST(HouseRule, ForgottenFilesAreSeen) {
  const std::map<std::string, std::string> lists = {
      {"", "add_executable(a ${PROJECT_SOURCE_DIR}/elsewhere/far.cc)"},
      {"model/", "add_library(m STATIC backlog.cc\n            deep/inner.cc ../shared/both.cc)"}};
  EXPECT_EQ(forgotten({"model/log.cc", ""}, lists),
            Findings{"model/log.cc: no CMakeLists.txt names it"});
  EXPECT_EQ(forgotten({"model/other/backlog.cc", ""}, lists).size(), 1U);
  EXPECT_EQ(forgotten({"model/backlog.cc", ""}, lists), Findings{});
  EXPECT_EQ(forgotten({"model/deep/inner.cc", ""}, lists), Findings{});
  EXPECT_EQ(forgotten({"elsewhere/far.cc", ""}, lists), Findings{});
  EXPECT_EQ(forgotten({"shared/both.cc", ""}, lists), Findings{});
  EXPECT_EQ(forgotten({"model/both.cc", ""}, lists).size(), 1U);
  EXPECT_EQ(forgotten({"model/backlog.h", ""}, lists), Findings{});
}

TEST(HouseRule, MachinePathsAreSeen) {
  for (const std::string_view folder : kMachineFolders) {
    const std::string path = std::string("/").append(folder).append("/me");
    EXPECT_EQ(machine_paths({"a.md", "see\n" + path}),
              Findings{"a.md:2: a path of somebody's machine"});
    EXPECT_EQ(machine_paths({"a.md", "see a" + path}), Findings{});
  }
}

}  // namespace
