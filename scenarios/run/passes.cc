// Tests of single values and of replies.
#include <algorithm>

#include "model/data/number.h"
#include "model/data/text.h"
#include "scenarios/run/conditions.h"

namespace scenarios {

namespace {

template <class By>
bool value_passes(const By& by, const Test& test, const std::optional<std::string>& value) {
  if (!value) return test.op == Test::Op::absent || test.op == Test::Op::is_not;
  if (test.op == Test::Op::absent) return false;
  const Resolved wanted = resolve(by, test.value);
  if (!wanted.problem.empty()) return false;
  if (test.op == Test::Op::like) return model::matches(wanted.text, *value);
  const auto a = model::to_integer(*value), b = model::to_integer(wanted.text);
  const bool numbers = a && b;
  switch (test.op) {
    case Test::Op::is:
      return numbers ? *a == *b : *value == wanted.text;
    case Test::Op::is_not:
      return numbers ? *a != *b : *value != wanted.text;
    case Test::Op::less:
      return numbers && *a < *b;
    case Test::Op::at_most:
      return numbers && *a <= *b;
    case Test::Op::more:
      return numbers && *a > *b;
    case Test::Op::at_least:
      return numbers && *a >= *b;
    default:
      return false;
  }
}

template <class By>
bool reply_passes(const By& sight, const ReplyTest& test, const model::Reply& reply) {
  using Kind = ReplyTest::Kind;
  using Got = model::Reply::Kind;
  const bool is_text = reply.kind == Got::simple || reply.kind == Got::bulk;
  switch (test.kind) {
    case Kind::anything:
      return true;
    case Kind::text:
      return is_text && reply.text == resolve(sight, test.text).text;
    case Kind::like:
      return is_text && model::matches(resolve(sight, test.text).text, reply.text);
    case Kind::integer:
      return reply.kind == Got::integer && reply.text == resolve(sight, test.text).text;
    case Kind::error:
      return reply.kind == Got::error && reply.text.starts_with(resolve(sight, test.text).text);
    case Kind::nil:
      return reply.kind == Got::null || reply.kind == Got::null_array;
    case Kind::list:
      return reply.kind == Got::array &&
             std::equal(test.elements.begin(), test.elements.end(), reply.elements.begin(),
                        reply.elements.end(), [&](const ReplyTest& t, const model::Reply& r) {
                          return reply_passes(sight, t, r);
                        });
  }
  return false;
}

}  // namespace

bool passes(const Sight& sight, const Test& test, const std::optional<std::string>& value) {
  return value_passes(sight, test, value);
}
bool passes(const ValueOf& of, const Test& test, const std::optional<std::string>& value) {
  return value_passes(of, test, value);
}
bool passes(const Sight& sight, const ReplyTest& test, const model::Reply& reply) {
  return reply_passes(sight, test, reply);
}
bool passes(const ValueOf& of, const ReplyTest& test, const model::Reply& reply) {
  return reply_passes(of, test, reply);
}

std::string wanted(const ReplyTest& test) {
  using Kind = ReplyTest::Kind;
  switch (test.kind) {
    case Kind::anything:
      return "any reply";
    case Kind::text:
      return model::quoted(test.text);
    case Kind::like:
      return "text like " + model::quoted(test.text);
    case Kind::integer:
      return "(integer) " + test.text;
    case Kind::error:
      return test.text.empty() ? "an error"
                               : "an error that begins with " + model::quoted(test.text);
    case Kind::nil:
      return "(nil)";
    case Kind::list:
      break;
  }
  std::string list;
  for (const ReplyTest& element : test.elements)
    list += (list.empty() ? "" : ", ") + wanted(element);
  return "[" + list + "]";
}

}  // namespace scenarios
