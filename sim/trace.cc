#include "sim/trace.h"

#include <array>
#include <charconv>
#include <istream>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <type_traits>
#include <utility>

#include "sim/trace_writer.h"

namespace sim {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kFormat = "replsim-trace";
constexpr int kVersion = 1;
constexpr std::uint64_t kLargestExact = std::uint64_t{1} << 53;  // what any JSON number carries

// --- text ---------------------------------------------------------------------------------------
//
// A JSON string holds characters, a record's string holds bytes. A string that reads as UTF-8 and has
// a character past U+00FF is written as those characters; any other one character a byte. The reader
// tells them apart by that character, so every string comes back as it was.

// The next character of `text` at `at`, which moves past it; nothing if that is not UTF-8.
std::optional<std::uint32_t> next_character(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(
                                             static_cast<unsigned char>(text[i])); };
  const std::uint32_t first = byte(at++);
  if (first < 0x80) return first;
  const std::size_t more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
  if (first < 0xc2 || first > 0xf4 || text.size() - at < more) return std::nullopt;
  std::uint32_t character = first & (0x3fU >> more);
  for (std::size_t i = 0; i < more; ++i, ++at) {
    if ((byte(at) & 0xc0) != 0x80) return std::nullopt;
    character = character << 6 | (byte(at) & 0x3f);
  }
  constexpr std::array<std::uint32_t, 4> kSmallest = {0, 0x80, 0x800, 0x10000};
  const bool surrogate = character >= 0xd800 && character <= 0xdfff;
  if (character < kSmallest[more] || character > 0x10ffff || surrogate) return std::nullopt;
  return character;
}

struct Reading {
  bool utf8 = true;
  bool past_bytes = false;  // has a character that is no byte
};

Reading read_characters(std::string_view text) {
  Reading reading;
  for (std::size_t at = 0; at < text.size();) {
    const auto character = next_character(text, at);
    if (!character) return {.utf8 = false, .past_bytes = false};
    reading.past_bytes |= *character > 0xff;
  }
  return reading;
}

std::string as_characters(std::string_view bytes) {
  const Reading reading = read_characters(bytes);
  if (reading.utf8 && reading.past_bytes) return std::string(bytes);
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80) text.push_back(static_cast<char>(0xc0 | byte >> 6));
    text.push_back(static_cast<char>(byte < 0x80 ? byte : 0x80 | (byte & 0x3f)));
  }
  return text;
}

std::string as_bytes(const std::string& text) {
  if (read_characters(text).past_bytes) return text;
  std::string bytes;
  for (std::size_t at = 0; at < text.size();) {
    bytes.push_back(static_cast<char>(*next_character(text, at)));  // JSON has checked the UTF-8
  }
  return bytes;
}

// --- writing ------------------------------------------------------------------------------------

void append_string(std::string& line, std::string_view text) {
  const auto plain = [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; };
  if (std::all_of(text.begin(), text.end(), plain)) {
    line.append(1, '"').append(text).append(1, '"');
  } else {
    line += Json(as_characters(text)).dump(-1, ' ', true);
  }
}

template <class N>
void append_number(std::string& line, N number) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  line.append(digits.data(), end);
}

struct Writer {
  std::string& line;

  template <class F>
  void operator()(std::string_view name, const F& field) {
    line.append(",\"").append(name).append("\":");
    if constexpr (!std::is_integral_v<F>) {
      append_string(line, field);
    } else {
      bool quoted = false;
      if constexpr (sizeof(F) == 8) {
        const auto number = static_cast<std::uint64_t>(field);
        quoted = std::min(number, std::is_signed_v<F> ? 0 - number : number) > kLargestExact;
      }
      if (quoted) line += '"';
      append_number(line, field);
      if (quoted) line += '"';
    }
  }
};

std::string hex(std::uint64_t number) {
  std::string digits(16, '0');
  for (std::size_t i = 16; i-- > 0; number >>= 4) digits[i] = "0123456789abcdef"[number & 15];
  return digits;
}

// --- reading ------------------------------------------------------------------------------------

// Takes the fields of one record out of an object and keeps the first thing that is wrong.
struct Reader {
  const Json& object;
  std::size_t taken = 0;
  std::string problem;

  void wrong(std::string_view name, std::string_view expected, const Json& found) {
    if (!problem.empty()) return;
    problem.append("\"").append(name).append("\": expected ").append(expected);
    problem.append(", found ").append(found.dump(-1, ' ', true, Json::error_handler_t::replace));
  }

  template <class F>
  void operator()(std::string_view name, F& field) {
    const auto at = object.find(name);
    if (at == object.end()) {
      if (problem.empty()) problem.append("no \"").append(name).append("\"");
      return;
    }
    ++taken;
    if constexpr (std::is_integral_v<F>) {
      if (!number(*at, field)) wrong(name, "a whole number that fits", *at);
    } else if (at->is_string()) {
      field = as_bytes(at->template get_ref<const std::string&>());
    } else {
      wrong(name, "a string", *at);
    }
  }

  template <class F>
  static bool number(const Json& value, F& field) {
    if (value.is_number_integer()) {  // also true of unsigned ones
      if (value.is_number_unsigned()) {
        const auto wide = value.get<std::uint64_t>();
        field = static_cast<F>(wide);
        return wide <= static_cast<std::uint64_t>(std::numeric_limits<F>::max());
      }
      const auto wide = value.get<std::int64_t>();
      field = static_cast<F>(wide);
      return std::is_signed_v<F> &&
             wide >= static_cast<std::int64_t>(std::numeric_limits<F>::min());
    }
    if (!value.is_string()) return false;
    const auto& digits = value.get_ref<const std::string&>();
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), field);
    return error == std::errc{} && end == digits.data() + digits.size();
  }
};

// Reads the alternative of record::Any whose kind it is. Nothing if there is none of that kind.
template <class R>
bool read_as(std::string_view kind, Reader& reader, record::Any& any) {
  if (kind != R::kind) return false;
  R record;
  record.fields(reader);
  any = std::move(record);
  return true;
}

template <class... Rs>
bool read_any(std::string_view kind, Reader& reader, std::variant<Rs...>& any) {
  return (read_as<Rs>(kind, reader, any) || ...);
}

// One record line, or what is wrong with it.
std::variant<Record, std::string> read_record(const Json& object) {
  Reader reader{object, 0, {}};
  std::int64_t t = 0;
  std::string kind;
  reader("t", t);
  reader("kind", kind);
  Record record;
  if (reader.problem.empty() && !read_any(kind, reader, record.what)) {
    return "unknown kind " + object["kind"].dump(-1, ' ', true);
  }
  if (!reader.problem.empty()) return reader.problem;
  if (reader.taken != object.size()) return "a field that a record of this kind does not have";
  record.at = Instant{Duration{t}};
  return record;
}

std::optional<std::string> wrong_header(const Json& object) {
  if (object.value("format", Json()) != Json(kFormat)) return "not a replsim trace";
  if (object.value("version", Json()) != Json(kVersion)) {
    return "expected version " + std::to_string(kVersion) + " of the trace format";
  }
  return std::nullopt;
}

std::optional<std::string> wrong_footer(const Json& object, const Trace& trace) {
  const auto records = trace.records().size();
  if (object.value("records", Json()) != Json(records)) {
    return "there are " + std::to_string(records) + " records, the last line says otherwise";
  }
  if (object.value("hash", Json()) != Json(hex(trace.hash()))) {
    return "the records hash to " + hex(trace.hash()) + ", the last line says otherwise";
  }
  return std::nullopt;
}

}  // namespace

namespace {

void write_header(std::ostream& out) {
  out << "{\"format\":\"" << kFormat << "\",\"version\":" << kVersion << "}\n";
}

void write_record(std::ostream& out, const Record& record, std::string& line) {
  line = "{\"t\":";
  append_number(line, record.at.time_since_epoch().count());
  std::visit(
      [&line](auto copy) {  // a copy, because `fields` also serves to read into a record
        line.append(",\"kind\":\"").append(copy.kind).append("\"");
        copy.fields(Writer{line});
      },
      record.what);
  line += "}\n";
  out << line;
}

void write_footer(std::ostream& out, std::uint64_t hash, std::uint64_t records) {
  out << "{\"hash\":\"" << hex(hash) << "\",\"records\":" << records << "}\n";
}

}  // namespace

void write_trace(std::ostream& out, const Trace& trace) {
  write_header(out);
  std::string line;
  for (const Record& record : trace.records()) write_record(out, record, line);
  write_footer(out, trace.hash(), trace.records().size());
}

TraceWriter::TraceWriter(std::ostream& out) : out_(out) { write_header(out_); }

void TraceWriter::add(const Record& record) {
  std::string line;
  write_record(out_, record, line);
  ++written_;
  std::visit([&](auto what) { hashed_.add(record.at, std::move(what)); }, record.what);
}

void TraceWriter::finish() { write_footer(out_, hashed_.hash(), written_); }

std::variant<std::vector<Record>, TraceError> read_trace(std::istream& in) {
  Trace trace(TraceMode::keep);  // to hash what is read
  std::string line;
  std::size_t number = 0;
  bool complete = false;
  while (std::getline(in, line)) {
    ++number;
    if (complete) return TraceError{number, "a line behind the last one, which has the hash"};
    const Json object = Json::parse(line, nullptr, false);
    if (!object.is_object()) return TraceError{number, "expected a JSON object on one line"};
    if (number == 1) {
      if (auto wrong = wrong_header(object)) return TraceError{number, *wrong};
    } else if (object.contains("hash") && !object.contains("kind")) {
      if (auto wrong = wrong_footer(object, trace)) return TraceError{number, *wrong};
      complete = true;
    } else {
      auto read = read_record(object);
      if (auto wrong = std::get_if<std::string>(&read)) return TraceError{number, *wrong};
      Record& record = std::get<Record>(read);
      std::visit([&](auto& what) { trace.add(record.at, std::move(what)); }, record.what);
    }
  }
  if (!complete) return TraceError{number + 1, "the trace ends without its last line"};
  return trace.records();
}

}  // namespace sim
