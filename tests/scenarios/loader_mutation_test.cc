// Whatever becomes of a good file, the reader answers: with a scenario, or with errors that point into
// the text. Never a crash, never an exception, never no answer.

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "tests/support/scenario_files.h"

namespace {

const std::string& good() {
  static const std::string text =
      test_support::contents_of(test_support::in_tree("tests/scenarios/good/every-verb.json"));
  return text;
}

// What is put in: words that mean something somewhere, and bytes that mean nothing anywhere.
const std::vector<std::string>& pieces() {
  static const std::vector<std::string> all = {"{",
                                               "}",
                                               "[",
                                               "]",
                                               ",",
                                               ":",
                                               "\"",
                                               "\\",
                                               "null",
                                               "true",
                                               "0",
                                               "-1",
                                               "1e999",
                                               "18446744073709551616",
                                               "\"\"",
                                               "\"a\"",
                                               "\"5s\"",
                                               "\"@{\"",
                                               "\"@{a.}\"",
                                               "\"'\"",
                                               "{}",
                                               "[]",
                                               "[[[]]]",
                                               "\"\\ud800\"",
                                               "\n",
                                               std::string(1, '\0'),
                                               "\xff",
                                               "\xc3",
                                               "\xef\xbb\xbf",
                                               "\"steps\":",
                                               "\"cut\":",
                                               "\"within\":"};
  return all;
}

void must_answer(const std::string& text) {
  const auto result = scenarios::load_scenario(text, "test");
  const auto* errors = std::get_if<scenarios::LoadErrors>(&result);
  if (errors == nullptr) return;
  RC_ASSERT(!errors->empty());
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  for (const scenarios::LoadError& error : *errors) {
    RC_ASSERT(error.place.line >= 1U);
    RC_ASSERT(error.place.line <= lines);
    RC_ASSERT(error.place.column >= 1U);
    RC_ASSERT(error.place.column <= text.size() + 1);
    RC_ASSERT(!error.problem.empty());
  }
}

RC_GTEST_PROP(Mutations, OfBytes, ()) {
  std::string text = good();
  const auto changes = *rc::gen::container<std::vector<std::tuple<std::size_t, std::size_t, std::size_t>>>(
      rc::gen::tuple(rc::gen::inRange<std::size_t>(0, text.size()), rc::gen::inRange<std::size_t>(0, 12),
                     rc::gen::inRange<std::size_t>(0, pieces().size() + 1)));
  for (const auto& [at, removed, piece] : changes) {
    const std::string put = piece < pieces().size() ? pieces()[piece] : std::string();
    text.replace(std::min(at, text.size()), removed, put);
  }
  must_answer(text);
}

// One whole value is replaced by another one: the text stays JSON, the reader has to make sense of it.
RC_GTEST_PROP(Mutations, OfValues, ()) {
  std::string text = good();
  const std::size_t from = *rc::gen::inRange<std::size_t>(0, text.size());
  const std::size_t colon = text.find(": ", from);
  if (colon == std::string::npos) return;
  std::size_t end = colon + 2;
  int depth = 0;
  bool quoted = false;
  for (; end < text.size(); ++end) {
    const char c = text[end];
    if (quoted && c == '\\') {
      ++end;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && (c == '{' || c == '[')) {
      ++depth;
    } else if (!quoted && (c == '}' || c == ']' || c == ',')) {
      if (depth == 0) break;
      if (c != ',') --depth;
    }
  }
  const std::string put = *rc::gen::elementOf(std::vector<std::string>{"null",
                                                                       "true",
                                                                       "0",
                                                                       "-1",
                                                                       "1.5",
                                                                       "18446744073709551615",
                                                                       "\"\"",
                                                                       "\"a\"",
                                                                       "\"all\"",
                                                                       "\"5s\"",
                                                                       "\"16kb\"",
                                                                       "\"@{a.role}\"",
                                                                       "\"@{\"",
                                                                       "\"50%\"",
                                                                       "\">=\"",
                                                                       "{}",
                                                                       "[]",
                                                                       "[\"a\", \"b\"]",
                                                                       "[[\"a\"], [\"b\"]]",
                                                                       "[null]",
                                                                       "{\"a\": {}}",
                                                                       "{\"a\": \"b\"}",
                                                                       "{\"from\": \"a\", \"to\": \"b\"}",
                                                                       "{\"each\": {}}"});
  must_answer(text.substr(0, colon + 2) + put + text.substr(end));
}

}  // namespace
