// Values between Lua and the wire, as Redis converts them (RESP2).
#pragma once

#include <string>
#include <string_view>

#include "model/data/resp.h"

struct lua_State;

namespace model::scripting {

// A table with the field err. "-CODE text" keeps its code, anything else is given "ERR".
void push_error(lua_State* lua, std::string_view text);

// Numbers are numbers, bulks strings, nil is false; {ok = ...} and {err = ...} for words and errors.
void push_reply(lua_State* lua, const Reply& reply);

// The value on top of the stack, which is taken away: numbers lose their fraction, false is nil, an
// array ends at its first nil.
void write_value(lua_State* lua, ReplyWriter& out);

std::string number_text(double number);
std::string on_one_line(std::string text);

}  // namespace model::scripting
