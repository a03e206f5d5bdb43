#include "model/blocking.h"

#include <algorithm>
#include <utility>

#include "model/execute.h"
#include "model/replicas.h"

namespace model {
namespace {

// A writable replica remembers to which keys its own clients gave an expiry time (R8.8).
bool is_writable_replica(const State& s) {
  return !s.is_master() && !s.config.replica_read_only;
}

bool wants_events(const State& s) {
  return is_writable_replica(s) || std::any_of(s.sessions.begin(), s.sessions.end(), [](const auto& item) {
    return item.second.blocked || !item.second.watched.empty();
  });
}

bool is_overdue(const Turn& t, const Entry* entry) {
  return entry != nullptr && entry->expires && t.at.wall > *entry->expires;
}

// A key that was overdue when it was watched may go: nothing has changed then (R8.11).
void tell_watchers_of_key(Turn& t, unsigned db, std::string_view key) {
  const bool there = t.s.data.find(db, key) != nullptr;
  for (auto& [conn, session] : t.s.sessions) {
    for (Watched& watched : session.watched) {
      if (watched.db != db || watched.key != key) continue;
      if (!std::exchange(watched.was_overdue, false) || there) session.watch_broken = true;
    }
  }
}

// `here` has taken the place of `before`, which is still to be seen.
void tell_watchers_of_swap(Turn& t, unsigned db, const Keyspace::Database& here,
                           const Keyspace::Database& before) {
  const auto in = [](const Keyspace::Database& keys, const std::string& key) {
    const auto place = keys.find(key);
    return place == keys.end() ? nullptr : &place->second;
  };
  for (auto& [conn, session] : t.s.sessions) {
    for (Watched& watched : session.watched) {
      if (watched.db != db) continue;
      const Entry* const was = in(before, watched.key);
      const Entry* const is = in(here, watched.key);
      if (was == nullptr && is == nullptr) continue;
      if (watched.was_overdue) {
        if (is == nullptr) watched.was_overdue = false;
        if (is == nullptr || is_overdue(t, is)) continue;
      } else if (was == nullptr && is_overdue(t, is)) {
        watched.was_overdue = true;
        continue;
      }
      session.watch_broken = true;
    }
  }
}

bool waits_for(const Session& session, unsigned db, std::string_view key) {
  if (!session.blocked || session.db != db || session.close_soon) return false;
  const auto& keys = session.blocked->on.keys;
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

void make_ready(State& s, unsigned db, std::string_view key, bool appeared) {
  const bool wanted = std::any_of(s.sessions.begin(), s.sessions.end(), [&](const auto& item) {
    const Session& session = item.second;
    return waits_for(session, db, key) && (appeared || session.blocked->on.every_change);
  });
  const bool known = std::any_of(s.ready.begin(), s.ready.end(), [&](const ReadyKey& ready) {
    return ready.db == db && ready.key == key;
  });
  if (wanted && !known) s.ready.push_back({db, std::string(key)});
}

// Those that wait for a key which is there now, though nobody added it.
void look_for_ready(State& s, unsigned db) {
  std::vector<const Blocked*> waiting;
  for (const auto& [conn, session] : s.sessions) {
    if (session.blocked && session.db == db) waiting.push_back(&*session.blocked);
  }
  for (const Blocked* blocked : waiting) {
    for (const std::string& key : blocked->on.keys) {
      if (s.data.find(db, key) != nullptr) make_ready(s, db, key, true);
    }
  }
}

void tell(Turn& t, const KeyEvent& event, bool dirty, bool by_client) {
  State& s = t.s;
  using What = KeyEvent::What;
  if (event.what == What::swapped) {
    const auto &a = s.data.database(event.db), &b = s.data.database(event.other_db);
    tell_watchers_of_swap(t, event.db, a, b);
    tell_watchers_of_swap(t, event.other_db, b, a);
    look_for_ready(s, event.db);
    return look_for_ready(s, event.other_db);
  }
  if (event.what == What::expiry_set) {
    constexpr unsigned kTrackedDatabases = 64;
    if (by_client && is_writable_replica(s) && event.db < kTrackedDatabases)
      s.own_expiries.emplace(event.db, event.key);
    return;
  }
  if (dirty || event.what == What::removed) tell_watchers_of_key(t, event.db, event.key);
  make_ready(s, event.db, event.key, event.what == What::added);
}

std::vector<ConnId> in_order_of_arrival(const State& s, const ReadyKey& ready) {
  std::vector<std::pair<std::uint64_t, ConnId>> waiting;
  for (const auto& [conn, session] : s.sessions) {
    if (waits_for(session, ready.db, ready.key)) waiting.emplace_back(session.blocked->order, conn);
  }
  std::sort(waiting.begin(), waiting.end());
  std::vector<ConnId> conns;
  for (const auto& [order, conn] : waiting) conns.push_back(conn);
  return conns;
}

void serve_key(Turn& t, const ReadyKey& ready) {
  State& s = t.s;
  for (const ConnId conn : in_order_of_arrival(s, ready)) {
    Session& session = *s.find(conn);
    const Entry* const entry = s.data.find(ready.db, ready.key);
    const bool fits = entry != nullptr && entry->value.index() == session.blocked->on.type;
    if (!fits && !session.blocked->on.every_change) continue;
    const Blocked blocked = *std::exchange(session.blocked, std::nullopt);
    if (call_for_waiter(t, session, blocked.on.argv, ready.key)) {
      t.mark(Mark::blocked_client_served);
      s.unblocked.push_back(conn);
    } else {
      session.blocked = blocked;  // it waits on, in its old place
    }
  }
}

}  // namespace

void listen_to_keys(Turn& t) {
  t.s.data.note_events(wants_events(t.s));
}

void tell_key_events(Turn& t, bool dirty, bool by_client) {
  for (const KeyEvent& event : t.s.data.take_events()) tell(t, event, dirty, by_client);
}

void tell_data_replaced(Turn& t, const Keyspace& before) {
  t.s.own_expiries.clear();
  for (unsigned db = 0; db < before.databases() && db < t.s.data.databases(); ++db) {
    tell_watchers_of_swap(t, db, t.s.data.database(db), before.database(db));
    look_for_ready(t.s, db);
  }
}

void begin_waiting(Turn& t, Session& session, KeyWait block, Args argv) {
  if (block.argv.empty()) block.argv.assign(argv.begin(), argv.end());
  Blocked& blocked = session.blocked.emplace();
  if (block.timeout > Duration(0)) blocked.deadline = t.now() + block.timeout;
  blocked.on = std::move(block);
  blocked.order = t.s.next_waiter++;
  t.mark(Mark::client_blocked);
}

void serve_ready_keys(Turn& t) {
  State& s = t.s;
  while (!s.ready.empty()) {
    const ReadyKey ready = std::move(s.ready.front());
    s.ready.erase(s.ready.begin());
    serve_key(t, ready);
  }
}

void unblock(Turn& t, Session& session) {
  session.blocked.reset();
  session.waiting.reset();
  t.s.unblocked.push_back(session.conn);
}

bool unblock_as_late(Turn& t, Session& session) {
  if (session.waiting) {
    ReplyWriter(session.out).integer(acked_by(t.s, session.waiting->offset));
  } else if (session.blocked) {
    ReplyWriter(session.out).null_array();  // BLMOVE's too
  } else {
    return false;
  }
  unblock(t, session);
  return true;
}

void release_late(Turn& t) {
  for (auto& [conn, session] : t.s.sessions) {
    if (!session.blocked || !session.blocked->deadline) continue;
    if (*session.blocked->deadline > t.now()) continue;
    t.mark(Mark::blocked_client_timed_out);
    unblock_as_late(t, session);
  }
}

void unblock_all_by_force(Turn& t) {
  for (auto& [conn, session] : t.s.sessions) {
    if (!session.waiting && !session.blocked) continue;
    if (session.blocked) t.mark(Mark::blocked_client_cut_off);
    session.waiting.reset();
    session.blocked.reset();
    ReplyWriter(session.out)
        .error(
            "UNBLOCKED force unblock from blocking operation, instance state changed (master -> "
            "replica?)");
    session.close_after_reply = true;
  }
}

void resume_unblocked(Turn& t) {
  State& s = t.s;
  while (!s.unblocked.empty()) {
    const std::vector<ConnId> conns = std::exchange(s.unblocked, {});
    for (const ConnId conn : conns) {
      if (Session* session = s.find(conn)) serve_session(t, *session);
    }
  }
}

std::optional<Instant> first_deadline(const State& s) {
  std::optional<Instant> first;
  const auto take = [&](const std::optional<Instant>& deadline) {
    if (deadline && (!first || *deadline < *first)) first = deadline;
  };
  for (const auto& [conn, session] : s.sessions) {
    if (session.waiting) take(session.waiting->deadline);
    if (session.blocked) take(session.blocked->deadline);
  }
  return first;
}

}  // namespace model
