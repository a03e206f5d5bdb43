// All commands in one table, sorted by name, and the way from a name to its row: a hash of a size
// that hardly two names share a place in, since a server looks a name up for everything that it
// reads.
#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "model/commands/command.h"
#include "model/data/text.h"
#include "model/releases.h"

namespace model {
namespace {

class Table {
 public:
  Table() {
    for (const std::span<const Command> family : data_commands()) add(family);
    for (const std::span<const Command> family :
         {client_commands(), pubsub_commands(), script_commands(), server_commands(),
          acl_commands()}) {
      add(family);
    }
    std::sort(rows_.begin(), rows_.end(),
              [](const Command& a, const Command& b) { return a.name < b.name; });
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      rows_[i].number = i;
      rows_[i].since = command_since(rows_[i].name);
      std::size_t place = place_of(rows_[i].name);
      while (rows_at_[place] != kNone) place = next(place);
      rows_at_[place] = static_cast<std::uint16_t>(i);
    }
  }

  const Command* find(std::string_view name) const {
    for (std::size_t place = place_of(name); rows_at_[place] != kNone; place = next(place)) {
      const Command& row = rows_[rows_at_[place]];
      if (same_word(row.name, name)) return &row;
    }
    return nullptr;
  }
  std::span<const Command> rows() const { return rows_; }

 private:
  static constexpr std::size_t kPlaces = 2048;
  static constexpr std::uint16_t kNone = 0xffff;

  void add(std::span<const Command> family) {
    rows_.insert(rows_.end(), family.begin(), family.end());
  }

  static std::size_t next(std::size_t place) { return (place + 1) % kPlaces; }
  static std::size_t place_of(std::string_view name) {
    constexpr std::uint32_t kNoCase = 0x20;  // of letters; what else it joins is told apart later
    std::uint32_t hash = 2166136261;         // FNV-1a
    for (const char c : name) hash = (hash ^ (static_cast<unsigned char>(c) | kNoCase)) * 16777619;
    return (hash ^ hash >> 16U) % kPlaces;
  }

  static constexpr std::array<std::uint16_t, kPlaces> nothing() {
    std::array<std::uint16_t, kPlaces> places{};
    places.fill(kNone);
    return places;
  }

  std::vector<Command> rows_;
  std::array<std::uint16_t, kPlaces> rows_at_ = nothing();
};

const Table& table() {
  static const Table kTable;
  return kTable;
}

}  // namespace

std::span<const Command> commands() {
  return table().rows();
}

const Command* find_command(std::string_view name) {
  return table().find(name);
}

}  // namespace model
