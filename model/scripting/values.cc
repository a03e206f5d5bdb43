#include "model/scripting/values.h"

#include <array>
#include <cstdio>
#include <cstdint>
#include <cstdlib>

#include <lua.hpp>

namespace model::scripting {
namespace {

constexpr int kDeepest = 200;

void write_at(lua_State* lua, ReplyWriter& out, int depth);

// Pushes a field if it has that type.
bool push_field(lua_State* lua, const char* name, int type) {
  lua_pushstring(lua, name);
  lua_rawget(lua, -2);
  if (lua_type(lua, -1) == type) return true;
  lua_pop(lua, 1);
  return false;
}

std::string string_at(lua_State* lua, int index) {
  std::size_t size = 0;
  const char* const text = lua_tolstring(lua, index, &size);
  return {text, size};
}

// A map as its keys and values, a set as its members; the table is on top.
void write_pairs(lua_State* lua, ReplyWriter& out, bool values, int depth) {
  std::size_t count = 0;
  lua_pushnil(lua);
  while (lua_next(lua, -2) != 0) {
    ++count;
    lua_pop(lua, 1);
  }
  out.array(values ? count * 2 : count);
  lua_pushnil(lua);
  while (lua_next(lua, -2) != 0) {
    lua_pushvalue(lua, -2);
    write_at(lua, out, depth + 1);
    values ? write_at(lua, out, depth + 1) : lua_pop(lua, 1);
  }
}

void write_array(lua_State* lua, ReplyWriter& out, int depth) {
  int count = 0;
  while (true) {
    lua_rawgeti(lua, -1, count + 1);
    const bool end = lua_isnil(lua, -1);
    lua_pop(lua, 1);
    if (end) break;
    ++count;
  }
  out.array(static_cast<std::size_t>(count));
  for (int i = 1; i <= count; ++i) {
    lua_rawgeti(lua, -1, i);
    write_at(lua, out, depth + 1);
  }
}

void write_table(lua_State* lua, ReplyWriter& out, int depth) {
  if (push_field(lua, "err", LUA_TSTRING)) {
    out.error(on_one_line(string_at(lua, -1)));
    lua_pop(lua, 1);
  } else if (push_field(lua, "ok", LUA_TSTRING)) {
    out.simple(on_one_line(string_at(lua, -1)));
    lua_pop(lua, 1);
  } else if (push_field(lua, "double", LUA_TNUMBER)) {
    out.bulk(number_text(lua_tonumber(lua, -1)));
    lua_pop(lua, 1);
  } else if (push_field(lua, "map", LUA_TTABLE)) {
    write_pairs(lua, out, true, depth);
    lua_pop(lua, 1);
  } else if (push_field(lua, "set", LUA_TTABLE)) {
    write_pairs(lua, out, false, depth);
    lua_pop(lua, 1);
  } else if (push_field(lua, "big_number", LUA_TSTRING)) {
    out.bulk(on_one_line(string_at(lua, -1)));
    lua_pop(lua, 1);
  } else {
    write_array(lua, out, depth);
  }
}

void write_at(lua_State* lua, ReplyWriter& out, int depth) {
  if (depth > kDeepest || lua_checkstack(lua, 6) == 0) {
    out.error("ERR reached lua stack limit");
    return lua_pop(lua, 1);
  }
  switch (lua_type(lua, -1)) {
    case LUA_TSTRING:
      out.bulk(string_at(lua, -1));
      break;
    case LUA_TNUMBER: {
      const double number = lua_tonumber(lua, -1);
      const bool fits = number > -9.2e18 && number < 9.2e18;
      out.integer(fits ? static_cast<std::int64_t>(number) : INT64_MIN);
      break;
    }
    case LUA_TBOOLEAN:
      lua_toboolean(lua, -1) != 0 ? out.integer(1) : out.null();
      break;
    case LUA_TTABLE:
      write_table(lua, out, depth);
      break;
    default:
      out.null();
  }
  lua_pop(lua, 1);
}

}  // namespace

std::string number_text(double number) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.17g", number);
  return text.data();
}

std::string on_one_line(std::string text) {
  for (char& c : text) {
    if (c == '\r' || c == '\n') c = ' ';
  }
  return text;
}

void push_error(lua_State* lua, std::string_view text) {
  std::string whole(text);
  if (whole.starts_with('-')) {
    whole.erase(0, 1);
    if (whole.find(' ') == std::string::npos) whole.insert(0, "ERR ");
  } else {
    whole.insert(0, "ERR ");
  }
  lua_newtable(lua);
  lua_pushlstring(lua, whole.data(), whole.size());
  lua_setfield(lua, -2, "err");
}

void push_reply(lua_State* lua, const Reply& reply) {
  luaL_checkstack(lua, 4, "too deep");
  switch (reply.kind) {
    case Reply::Kind::simple:
    case Reply::Kind::error:
      lua_newtable(lua);
      lua_pushlstring(lua, reply.text.data(), reply.text.size());
      lua_setfield(lua, -2, reply.kind == Reply::Kind::simple ? "ok" : "err");
      return;
    case Reply::Kind::integer:
      return lua_pushnumber(lua, static_cast<double>(std::strtoll(reply.text.c_str(), nullptr, 10)));
    case Reply::Kind::bulk:
      return lua_pushlstring(lua, reply.text.data(), reply.text.size());
    case Reply::Kind::null:
    case Reply::Kind::null_array:
      return lua_pushboolean(lua, 0);
    case Reply::Kind::array:
      lua_createtable(lua, static_cast<int>(reply.elements.size()), 0);
      for (std::size_t i = 0; i < reply.elements.size(); ++i) {
        push_reply(lua, reply.elements[i]);
        lua_rawseti(lua, -2, static_cast<int>(i + 1));
      }
  }
}

void write_value(lua_State* lua, ReplyWriter& out) {
  write_at(lua, out, 0);
}

}  // namespace model::scripting
