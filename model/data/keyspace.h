// Keys, values and their expiry times, in numbered databases. Physical: a key that is overdue is
// still here until somebody erases it; who may see or erase it is decided by the callers (R8.1 to
// R8.10).
//
// It keeps a digest of all data: a 64-bit sum, free of order, of one hash for each (database, key,
// expiry, value). Two keyspaces with equal digests hold equal data. What has changed is hashed anew
// when the digest is asked for: an oracle can read it after every event, and a server that nobody asks
// does not pay for its long lists.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/types.h"
#include "model/data/value.h"

namespace model {

struct Weighed {  // what a key adds to the sums of its keyspace
  std::uint64_t hash = 0;
  std::uint64_t bytes = 0;
};

struct Entry {
  Value value;
  std::optional<WallTime> expires;
  // The keyspace's own: what its sums hold of it, and whether it is listed to be weighed.
  std::optional<Weighed> weighed{};
  bool listed = false;

  bool operator==(const Entry& other) const { return value == other.value && expires == other.expires; }
};

// What happened to a key, for those who watch it or wait for it.
struct KeyEvent {
  enum class What : std::uint8_t { added, changed, removed, expiry_set, swapped } what{};
  unsigned db = 0;
  std::string key;        // swapped: all of them
  unsigned other_db = 0;  // swapped: with this one
};

class Keyspace {
 public:
  using Database = std::map<std::string, Entry, std::less<>>;

  explicit Keyspace(unsigned databases = 16);

  unsigned databases() const;
  const Database& database(unsigned db) const;
  std::size_t size() const;  // keys in all databases
  std::size_t size(unsigned db) const;
  std::size_t expiring(unsigned db) const;  // keys that have an expiry time

  const Entry* find(unsigned db, std::string_view key) const;

  // Creates or replaces.
  void put(unsigned db, std::string_view key, Value value, std::optional<WallTime> expires = {});

  // Changes a value in place: `change` is called with the Value& and may do as it likes; the key is
  // erased when it leaves an empty aggregate behind. Precondition: the key exists.
  template <class Change>
  void edit(unsigned db, std::string_view key, Change&& change) {
    const Database::iterator place = begin_edit(db, key);
    std::forward<Change>(change)(place->second.value);
    end_edit(db, place);
  }

  void set_expiry(unsigned db, std::string_view key, std::optional<WallTime> expires);
  bool erase(unsigned db, std::string_view key);
  void clear(unsigned db);
  void clear();
  void swap(unsigned a, unsigned b);

  // The earliest expiry time of any key in `db`; of all databases.
  std::optional<WallTime> first_expiry(unsigned db) const;
  std::optional<WallTime> first_expiry() const;

  // Keys of `db` that are overdue at `now` (now > when, R8.1), earliest first, at most `limit`.
  std::vector<std::string> overdue(unsigned db, WallTime now, std::size_t limit) const;

  // Events are noted while somebody wants them, and taken once.
  void note_events(bool on) { noting_ = on; }
  std::vector<KeyEvent> take_events() { return std::exchange(events_, {}); }

  std::uint64_t digest() const {
    if (!unweighed_.empty()) weigh_changes();
    return digest_;
  }

  // Memory that keys and values need by a formula of the model's own (keyspace.cc).
  std::uint64_t bytes() const;

  // A first difference in words ("db 0, key \"k\": string \"1\" here, missing there"), for oracles.
  std::optional<std::string> difference(const Keyspace& other) const;

  bool operator==(const Keyspace& other) const;

 private:
  struct Shelf {
    Database keys;
    // Every key with an expiry time, earliest first.
    std::set<std::pair<WallTime, std::string>> deadlines;
    // Sum of the hashes of `keys`. It does not know its number, so that swapped databases keep
    // theirs.
    std::uint64_t sum = 0;
    std::uint64_t bytes = 0;  // what `keys` are said to need, see keyspace.cc
  };

  // Out of the sums, and into them when they are next asked for.
  void take_out(unsigned db, Database::iterator place);
  void put_in(unsigned db, Database::iterator place);
  void weigh_changes() const;

  // Its place among the deadlines of its database.
  void add_deadline(Shelf& shelf, Database::iterator place);
  void drop_deadline(Shelf& shelf, Database::iterator place);

  // Out of the sum, and into it again. In between the entry may change, its key and expiry may not.
  Database::iterator begin_edit(unsigned db, std::string_view key);
  void end_edit(unsigned db, Database::iterator place);

  void note(KeyEvent::What what, unsigned db, std::string_view key) {
    if (noting_) events_.push_back({what, db, std::string(key)});
  }

  // Sums are brought up to date when they are read: what is seen from outside does not change then.
  mutable std::vector<Shelf> shelves_;  // by database number
  mutable std::uint64_t digest_ = 0;    // of all of them
  mutable std::vector<std::pair<unsigned, std::string>> unweighed_;  // keys that may have changed, or gone
  std::size_t deadlines_ = 0;    // in all of them
  bool noting_ = false;
  std::vector<KeyEvent> events_;
};

// A whole aggregate that is empty: Redis keeps no such key. Strings may be empty.
bool is_empty_aggregate(const Value& value);

}  // namespace model
