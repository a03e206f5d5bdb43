#include <utility>

#include "model/commands/command.h"

namespace model {

const Entry* Call::look(unsigned in_db, std::string_view key) {
  const Entry* const entry = data.find(in_db, key);
  if (entry == nullptr || !entry->expires) return entry;
  const bool is_overdue = now > *entry->expires;
  if (!is_overdue || overdue == Overdue::ignore) {
    if (!shown || *entry->expires < shown->deadline)
      shown = Shown{*entry->expires, std::string(is_overdue ? key : std::string_view())};
    return entry;
  }
  switch (overdue) {
    case Overdue::ignore:
      return entry;
    case Overdue::hide:
      return nullptr;
    case Overdue::erase_and_tell:
      before.push_back({in_db, {"DEL", std::string(key)}});
      break;
    case Overdue::erase_quietly:
      break;
  }
  data.erase(in_db, key);
  ++expired;
  return nullptr;
}

void Call::error(std::string_view text) {
  reply.error(text);
  failed = true;
}

void Call::wrong_type() {
  error("WRONGTYPE Operation against a key holding the wrong kind of value");
}

void Call::rewrite(std::vector<std::string> argv_in_stream) {
  instead.emplace();
  instead->push_back({db, std::move(argv_in_stream)});
}

}  // namespace model
