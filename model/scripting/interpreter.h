// Lua, as scripts and functions see it: one run from a clean state, then nothing is left.
//
//      text, KEYS, ARGV  ->  run  ->  reply in RESP
//                             |
//                        Host::call: each redis.call and redis.pcall, a command and its reply
//
// A run depends on nothing but its arguments and what the host answers: there is no os, io, clock or
// address in it, math.random goes on from a state that the host keeps, and what would come out in an order of
// addresses is an error. It ends: after so many instructions, and so much memory, with an error.
//
// This room knows Lua and RESP, and nothing of servers.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/data/resp.h"

namespace model::scripting {

class Host {
 public:
  virtual ~Host() = default;
  virtual void call(const std::vector<std::string>& argv, std::string& reply) = 0;
  virtual void set_replication(unsigned mask) = 0;  // redis.set_repl: kToFile, kToReplicas
  virtual std::string_view version() const = 0;     // "7.0.15"
  virtual std::uint64_t& random_state() = 0;        // what math.random goes on from
};
inline constexpr std::uint64_t kFirstRandomState = 0x1234ABCD330E;  // of a new process
inline constexpr unsigned kToFile = 1, kToReplicas = 2;

// What a script says of itself: "#!lua flags=no-writes,allow-stale". Without that line, `compat`.
struct Flags {
  bool compat = true;
  bool no_writes = false, allow_oom = false, allow_stale = false;
  bool operator==(const Flags&) const = default;
};

struct Problem {
  std::string text;  // in Redis's words, with "ERR "
};

std::variant<Flags, Problem> script_flags(std::string_view body);
std::optional<Problem> script_problem(std::string_view body);  // its first line, or its syntax

// `name` is what errors call it: the SHA1 of its text.
std::string run_script(std::string_view body, const std::string& name, Args keys, Args argv, Host& host);

struct Function {
  std::string name;
  std::optional<std::string> description;
  std::vector<std::string> flag_names;  // as written
  Flags flags;
  bool operator==(const Function&) const = default;
};
struct Library {
  std::string name;
  std::string code;
  std::vector<Function> functions;  // by name
  bool operator==(const Library&) const = default;
};

// Runs the code of a library to see what it registers.
std::variant<Library, Problem> read_library(std::string_view code, std::string_view version);

// Those of an RDB file, by their names. A name that comes twice is a problem, as in FUNCTION LOAD.
std::variant<std::map<std::string, Library>, Problem> read_libraries(
    const std::vector<std::string>& codes, std::string_view version);

std::string run_function(const Library& library, const std::string& name, Args keys, Args argv,
                         Host& host);

}  // namespace model::scripting
