// Reading values of a scenario file, with errors collected and never thrown: whoever reads goes on
// with a default, so that a person learns of everything that is wrong at once.
//
//      Fields step(value, "a sleep step", errors);
//      step.duration("sleep", sleep.time);           // absent: keeps the default
//      step.text("why", why);
//      step.finish();                                // complains about fields that nobody asked for
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scenarios/language/json_places.h"
#include "sim/time.h"

namespace scenarios {

using Words = std::vector<std::string_view>;

class Errors {
 public:
  explicit Errors(const Document& document) : document_(document) {}

  // "expected `expected`, found <the value>", with the nearest of `known`, if given, to a text.
  void expected(const Value& at, std::string expected, const Words& known = {});
  void unknown_key(const Value& member, std::string expected, const Words& known);
  void missing(const Value& object, std::string_view key, std::string_view what);
  // A sentence of its own, which says what is impossible.
  void say(const Value& at, std::string problem);
  void say_about_key(const Value& member, std::string problem);

  const Document& document() const { return document_; }
  // There are more errors than anybody reads: what follows is counted, and not worth a long search.
  bool crowded() const { return errors_.size() >= kMostErrors; }
  bool none() const { return errors_.empty(); }
  std::size_t left_out() const { return more_; }
  LoadErrors take() { return std::move(errors_); }

 private:
  std::string shown(const Value& value) const;
  void add(Place place, std::string expected, std::string found, std::string nearest);

  void add(LoadError error);

  const Document& document_;
  LoadErrors errors_;
  std::size_t more_ = 0;
};

std::string listed(const Words& words);  // "rst, fin or none"

// --- single values --------------------------------------------------------------------------------
// Nothing, and an error, if the value is not of the kind that is named.

constexpr sim::Duration kLongest = std::chrono::hours(10'000);

struct Range {
  std::int64_t low = 0;
  std::int64_t high = std::numeric_limits<std::int64_t>::max();
};

std::optional<std::string> read_text(const Value& value, Errors& errors, std::string_view what = "a text");
std::optional<bool> read_flag(const Value& value, Errors& errors);
std::optional<std::int64_t> read_whole(const Value& value, Errors& errors, Range range);
std::optional<std::size_t> read_word(const Value& value, Errors& errors, const Words& known);  // its index
// "250ms", "1.5s", "2m": a unit is needed. Below zero only where `signed_one` says so.
std::optional<sim::Duration> read_duration(const Value& value, Errors& errors, bool signed_one = false);
// A number of bytes, or "16kb" as redis.conf writes it.
std::optional<std::int64_t> read_size(const Value& value, Errors& errors, Range range);
// Bytes a second: "10kb" or "10kb/s".
std::optional<std::uint64_t> read_bandwidth(const Value& value, Errors& errors);
// A text, or a list of them.
std::vector<std::pair<std::string, const Value*>> read_texts(const Value& value, Errors& errors,
                                                             std::string_view what);

// --- objects --------------------------------------------------------------------------------------

class Fields {
 public:
  // `what` it is, for messages: "a run step".
  Fields(const Value& value, std::string_view what, Errors& errors);

  const Value& value() const { return value_; }
  bool is_object() const { return value_.kind == Value::Kind::object; }
  const Value* get(std::string_view key);                          // null: not there
  const Value* need(std::string_view key, std::string_view what);  // the same, and an error

  // Each leaves `into` as it is when the field is absent or wrong; an error for wrong ones.
  void text(std::string_view key, std::string& into);
  void flag(std::string_view key, bool& into);
  void duration(std::string_view key, sim::Duration& into, bool signed_one = false);
  void duration(std::string_view key, std::optional<sim::Duration>& into);
  template <class Number>
  void whole(std::string_view key, Number& into, Range range) {
    if (const Value* value = get(key)) {
      if (const auto read = read_whole(*value, errors_, range)) into = static_cast<Number>(*read);
    }
  }
  template <class Number>
  void size(std::string_view key, Number& into, Range range) {
    if (const Value* value = get(key)) {
      if (const auto read = read_size(*value, errors_, range)) into = static_cast<Number>(*read);
    }
  }
  // One of some words, which stand for the values beside them.
  template <class Choice>
  void choice(std::string_view key, Choice& into,
              const std::vector<std::pair<std::string_view, Choice>>& choices) {
    const Value* value = get(key);
    if (value == nullptr) return;
    Words words;
    for (const auto& [word, meaning] : choices) words.push_back(word);
    if (const auto chosen = read_word(*value, errors_, words)) into = choices[*chosen].second;
  }

  void finish();

 private:
  const Value& value_;
  std::string what_;
  Errors& errors_;
  std::set<std::string, std::less<>> asked_;
};

}  // namespace scenarios
