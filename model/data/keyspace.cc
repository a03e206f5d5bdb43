#include "model/data/keyspace.h"

#include <algorithm>
#include <bit>
#include <cassert>

#include "model/data/little_endian.h"
#include "model/data/number.h"
#include "model/data/resp.h"

namespace model {
namespace {

// --- the hash behind the digest: our own, so that it is the same wherever it is computed
// ----------

constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;

constexpr std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93;
  x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93;
  return x ^ (x >> 32);
}

constexpr std::uint64_t rest_at(const char* at, const char* end) {  // less than eight
  std::uint64_t sum = 0;
  for (unsigned shift = 0; at != end; ++at, shift += 8) sum |= byte_at(at) << shift;
  return sum;
}

// What an item weighs: its hash, and the memory it is said to need. The formula is the model's own, the
// same on every machine: 64 bytes a key, 16 and its length for each string in it, 8 for each number.
constexpr std::uint64_t kBytesAKey = 64, kBytesAString = 16, kBytesANumber = 8;

constexpr std::size_t kMostUnweighed = 64;  // then all are weighed, asked for or not

// Fed with numbers and length-marked bytes, so that no two sequences of parts look alike.
class Hasher {
 public:
  explicit Hasher(std::uint64_t seed) : state_(mix(seed + kOdd)) {}

  Hasher& add(std::uint64_t number) {
    bytes_ += kBytesANumber;
    step(number);
    return *this;
  }

  Hasher& add(std::string_view bytes) {
    bytes_ += kBytesAString + bytes.size();
    step(bytes.size());
    const char* at = bytes.data();
    const char* const end = at + bytes.size();
    if (bytes.size() >= kLong) step(long_part(at, end));
    for (; end - at >= 8; at += 8) step(eight_at(at));
    if (at != end) step(rest_at(at, end));
    return *this;
  }

  Weighed result() const { return {state_, kBytesAKey + bytes_}; }

 private:
  static constexpr std::size_t kLong = 64;

  void step(std::uint64_t number) { state_ = mix(state_ * kOdd + number); }

  // Four sums side by side, so that a processor need not wait for one step before the next. Moves
  // `at` to what is left.
  static std::uint64_t long_part(const char*& at, const char* end) {
    std::uint64_t a = 1, b = 2, c = 3, d = 4;
    for (; end - at >= 32; at += 32) {
      a = mix(a * kOdd + eight_at(at));
      b = mix(b * kOdd + eight_at(at + 8));
      c = mix(c * kOdd + eight_at(at + 16));
      d = mix(d * kOdd + eight_at(at + 24));
    }
    return mix(mix(mix(a * kOdd + b) * kOdd + c) * kOdd + d);
  }

  std::uint64_t state_;
  std::uint64_t bytes_ = 0;
};

std::uint64_t score_bits(double score) {
  return std::bit_cast<std::uint64_t>(score == 0 ? 0.0 : score);  // -0 equals 0
}

class AddValue {
 public:
  explicit AddValue(Hasher& hasher) : into(hasher) {}
  void operator()(const String& string) const { into.add(string); }
  void operator()(const List& list) const {
    for (const std::string& element : list) into.add(element);
  }
  void operator()(const Set& set) const {
    for (const std::string& member : set) into.add(member);
  }
  void operator()(const Hash& hash) const {
    for (const auto& [field, value] : hash) into.add(field).add(value);
  }
  void operator()(const SortedSet& sorted) const {
    for (const auto& [member, score] : sorted) into.add(member).add(score_bits(score));
  }
  // What the replication stream carries, as Stream's operator== has it.
  void operator()(const Stream& stream) const {
    add(stream.last());
    into.add(stream.size());
    for (const StreamEntry* entry : stream.range(kFirstStreamId, kLastStreamId, stream.size())) {
      add(entry->id);
      into.add(entry->pairs.size());
      for (const std::string& word : entry->pairs) into.add(word);
    }
    for (const auto& [name, group] : stream.groups) {
      into.add(name).add(std::uint64_t{group.entries_read.has_value()});
      into.add(group.entries_read.value_or(0)).add(group.pending.size());
      add(group.last);
      for (const auto& [id, pending] : group.pending) {
        add(id);
        into.add(pending.consumer);
      }
    }
  }

 private:
  void add(StreamId id) const { into.add(id.ms).add(id.seq); }

  Hasher& into;
};

Weighed weigh(const Keyspace::Database::value_type& item) {
  const auto& [key, entry] = item;
  Hasher hasher(entry.value.index());
  hasher.add(key);
  hasher.add(std::uint64_t{entry.expires.has_value()});
  if (entry.expires)
    hasher.add(static_cast<std::uint64_t>(entry.expires->time_since_epoch().count()));
  std::visit(AddValue(hasher), entry.value);
  return hasher.result();
}

// What a database's number contributes: every hash in it times an odd number of its own.
constexpr std::uint64_t weight(std::uint64_t db) {
  return mix(db + kOdd) | 1;
}

// --- differences in words
// --------------------------------------------------------------------------

struct ValueText {
  std::string operator()(const String& string) const { return "string " + model::quoted(string); }
  std::string operator()(const List& list) const { return "list " + joined(list); }
  std::string operator()(const Set& set) const { return "set " + joined(set); }
  std::string operator()(const Hash& hash) const {
    std::string text = "hash {";
    for (const auto& [field, value] : hash)
      text += (text.back() == '{' ? "" : ", ") + model::quoted(field) + ": " + model::quoted(value);
    return text + "}";
  }
  std::string operator()(const SortedSet& sorted) const {
    std::string text = "zset {";
    for (const auto& [member, score] : sorted)
      text += (text.back() == '{' ? "" : ", ") + model::quoted(member) + ": " + text_of(score);
    return text + "}";
  }
  std::string operator()(const Stream& stream) const {
    std::string text = "stream up to " + text_of(stream.last()) + " [";
    for (const StreamEntry* entry : stream.range(kFirstStreamId, kLastStreamId, stream.size()))
      text += (text.back() == '[' ? "" : ", ") + text_of(entry->id) + ": " + joined(entry->pairs);
    text += "]";
    for (const auto& [name, group] : stream.groups)
      text += " group " + model::quoted(name) + " at " + text_of(group.last) + ", " +
              std::to_string(group.pending.size()) + " pending";
    return text;
  }

 private:
  template <class Elements>
  static std::string joined(const Elements& elements) {
    std::string text = "[";
    for (const std::string& element : elements)
      text += (text.back() == '[' ? "" : ", ") + model::quoted(element);
    return text + "]";
  }
};

std::string entry_text(const Entry* entry) {
  constexpr std::size_t kLongest = 200;  // a sentence for a person, not a dump
  if (entry == nullptr) return "missing";
  std::string text = std::visit(ValueText{}, entry->value);
  if (text.size() > kLongest) text = text.substr(0, kLongest) + "...";
  if (entry->expires)
    text += " until " + std::to_string(entry->expires->time_since_epoch().count());
  return text;
}

// The first key, in order, that the two do not hold alike.
const std::string* first_difference(const Keyspace::Database& here,
                                    const Keyspace::Database& there) {
  const auto [a, b] = std::mismatch(here.begin(), here.end(), there.begin(), there.end());
  if (a == here.end() && b == there.end()) return nullptr;
  if (a == here.end()) return &b->first;
  if (b == there.end()) return &a->first;
  return &std::min(a->first, b->first);
}

}  // namespace

bool is_empty_aggregate(const Value& value) {
  return std::visit(
      [](const auto& held) {
        using Held = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<Held, String> || std::is_same_v<Held, Stream>) {
          return false;
        } else {
          return held.empty();
        }
      },
      value);
}

Keyspace::Keyspace(unsigned databases) : shelves_(databases) {}

unsigned Keyspace::databases() const {
  return static_cast<unsigned>(shelves_.size());
}

const Keyspace::Database& Keyspace::database(unsigned db) const {
  return shelves_.at(db).keys;
}

std::size_t Keyspace::size() const {
  std::size_t sum = 0;
  for (const Shelf& shelf : shelves_) sum += shelf.keys.size();
  return sum;
}

std::size_t Keyspace::size(unsigned db) const {
  return shelves_.at(db).keys.size();
}

std::size_t Keyspace::expiring(unsigned db) const {
  return shelves_.at(db).deadlines.size();
}

const Entry* Keyspace::find(unsigned db, std::string_view key) const {
  const Database& keys = shelves_.at(db).keys;
  const auto place = keys.find(key);
  return place == keys.end() ? nullptr : &place->second;
}

void Keyspace::put(unsigned db, std::string_view key, Value value,
                   std::optional<WallTime> expires) {
  Shelf& shelf = shelves_.at(db);
  auto place = shelf.keys.lower_bound(key);
  if (place != shelf.keys.end() && place->first == key) {
    take_out(db, place);
    drop_deadline(shelf, place);
    place->second.value = std::move(value);
    place->second.expires = expires;
    note(KeyEvent::What::changed, db, key);
  } else {
    place = shelf.keys.emplace_hint(place, std::string(key), Entry{std::move(value), expires});
    note(KeyEvent::What::added, db, key);
  }
  add_deadline(shelf, place);
  if (expires) note(KeyEvent::What::expiry_set, db, key);
  put_in(db, place);
}

void Keyspace::take_out(unsigned db, Database::iterator place) {
  std::optional<Weighed>& item = place->second.weighed;
  if (!item) return;
  shelves_[db].sum -= item->hash;
  shelves_[db].bytes -= item->bytes;
  digest_ -= item->hash * weight(db);
  item.reset();
}

void Keyspace::put_in(unsigned db, Database::iterator place) {
  if (std::exchange(place->second.listed, true)) return;
  unweighed_.emplace_back(db, place->first);
  if (unweighed_.size() >= kMostUnweighed) weigh_changes();
}

void Keyspace::weigh_changes() const {
  for (const auto& [db, key] : unweighed_) {
    const auto place = shelves_[db].keys.find(key);
    // It may be gone; a key of its name that came later is listed once more.
    if (place == shelves_[db].keys.end() || !std::exchange(place->second.listed, false)) continue;
    const Weighed item = weigh(*place);
    shelves_[db].sum += item.hash;
    shelves_[db].bytes += item.bytes;
    digest_ += item.hash * weight(db);
    place->second.weighed = item;
  }
  unweighed_.clear();
}

void Keyspace::add_deadline(Shelf& shelf, Database::iterator place) {
  if (!place->second.expires) return;
  shelf.deadlines.emplace(*place->second.expires, place->first);
  ++deadlines_;
}

void Keyspace::drop_deadline(Shelf& shelf, Database::iterator place) {
  if (!place->second.expires) return;
  shelf.deadlines.erase({*place->second.expires, place->first});
  --deadlines_;
}

Keyspace::Database::iterator Keyspace::begin_edit(unsigned db, std::string_view key) {
  Shelf& shelf = shelves_.at(db);
  const auto place = shelf.keys.find(key);
  assert(place != shelf.keys.end());
  take_out(db, place);
  return place;
}

void Keyspace::end_edit(unsigned db, Database::iterator place) {
  put_in(db, place);
  note(KeyEvent::What::changed, db, place->first);
  if (is_empty_aggregate(place->second.value)) erase(db, place->first);
}

void Keyspace::set_expiry(unsigned db, std::string_view key, std::optional<WallTime> expires) {
  Shelf& shelf = shelves_.at(db);
  const auto place = shelf.keys.find(key);
  if (place == shelf.keys.end() || place->second.expires == expires) return;
  take_out(db, place);
  drop_deadline(shelf, place);
  place->second.expires = expires;
  add_deadline(shelf, place);
  put_in(db, place);
  note(KeyEvent::What::changed, db, key);
  if (expires) note(KeyEvent::What::expiry_set, db, key);
}

bool Keyspace::erase(unsigned db, std::string_view key) {
  Shelf& shelf = shelves_.at(db);
  const auto place = shelf.keys.find(key);
  if (place == shelf.keys.end()) return false;
  take_out(db, place);
  drop_deadline(shelf, place);
  note(KeyEvent::What::removed, db, key);
  shelf.keys.erase(place);
  return true;
}

void Keyspace::clear(unsigned db) {
  if (noting_) {
    for (const auto& [key, entry] : shelves_.at(db).keys) note(KeyEvent::What::removed, db, key);
  }
  Shelf& shelf = shelves_[db];
  digest_ -= shelf.sum * weight(db);
  deadlines_ -= shelf.deadlines.size();
  shelf = Shelf();
}

void Keyspace::clear() {
  for (unsigned db = 0; db < databases(); ++db) clear(db);
}

void Keyspace::swap(unsigned a, unsigned b) {
  weigh_changes();
  Shelf& one = shelves_.at(a);
  Shelf& other = shelves_.at(b);
  digest_ += (other.sum - one.sum) * (weight(a) - weight(b));
  std::swap(one, other);
  if (noting_) events_.push_back({KeyEvent::What::swapped, a, {}, b});
}

std::optional<WallTime> Keyspace::first_expiry(unsigned db) const {
  const auto& deadlines = shelves_.at(db).deadlines;
  return deadlines.empty() ? std::nullopt : std::optional(deadlines.begin()->first);
}

std::optional<WallTime> Keyspace::first_expiry() const {
  std::optional<WallTime> first;
  if (deadlines_ == 0) return first;
  for (const Shelf& shelf : shelves_)
    if (!shelf.deadlines.empty())
      first = std::min(first.value_or(WallTime::max()), shelf.deadlines.begin()->first);
  return first;
}

std::vector<std::string> Keyspace::overdue(unsigned db, WallTime now, std::size_t limit) const {
  std::vector<std::string> keys;
  for (const auto& [when, key] : shelves_.at(db).deadlines) {
    if (now <= when || keys.size() == limit) break;
    keys.push_back(key);
  }
  return keys;
}

std::uint64_t Keyspace::bytes() const {
  weigh_changes();
  std::uint64_t sum = 0;
  for (const Shelf& shelf : shelves_) sum += shelf.bytes;
  return sum;
}

std::optional<std::string> Keyspace::difference(const Keyspace& other) const {
  const unsigned most = std::max(databases(), other.databases());
  const Database none;
  for (unsigned db = 0; db < most; ++db) {
    const Database& here = db < databases() ? database(db) : none;
    const Database& there = db < other.databases() ? other.database(db) : none;
    if (const std::string* key = first_difference(here, there))
      return "db " + std::to_string(db) + ", key " + model::quoted(*key) + ": " +
             entry_text(here.contains(*key) ? &here.find(*key)->second : nullptr) + " here, " +
             entry_text(there.contains(*key) ? &there.find(*key)->second : nullptr) + " there";
  }
  return std::nullopt;
}

bool Keyspace::operator==(const Keyspace& other) const {
  return digest() == other.digest() &&
         std::equal(shelves_.begin(), shelves_.end(), other.shelves_.begin(), other.shelves_.end(),
                    [](const Shelf& a, const Shelf& b) { return a.keys == b.keys; });
}

}  // namespace model
