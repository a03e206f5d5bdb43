#include "model/scripting/interpreter.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>

#include <lua.hpp>

#include "model/data/number.h"
#include "model/data/sha1.h"
#include "model/data/text.h"
#include "model/scripting/values.h"

namespace model::scripting {
namespace {

constexpr std::size_t kMostMemory = std::size_t{64} << 20;
constexpr int kHookEvery = 1000;                     // instructions
constexpr std::int64_t kMostInstructions = 20'000'000;

constexpr const char* kReadOnly = "Attempt to modify a readonly table";

// --- one interpreter ------------------------------------------------------------------------------

class Run {
 public:
  explicit Run(Host* host) : host_(host) {
    if (host_ != nullptr) random_state = host_->random_state();
    lua_ = lua_newstate(allocate, this);
    open_libraries();
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
  ~Run() {
    lua_close(lua_);
    if (host_ != nullptr) host_->random_state() = random_state;
  }

  static Run& of(lua_State* lua) {
    void* self = nullptr;
    lua_getallocf(lua, &self);
    return *static_cast<Run*>(self);
  }

  lua_State* lua() { return lua_; }
  Host& host() { return *host_; }

  // The libraries are whole: from here on, nothing of them can be changed.
  void seal();
  std::string reply_of_call(int arguments, const std::string& name);

  std::uint64_t random_state = kFirstRandomState;
  std::vector<Function>* registered = nullptr;  // while a library is read
  std::string_view wanted;                      // the function that is to be run
  std::string_view version;

 private:
  static void* allocate(void* self, void* block, std::size_t old_size, std::size_t size) {
    Run& run = *static_cast<Run*>(self);
    if (block == nullptr) old_size = 0;
    if (size == 0) {
      run.memory_ -= old_size;
      std::free(block);
      return nullptr;
    }
    if (size > old_size && run.memory_ + (size - old_size) > kMostMemory) return nullptr;
    void* const moved = std::realloc(block, size);
    if (moved != nullptr) run.memory_ += size - old_size;
    return moved;
  }

  // Once it has run too long every further instruction is an error, so that no pcall saves it.
  static void count(lua_State* lua, lua_Debug*) {
    Run& run = of(lua);
    run.instructions_ += kHookEvery;
    if (run.instructions_ < kMostInstructions) return;
    lua_sethook(lua, count, LUA_MASKCOUNT, 1);
    luaL_error(lua, "Script killed: it ran for too many instructions");
  }

  void open_libraries();

  lua_State* lua_ = nullptr;
  Host* host_;
  std::size_t memory_ = 0;
  std::int64_t instructions_ = 0;
};

void set_function(lua_State* lua, const char* name, lua_CFunction function) {
  lua_pushcfunction(lua, function);
  lua_setfield(lua, -2, name);
}

void set_number(lua_State* lua, const char* name, int number) {
  lua_pushinteger(lua, number);
  lua_setfield(lua, -2, name);
}

int raise(lua_State* lua, std::string_view text) {
  push_error(lua, text);
  return lua_error(lua);
}

// --- tables that cannot be changed ----------------------------------------------------------------
// In front of each stands an empty one with the same sight. The hidden one is in the metatable at 1.

int refuse_change(lua_State* lua) {
  return luaL_error(lua, kReadOnly);
}

bool push_hidden(lua_State* lua, int index) {
  if (!lua_istable(lua, index) || lua_getmetatable(lua, index) == 0) return false;
  lua_rawgeti(lua, -1, 1);
  lua_remove(lua, -2);
  if (lua_istable(lua, -1)) return true;
  lua_pop(lua, 1);
  return false;
}

// The table on top gives way to one that looks like it.
void protect(lua_State* lua, lua_CFunction missing) {
  lua_newtable(lua);  // hidden, front
  lua_newtable(lua);  // hidden, front, meta
  lua_pushvalue(lua, -3);
  lua_rawseti(lua, -2, 1);
  lua_pushvalue(lua, -3);
  if (missing != nullptr) lua_pushcclosure(lua, missing, 1);
  lua_setfield(lua, -2, "__index");
  set_function(lua, "__newindex", refuse_change);
  lua_setmetatable(lua, -2);
  lua_remove(lua, -2);
}

int global(lua_State* lua) {
  lua_pushvalue(lua, 2);
  lua_rawget(lua, lua_upvalueindex(1));
  if (!lua_isnil(lua, -1)) return 1;
  const char* const name = lua_tostring(lua, 2);
  return luaL_error(lua, "Script attempted to access nonexistent global variable '%s'",
                    name == nullptr ? "?" : name);
}

int rawset(lua_State* lua) {
  if (push_hidden(lua, 1)) {
    lua_pushstring(lua, kReadOnly);
    return lua_error(lua);
  }
  luaL_checktype(lua, 1, LUA_TTABLE);
  luaL_checkany(lua, 3);
  lua_settop(lua, 3);
  lua_rawset(lua, 1);
  return 1;
}

int setmetatable(lua_State* lua) {
  if (push_hidden(lua, 1)) {
    lua_pushstring(lua, kReadOnly);
    return lua_error(lua);
  }
  luaL_checktype(lua, 1, LUA_TTABLE);
  luaL_argcheck(lua, lua_isnoneornil(lua, 2) || lua_istable(lua, 2), 2, "nil or table expected");
  if (luaL_getmetafield(lua, 1, "__metatable") != 0) luaL_error(lua, "cannot change a protected metatable");
  lua_settop(lua, 2);
  lua_setmetatable(lua, 1);
  return 1;
}

int getmetatable(lua_State* lua) {
  luaL_checkany(lua, 1);
  if (push_hidden(lua, 1) || lua_getmetatable(lua, 1) == 0) {
    lua_pushnil(lua);
    return 1;
  }
  if (luaL_getmetafield(lua, 1, "__metatable") == 0) lua_pushvalue(lua, -1);
  return 1;
}

// --- what must be the same on every machine -------------------------------------------------------

bool has_address(lua_State* lua, int index) {
  const int type = lua_type(lua, index);
  return type == LUA_TTABLE || type == LUA_TFUNCTION || type == LUA_TTHREAD ||
         type == LUA_TUSERDATA || type == LUA_TLIGHTUSERDATA;
}

int tostring(lua_State* lua) {
  luaL_checkany(lua, 1);
  if (luaL_callmeta(lua, 1, "__tostring") != 0) return 1;
  switch (lua_type(lua, 1)) {
    case LUA_TNUMBER:
    case LUA_TSTRING:
      lua_pushvalue(lua, 1);
      lua_tostring(lua, -1);
      break;
    case LUA_TBOOLEAN:
      lua_pushstring(lua, lua_toboolean(lua, 1) != 0 ? "true" : "false");
      break;
    case LUA_TNIL:
      lua_pushliteral(lua, "nil");
      break;
    default:  // where it lies in memory is nobody's business
      lua_pushfstring(lua, "%s: 0x0", luaL_typename(lua, 1));
  }
  return 1;
}

// Tables are walked in an order that depends on their keys alone; addresses are no such keys.
int next(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  lua_settop(lua, 2);
  if (push_hidden(lua, 1)) lua_replace(lua, 1);
  if (lua_next(lua, 1) == 0) {
    lua_pushnil(lua);
    return 1;
  }
  if (has_address(lua, -2))
    return luaL_error(lua, "a table with a %s as key has no order of its own", luaL_typename(lua, -2));
  return 2;
}

int pairs(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  lua_pushcfunction(lua, next);
  lua_pushvalue(lua, 1);
  lua_pushnil(lua);
  return 3;
}

int nothing_to_collect(lua_State* lua) {
  lua_pushinteger(lua, 0);
  return 1;
}

// drand48's generator: Redis brings its own, so that scripts draw the same numbers everywhere.
constexpr std::uint64_t kDraws = 2147483647;

std::uint64_t seeded(std::uint32_t seed) {
  return (std::uint64_t{seed} << 16) + 0x330E;
}

std::uint64_t draw(Run& run) {
  run.random_state = (run.random_state * 0x5DEECE66D + 0xB) & ((std::uint64_t{1} << 48) - 1);
  return (run.random_state >> 17) % kDraws;
}

int random(lua_State* lua) {
  const double part = static_cast<double>(draw(Run::of(lua))) / static_cast<double>(kDraws);
  switch (lua_gettop(lua)) {
    case 0:
      lua_pushnumber(lua, part);
      return 1;
    case 1: {
      const int high = luaL_checkint(lua, 1);
      luaL_argcheck(lua, 1 <= high, 1, "interval is empty");
      lua_pushinteger(lua, static_cast<lua_Integer>(part * high) + 1);
      return 1;
    }
    case 2: {
      const int low = luaL_checkint(lua, 1), high = luaL_checkint(lua, 2);
      luaL_argcheck(lua, low <= high, 2, "interval is empty");
      const double span = static_cast<double>(high) - low + 1;
      lua_pushinteger(lua, static_cast<lua_Integer>(part * span) + low);
      return 1;
    }
    default:
      return luaL_error(lua, "wrong number of arguments");
  }
}

int randomseed(lua_State* lua) {
  Run::of(lua).random_state = seeded(static_cast<std::uint32_t>(luaL_checkint(lua, 1)));
  return 0;
}

// --- code from text -------------------------------------------------------------------------------

int load_text(lua_State* lua, std::string_view text, const char* chunk) {
  const bool compiled = !text.empty() && text.front() == LUA_SIGNATURE[0];  // unsafe to run
  if (!compiled && luaL_loadbuffer(lua, text.data(), text.size(), chunk) == 0) return 1;
  if (compiled) lua_pushliteral(lua, "compiled code is not loaded");
  lua_pushnil(lua);
  lua_insert(lua, -2);
  return 2;
}

int loadstring(lua_State* lua) {
  std::size_t size = 0;
  const char* const text = luaL_checklstring(lua, 1, &size);
  return load_text(lua, {text, size}, luaL_optstring(lua, 2, text));
}

int load(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TFUNCTION);
  const char* const chunk = luaL_optstring(lua, 2, "=(load)");
  std::string text;
  while (true) {
    lua_pushvalue(lua, 1);
    lua_call(lua, 0, 1);
    std::size_t size = 0;
    const char* const piece = lua_tolstring(lua, -1, &size);
    if (piece == nullptr || size == 0) break;
    text.append(piece, size);
    lua_pop(lua, 1);
  }
  return load_text(lua, text, chunk);
}

// --- redis ----------------------------------------------------------------------------------------

// Numbers that are whole are written as such; others with all their digits.
std::optional<std::string> argument(lua_State* lua, int index) {
  if (lua_type(lua, index) == LUA_TNUMBER) return number_text(lua_tonumber(lua, index));
  if (lua_type(lua, index) != LUA_TSTRING) return std::nullopt;
  std::size_t size = 0;
  const char* const text = lua_tolstring(lua, index, &size);
  return std::string(text, size);
}

// Leaves the reply on the stack; false if it is an error.
bool call_redis(lua_State* lua) {
  const int count = lua_gettop(lua);
  if (count == 0) {
    push_error(lua, "Please specify at least one argument for this redis lib call");
    return false;
  }
  std::vector<std::string> argv;
  for (int i = 1; i <= count; ++i) {
    auto word = argument(lua, i);
    if (!word) {
      push_error(lua, "Lua redis lib command arguments must be strings or integers");
      return false;
    }
    argv.push_back(std::move(*word));
  }
  std::string bytes;
  Run::of(lua).host().call(argv, bytes);
  ReplyParser parser;
  parser.feed(bytes);
  Reply reply;
  if (parser.next(reply) != ReplyParser::Got::reply) {
    push_error(lua, "the command gave no reply");
    return false;
  }
  push_reply(lua, reply);
  return reply.kind != Reply::Kind::error;
}

int redis_call(lua_State* lua) {
  return call_redis(lua) ? 1 : lua_error(lua);
}

int redis_pcall(lua_State* lua) {
  call_redis(lua);
  return 1;
}

int redis_sha1hex(lua_State* lua) {
  if (lua_gettop(lua) != 1) return raise(lua, "wrong number of arguments");
  std::size_t size = 0;
  const char* const text = lua_tolstring(lua, 1, &size);
  const std::string digest = hex(sha1(text == nullptr ? std::string_view() : std::string_view(text, size)));
  lua_pushlstring(lua, digest.data(), digest.size());
  return 1;
}

int one_field(lua_State* lua, bool error) {
  if (lua_gettop(lua) != 1 || lua_type(lua, 1) != LUA_TSTRING) {
    push_error(lua, "wrong number or type of arguments");
    return 1;
  }
  if (error) {
    std::string text = lua_tostring(lua, 1);
    if (!text.starts_with('-')) text.insert(0, 1, '-');
    push_error(lua, text);
    return 1;
  }
  lua_newtable(lua);
  lua_pushvalue(lua, 1);
  lua_setfield(lua, -2, "ok");
  return 1;
}

int redis_error_reply(lua_State* lua) {
  return one_field(lua, true);
}
int redis_status_reply(lua_State* lua) {
  return one_field(lua, false);
}

int redis_log(lua_State* lua) {
  if (lua_gettop(lua) < 2) return raise(lua, "redis.log() requires two arguments or more.");
  if (lua_isnumber(lua, 1) == 0) return raise(lua, "First argument must be a number (log level).");
  const lua_Number level = lua_tonumber(lua, 1);
  if (level < 0 || level > 3) return raise(lua, "Invalid debug level.");
  return 0;  // there is no log
}

int redis_set_repl(lua_State* lua) {
  if (lua_gettop(lua) != 1) return raise(lua, "redis.set_repl() requires two arguments.");
  const auto flags = static_cast<unsigned>(lua_tointeger(lua, 1));
  if ((flags & ~(kToFile | kToReplicas)) != 0) {
    return raise(lua,
                 "Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.");
  }
  Run::of(lua).host().set_replication(flags);
  return 0;
}

int redis_setresp(lua_State* lua) {
  if (lua_gettop(lua) != 1) return raise(lua, "redis.setresp() requires one argument.");
  const auto version = lua_tointeger(lua, 1);
  if (version != 2 && version != 3) return raise(lua, "RESP version must be 2 or 3.");
  if (version == 3) return raise(lua, "RESP3 is not known here.");
  return 0;
}

int say_true(lua_State* lua) {
  lua_pushboolean(lua, 1);
  return 1;
}
int say_false(lua_State* lua) {
  lua_pushboolean(lua, 0);
  return 1;
}
int say_nothing(lua_State*) {
  return 0;
}

void add_levels(lua_State* lua) {
  set_function(lua, "log", redis_log);
  set_number(lua, "LOG_DEBUG", 0);
  set_number(lua, "LOG_VERBOSE", 1);
  set_number(lua, "LOG_NOTICE", 2);
  set_number(lua, "LOG_WARNING", 3);
}

// 7.0.15 as 0x0007000f.
int version_number(std::string_view version) {
  int number = 0, part = 0, parts = 0;
  for (const char c : version) {
    if (c == '.') {
      number = number << 8 | part;
      part = 0;
      ++parts;
    } else if (c >= '0' && c <= '9') {
      part = part * 10 + (c - '0');
    }
  }
  return parts == 2 ? number << 8 | part : number;
}

void push_redis(lua_State* lua, std::string_view version) {
  lua_newtable(lua);
  add_levels(lua);
  set_function(lua, "call", redis_call);
  set_function(lua, "pcall", redis_pcall);
  set_function(lua, "sha1hex", redis_sha1hex);
  set_function(lua, "error_reply", redis_error_reply);
  set_function(lua, "status_reply", redis_status_reply);
  set_function(lua, "set_repl", redis_set_repl);
  set_function(lua, "setresp", redis_setresp);
  set_function(lua, "replicate_commands", say_true);
  set_function(lua, "breakpoint", say_false);
  set_function(lua, "acl_check_cmd", say_true);
  set_function(lua, "debug", say_nothing);
  set_number(lua, "REPL_NONE", 0);
  set_number(lua, "REPL_AOF", 1);
  set_number(lua, "REPL_SLAVE", 2);
  set_number(lua, "REPL_REPLICA", 2);
  set_number(lua, "REPL_ALL", 3);
  lua_pushlstring(lua, version.data(), version.size());
  lua_setfield(lua, -2, "REDIS_VERSION");
  set_number(lua, "REDIS_VERSION_NUM", version_number(version));
}

// --- bit ------------------------------------------------------------------------------------------

std::uint32_t bits(lua_State* lua, int index) {
  const double number = luaL_checknumber(lua, index);
  return static_cast<std::uint32_t>(static_cast<std::int64_t>(number + (number < 0 ? -0.5 : 0.5)));
}

int push_bits(lua_State* lua, std::uint32_t result) {
  lua_pushnumber(lua, static_cast<std::int32_t>(result));
  return 1;
}

template <class Operation>
int fold(lua_State* lua, Operation&& operation) {
  std::uint32_t result = bits(lua, 1);
  for (int i = 2; i <= lua_gettop(lua); ++i) result = operation(result, bits(lua, i));
  return push_bits(lua, result);
}

void push_bit(lua_State* lua) {
  lua_newtable(lua);
  set_function(lua, "tobit", [](lua_State* l) { return push_bits(l, bits(l, 1)); });
  set_function(lua, "bnot", [](lua_State* l) { return push_bits(l, ~bits(l, 1)); });
  set_function(lua, "band", [](lua_State* l) { return fold(l, [](auto a, auto b) { return a & b; }); });
  set_function(lua, "bor", [](lua_State* l) { return fold(l, [](auto a, auto b) { return a | b; }); });
  set_function(lua, "bxor", [](lua_State* l) { return fold(l, [](auto a, auto b) { return a ^ b; }); });
  set_function(lua, "lshift", [](lua_State* l) { return push_bits(l, bits(l, 1) << (bits(l, 2) & 31U)); });
  set_function(lua, "rshift", [](lua_State* l) { return push_bits(l, bits(l, 1) >> (bits(l, 2) & 31U)); });
  set_function(lua, "arshift", [](lua_State* l) {
    const auto number = static_cast<std::int32_t>(bits(l, 1));
    return push_bits(l, static_cast<std::uint32_t>(number >> (bits(l, 2) & 31U)));
  });
}

// --- the whole ------------------------------------------------------------------------------------

void Run::open_libraries() {
  for (const auto& [name, open] :
       std::to_array<std::pair<const char*, lua_CFunction>>({{"", luaopen_base},
                                                              {LUA_TABLIBNAME, luaopen_table},
                                                              {LUA_STRLIBNAME, luaopen_string},
                                                              {LUA_MATHLIBNAME, luaopen_math}})) {
    lua_pushcfunction(lua_, open);
    lua_pushstring(lua_, name);
    lua_call(lua_, 1, 0);
  }
  lua_settop(lua_, 0);
  lua_pushvalue(lua_, LUA_GLOBALSINDEX);
  for (const char* const name : {"dofile", "loadfile", "print", "getfenv", "setfenv", "newproxy",
                                 "module", "require", "arg"}) {
    lua_pushnil(lua_);
    lua_setfield(lua_, -2, name);
  }
  set_function(lua_, "tostring", tostring);
  set_function(lua_, "next", next);
  set_function(lua_, "pairs", pairs);
  set_function(lua_, "collectgarbage", nothing_to_collect);
  set_function(lua_, "gcinfo", nothing_to_collect);
  set_function(lua_, "rawset", rawset);
  set_function(lua_, "setmetatable", setmetatable);
  set_function(lua_, "getmetatable", getmetatable);
  set_function(lua_, "load", load);
  set_function(lua_, "loadstring", loadstring);
  lua_getfield(lua_, -1, LUA_MATHLIBNAME);
  set_function(lua_, "random", random);
  set_function(lua_, "randomseed", randomseed);
  lua_pop(lua_, 2);
  lua_sethook(lua_, count, LUA_MASKCOUNT, kHookEvery);
}

void Run::seal() {
  lua_pushvalue(lua_, LUA_GLOBALSINDEX);
  for (const char* const name : {"string", "table", "math", "coroutine", "redis", "bit"}) {
    lua_getfield(lua_, -1, name);
    if (lua_istable(lua_, -1)) {
      protect(lua_, nullptr);
      lua_setfield(lua_, -2, name);
    } else {
      lua_pop(lua_, 1);
    }
  }
  protect(lua_, global);  // leaves the table to be seen as _G
  lua_pushvalue(lua_, -1);
  push_hidden(lua_, -1);
  lua_pushvalue(lua_, -2);
  lua_setfield(lua_, -2, "_G");
  lua_pop(lua_, 2);
  lua_replace(lua_, LUA_GLOBALSINDEX);
}

// Where an error happened: the innermost place in Lua code.
int locate(lua_State* lua) {
  if (!lua_istable(lua, 1)) {
    lua_newtable(lua);
    const char* const text = lua_tostring(lua, 1);
    lua_pushfstring(lua, "ERR %s", text == nullptr ? "?" : text);
    lua_setfield(lua, -2, "err");
    lua_replace(lua, 1);
  }
  lua_settop(lua, 1);
  lua_Debug place{};
  for (int level = 1; level <= 2; ++level) {
    if (lua_getstack(lua, level, &place) == 0) return 1;
    lua_getinfo(lua, "Sl", &place);
    if (std::string_view(place.what) != "C") break;
  }
  lua_pushstring(lua, place.source);
  lua_setfield(lua, 1, "source");
  lua_pushinteger(lua, place.currentline);
  lua_setfield(lua, 1, "line");
  return 1;
}

std::optional<std::string> field(lua_State* lua, int index, const char* name) {
  lua_getfield(lua, index, name);
  std::optional<std::string> text;
  if (lua_isstring(lua, -1) != 0) text = lua_tostring(lua, -1);
  lua_pop(lua, 1);
  return text;
}

// What an error says, with the place if that is known.
std::string error_text(lua_State* lua, const std::string* name) {
  if (!lua_istable(lua, -1)) {
    const char* const text = lua_tostring(lua, -1);
    return "ERR Error running script " + (name == nullptr ? "" : *name + ", ") +
           (text == nullptr ? "execution failure" : text);
  }
  std::string text = field(lua, -1, "err").value_or("ERR unknown error");
  const auto source = field(lua, -1, "source"), line = field(lua, -1, "line");
  if (name != nullptr && source && line) {
    text += " script: ";
    text += *name;
    text += ", on ";
    text += *source;
    text += ":";
    text += *line;
    text += ".";
  }
  return text;
}

// Calls what lies under `arguments` and writes what it returns.
std::string Run::reply_of_call(int arguments, const std::string& name) {
  const int function = lua_gettop(lua_) - arguments;
  lua_pushcfunction(lua_, locate);
  lua_insert(lua_, function);
  std::string bytes;
  ReplyWriter out(bytes);
  if (lua_pcall(lua_, arguments, 1, function) != 0) {
    out.error(on_one_line(error_text(lua_, &name)));
  } else {
    write_value(lua_, out);
  }
  return bytes;
}

void push_strings(lua_State* lua, Args strings) {
  lua_createtable(lua, static_cast<int>(strings.size()), 0);
  int i = 0;
  for (const std::string& string : strings) {
    lua_pushlstring(lua, string.data(), string.size());
    lua_rawseti(lua, -2, ++i);
  }
}

void set_global(lua_State* lua, const char* name) {
  lua_setfield(lua, LUA_GLOBALSINDEX, name);
}

void add_redis(Run& run) {
  push_redis(run.lua(), run.version);
  set_global(run.lua(), "redis");
  push_bit(run.lua());
  set_global(run.lua(), "bit");
}

constexpr std::string_view kEngine = "#!lua";

std::vector<std::string> words_of_first_line(std::string_view text) {
  return split_line(text.substr(0, text.find('\n'))).value_or(std::vector<std::string>());
}

// The first line is no Lua, but counts as a line.
std::string_view without_first_line(std::string_view text) {
  if (!text.starts_with("#!")) return text;
  return text.substr(std::min(text.find('\n'), text.size()));
}

bool set_flag(Flags& flags, std::string_view word) {
  if (word == "no-writes") {
    flags.no_writes = true;
  } else if (word == "allow-oom") {
    flags.allow_oom = true;
  } else if (word == "allow-stale") {
    flags.allow_stale = true;
  } else {
    return word == "no-cluster" || word == "allow-cross-slot-keys";
  }
  return true;
}

bool is_a_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
  });
}

constexpr std::string_view kBadName =
    "Library names can only contain letters, numbers, or underscores(_) and must be at least one "
    "character long";

}  // namespace

std::variant<Flags, Problem> script_flags(std::string_view body) {
  Flags flags;
  if (!body.starts_with("#!")) return flags;
  if (body.find('\n') == std::string_view::npos) return Problem{"ERR Invalid script shebang"};
  const auto words = words_of_first_line(body);
  if (words.empty()) return Problem{"ERR Invalid engine in script shebang"};
  if (words.front() != kEngine)
    return Problem{"ERR Unexpected engine in script shebang: " + words.front()};
  flags.compat = false;
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (!words[i].starts_with("flags="))
      return Problem{"ERR Unknown lua shebang option: " + words[i]};
    std::string_view rest = std::string_view(words[i]).substr(6);
    while (true) {
      const std::string_view word = rest.substr(0, rest.find(','));
      if (!set_flag(flags, word))
        return Problem{"ERR Unexpected flag in script shebang: " + std::string(word)};
      if (word.size() == rest.size()) break;
      rest.remove_prefix(word.size() + 1);
    }
  }
  return flags;
}

std::optional<Problem> script_problem(std::string_view body) {
  const auto flags = script_flags(body);
  if (const auto* problem = std::get_if<Problem>(&flags)) return *problem;
  Run run(nullptr);
  if (load_text(run.lua(), without_first_line(body), "@user_script") == 1) return std::nullopt;
  return Problem{on_one_line("ERR Error compiling script (new function): " +
                             std::string(lua_tostring(run.lua(), -1)))};
}

std::string run_script(std::string_view body, const std::string& name, Args keys, Args argv,
                       Host& host) {
  Run run(&host);
  run.version = host.version();
  add_redis(run);
  push_strings(run.lua(), keys);
  set_global(run.lua(), "KEYS");
  push_strings(run.lua(), argv);
  set_global(run.lua(), "ARGV");
  run.seal();
  if (load_text(run.lua(), without_first_line(body), "@user_script") != 1) {
    std::string bytes;
    ReplyWriter(bytes).error(on_one_line("ERR Error compiling script (new function): " +
                                         std::string(lua_tostring(run.lua(), -1))));
    return bytes;
  }
  return run.reply_of_call(0, name);
}

// --- libraries of functions -----------------------------------------------------------------------

namespace {

// The named arguments of redis.register_function; a word if something is wrong.
const char* read_named(lua_State* lua, Function& function, int& callback) {
  lua_pushnil(lua);
  while (lua_next(lua, 1) != 0) {
    if (lua_type(lua, -2) != LUA_TSTRING)
      return "named argument key given to redis.register_function is not a string";
    const std::string_view key = lua_tostring(lua, -2);
    if (key == "function_name") {
      if (lua_type(lua, -1) != LUA_TSTRING)
        return "function_name argument given to redis.register_function must be a string";
      function.name = lua_tostring(lua, -1);
    } else if (key == "description") {
      if (lua_type(lua, -1) != LUA_TSTRING)
        return "description argument given to redis.register_function must be a string";
      function.description = lua_tostring(lua, -1);
    } else if (key == "callback") {
      if (!lua_isfunction(lua, -1))
        return "callback argument given to redis.register_function must be a function";
      lua_pushvalue(lua, -1);
      lua_insert(lua, 2);
      callback = 2;
    } else if (key == "flags") {
      if (!lua_istable(lua, -1))
        return "flags argument to redis.register_function must be a table representing function flags";
      for (int i = 1;; ++i) {
        lua_rawgeti(lua, -1, i);
        const char* const word = lua_type(lua, -1) == LUA_TSTRING ? lua_tostring(lua, -1) : nullptr;
        const bool end = lua_isnil(lua, -1);
        if (!end && (word == nullptr || !set_flag(function.flags, word))) return "unknown flag given";
        if (!end) function.flag_names.emplace_back(word);
        lua_pop(lua, 1);
        if (end) break;
      }
    } else {
      return "unknown argument given to redis.register_function";
    }
    lua_pop(lua, 1);
  }
  if (function.name.empty())
    return "redis.register_function must get a function name argument";
  if (callback == 0) return "redis.register_function must get a callback argument";
  return nullptr;
}

const char* read_registered(lua_State* lua, Function& function, int& callback) {
  const int count = lua_gettop(lua);
  if (count < 1 || count > 2) return "wrong number of arguments to redis.register_function";
  if (count == 1) {
    if (lua_istable(lua, 1)) return read_named(lua, function, callback);
    return "calling redis.register_function with a single argument is only applicable to Lua table "
           "(representing named arguments).";
  }
  if (lua_isstring(lua, 1) == 0) return "first argument to redis.register_function must be a string";
  if (!lua_isfunction(lua, 2)) return "second argument to redis.register_function must be a function";
  function.name = lua_tostring(lua, 1);
  callback = 2;
  return nullptr;
}

constexpr const char* kCallback = "callback";  // in the registry: the function that is to be run

int register_function(lua_State* lua) {
  Function function;
  function.flags.compat = false;
  int callback = 0;
  if (const char* const problem = read_registered(lua, function, callback)) return raise(lua, problem);
  if (!is_a_name(function.name)) return raise(lua, kBadName);
  Run& run = Run::of(lua);
  if (run.registered != nullptr) {
    for (const Function& other : *run.registered) {
      if (other.name == function.name)
        return raise(lua, "Function already exists in the library");
    }
    run.registered->push_back(function);
  } else if (function.name == run.wanted) {
    lua_pushvalue(lua, callback);
    lua_setfield(lua, LUA_REGISTRYINDEX, kCallback);
  }
  return 0;
}

int cannot_register(lua_State* lua) {
  return raise(lua, "redis.register_function can only be called on FUNCTION LOAD command");
}

// While its code is read a library sees `redis` alone, and of that what registers.
std::optional<std::string> load_library(Run& run, std::string_view code) {
  lua_State* const lua = run.lua();
  lua_newtable(lua);
  lua_newtable(lua);
  add_levels(lua);
  set_function(lua, "register_function", register_function);
  protect(lua, global);
  lua_setfield(lua, -2, "redis");
  // The functions will see all the rest, once it is put behind this table.
  protect(lua, global);
  lua_setfield(lua, LUA_REGISTRYINDEX, "first");

  if (load_text(lua, without_first_line(code), "@user_function") != 1) {
    return "ERR Error compiling function: " + std::string(lua_tostring(lua, -1));
  }
  lua_getfield(lua, LUA_REGISTRYINDEX, "first");
  lua_setfenv(lua, -2);
  const int function = lua_gettop(lua);
  lua_pushcfunction(lua, locate);
  lua_insert(lua, function);
  if (lua_pcall(lua, 0, 0, function) == 0) {
    lua_settop(lua, 0);
    return std::nullopt;
  }
  return "ERR Error registering functions: " + error_text(lua, nullptr);
}

// From now on what the library saw while it was read is the whole of what there is.
void open_up(Run& run) {
  lua_State* const lua = run.lua();
  lua_getfield(lua, LUA_REGISTRYINDEX, "first");
  push_hidden(lua, -1);
  lua_pushvalue(lua, LUA_GLOBALSINDEX);
  push_hidden(lua, -1);  // first, hidden of it, globals, hidden of them
  lua_pushnil(lua);
  while (lua_next(lua, 4) != 0) {
    lua_pushvalue(lua, -2);
    lua_insert(lua, -2);
    lua_rawset(lua, 2);
  }
  lua_settop(lua, 0);
}

std::variant<std::string, Problem> library_name(std::string_view code) {
  if (!code.starts_with("#!")) return Problem{"ERR Missing library metadata"};
  if (code.find('\n') == std::string_view::npos) return Problem{"ERR Invalid library metadata"};
  const auto words = words_of_first_line(code);
  if (words.empty()) return Problem{"ERR Invalid library metadata"};
  if (!same_word(words.front(), kEngine))
    return Problem{"ERR Engine '" + words.front().substr(2) + "' not found"};
  std::optional<std::string> name;
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (!words[i].starts_with("name="))
      return Problem{"ERR Invalid metadata value given: " + words[i]};
    if (name)
      return Problem{"ERR Invalid metadata value, name argument was given multiple times"};
    name = words[i].substr(5);
  }
  if (!name) return Problem{"ERR Library name was not given"};
  if (!is_a_name(*name)) return Problem{"ERR " + std::string(kBadName)};
  return *name;
}

}  // namespace

std::variant<Library, Problem> read_library(std::string_view code, std::string_view version) {
  auto name = library_name(code);
  if (auto* problem = std::get_if<Problem>(&name)) return *problem;
  Library library{std::get<std::string>(name), std::string(code), {}};
  Run run(nullptr);
  run.version = version;
  run.registered = &library.functions;
  if (auto problem = load_library(run, code)) return Problem{on_one_line(*problem)};
  if (library.functions.empty()) return Problem{"ERR No functions registered"};
  std::sort(library.functions.begin(), library.functions.end(),
            [](const Function& a, const Function& b) { return a.name < b.name; });
  return library;
}

std::variant<std::map<std::string, Library>, Problem> read_libraries(
    const std::vector<std::string>& codes, std::string_view version) {
  std::map<std::string, Library> libraries;
  for (const std::string& code : codes) {
    auto read = read_library(code, version);
    if (auto* problem = std::get_if<Problem>(&read)) return std::move(*problem);
    Library& library = std::get<Library>(read);
    std::string name = library.name;
    if (!libraries.emplace(name, std::move(library)).second)
      return Problem{"Library '" + name + "' already exists"};
  }
  return libraries;
}

std::string run_function(const Library& library, const std::string& name, Args keys, Args argv,
                         Host& host) {
  Run run(&host);
  run.version = host.version();
  run.wanted = name;
  std::string bytes;
  if (const auto problem = load_library(run, library.code)) {
    ReplyWriter(bytes).error(on_one_line(*problem));
    return bytes;
  }
  lua_State* const lua = run.lua();
  push_redis(lua, run.version);
  set_function(lua, "register_function", cannot_register);
  set_global(lua, "redis");
  push_bit(lua);
  set_global(lua, "bit");
  run.seal();
  open_up(run);
  lua_getfield(lua, LUA_REGISTRYINDEX, kCallback);
  push_strings(lua, keys);
  push_strings(lua, argv);
  return run.reply_of_call(2, name);
}

}  // namespace model::scripting
