// MUSTCONT: a request to resume is granted when the point it names lies in shared history that is
// still held. A needless full resync looks like success to everybody else. No request is granted that
// names bytes which are not there.
//
// Decided from outside, without the server's own judgement: for each node a memory of what it must
// remember, made from what was seen of it.
//
//      its id            as it shows it
//      its previous id   up to the byte where it was promoted, or was told a new id by +CONTINUE,
//      or
//                        where its file ended when it restarted as a master; one generation only
//      its position      as a replica: where it can ask to be continued; kept over a lost link
//
// All but the first is forgotten when a full resync begins to be loaded, the first two also when a
// master gives up its backlog. Giving it up too early is a fault as well, and so is forgetting
// bytes that repl-backlog-size still covers. A process that starts from a file that it saved goes
// on from where that was (R10.17, R10.18), unless that was nowhere: after SYNC it has no offset.
#include <algorithm>
#include <variant>

#include "model/own_streams.h"
#include "scenarios/oracles/oracle_list.h"

namespace scenarios {
namespace {

using model::LinkEvent;
using model::LinkState;
using model::Offset;
using model::ReplId;
using model::Resync;
using model::State;

struct Position {
  ReplId id;
  Offset offset = 0;
};

struct Memory {
  std::optional<Position> previous;  // the id before, and the last offset that is common
  std::optional<Position> resume;    // as a replica
  // It asked for everything although it could have resumed.
  std::optional<Position> gave_away;
  sim::Instant alone_since{};  // no replica since then; as master
  bool alone = true;
};

bool equals(std::string_view asked, const ReplId& id) {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return std::equal(asked.begin(), asked.end(), id.text.begin(), id.text.end(),
                    [&](char a, char b) { return lower(a) == lower(b); });
}

class MustCont final : public Judging<MustCont> {
 public:
  MustCont() : Judging("MUSTCONT", "no request to resume named a point that had to be granted") {}

  void saw(const Scene& scene) override {
    // Requests are held against what the node remembered before this event.
    for (const model::Effect& effect : scene.seen.effects) {
      const auto* resync = std::get_if<Resync>(&effect);
      if (resync != nullptr && !failed() && !scene.node.from_raw) judge(scene, *resync);
    }
    if (!failed()) judge_backlog(scene);
    if (!scene.same_life() && !failed() && !scene.state.exited) judge_start(scene);
    follow_file(scene);
    remember(scene, memory_[scene.seen.node]);
  }

 private:
  // --- judging
  // ----------------------------------------------------------------------------------------

  void judge(const Scene& scene, const Resync& resync) {
    const Memory& memory = memory_[scene.seen.node];
    if (resync.why == Resync::Why::asked_for_full || resync.why == Resync::Why::sync_command) {
      return judge_requester(scene, memory);
    }
    if (resync.why == Resync::Why::granted && !holds_from(scene, resync.wanted)) {
      held();
      return fail(scene, "granted-what-is-gone",
                  std::string(scene.node.name) + " continues " + requester(scene) + " from " +
                      place_asked(resync) + ", but it" + window(scene.before));
    }
    if (!must_grant(scene, memory, resync.id, resync.wanted)) return too_late(scene, resync);
    held();
    if (resync.why == Resync::Why::granted) return;
    fail(scene, "refused", std::string(scene.node.name) + " refused to continue " + requester(scene) +
                         " from " + place_asked(resync) + ", " +
                         held_there(scene, memory, resync.id));
  }

  // The other side had a position, asked for everything, and could have been continued.
  void judge_requester(const Scene& scene, const Memory& memory) {
    if (!scene.seen.peer) return;
    const NodeView& peer = scene.seen.nodes[*scene.seen.peer];
    const std::optional<Position>& had = memory_[*scene.seen.peer].gave_away;
    if (!had || !trusted(peer) || !must_grant(scene, memory, had->id.view(), had->offset + 1))
      return;
    held();
    fail(scene.at(), peer, "asked-for-all", std::string(peer.name) + " asked " + std::string(scene.node.name) +
                         " for everything although it was at " + place(had->id, had->offset) +
                         ", " + held_there(scene, memory, had->id.view()));
  }

  void too_late(const Scene& scene, const Resync& resync) {
    const Glance& node = scene.before;
    if (resync.why != Resync::Why::before_backlog || !scene.same_life()) return;
    came_near(node.first - resync.wanted, "bytes", "a request came too late for the backlog by");
  }

  // What has been forgotten, or not been written yet, nobody can be continued from.
  static bool holds_from(const Scene& scene, Offset wanted) {
    const Glance& node = scene.before;
    return !scene.same_life() || !node.has_backlog || (wanted >= node.first && wanted <= node.next);
  }

  static bool must_grant(const Scene& scene, const Memory& memory, std::string_view id,
                         Offset wanted) {
    const Glance& node = scene.before;
    if (!scene.same_life() || !node.has_backlog || wanted < node.first || wanted > node.next)
      return false;
    if (equals(id, node.id)) return true;
    return memory.previous && equals(id, memory.previous->id) &&
           wanted <= memory.previous->offset + 1;
  }

  static std::string requester(const Scene& scene) {
    return scene.seen.peer ? std::string(scene.seen.nodes[*scene.seen.peer].name) : "a replica";
  }
  static std::string place_asked(const Resync& resync) {
    return "byte " + grouped(resync.wanted) + " of " + resync.id.substr(0, 8);
  }
  static std::string window(const Glance& node) {
    if (node.first == node.next) return " goes on with byte " + grouped(node.next);
    return " holds bytes " + grouped(node.first) + " to " + grouped(node.next - 1);
  }
  static std::string held_there(const Scene& scene, const Memory& memory, std::string_view id) {
    const Glance& node = scene.before;
    const std::string name(scene.node.name);
    if (equals(id, node.id)) return "a history that " + name + " is in, and " + name + window(node);
    return "a history that " + name + " was in up to " + grouped(memory.previous->offset) +
           ", and " + name + window(node);
  }

  void judge_backlog(const Scene& scene) {
    const Glance& before = scene.before;
    const Glance& now = scene.now;
    if (!scene.same_life() || !before.has_backlog || scene.state.exited) return;
    if (scene.link_took(LinkEvent::loaded)) return;  // another history's, or the same one's anew
    if (now.has_backlog) {
      if (now.first <= before.first || before.id != now.id || now.next < before.next) return;
      // A change of repl-backlog-size may lose everything (up to 6.2, V24).
      const std::int64_t size = now.backlog_size;
      if (size != before.backlog_size || now.next - now.first >= size) return;
      return fail(scene, "forgot-bytes", std::string(scene.node.name) + " forgot bytes " +
                                  grouped(before.first) + " to " + grouped(now.first - 1) + " of " +
                                  short_id(now.id) + " and holds only " +
                                  grouped(now.next - now.first) + " of " + grouped(size));
    }
    if (!before.master || !now.master) return;
    const Memory& memory = memory_[scene.seen.node];
    const auto ttl = std::chrono::seconds(scene.state.config.repl_backlog_ttl);
    const sim::Duration alone = scene.at() - memory.alone_since;
    if (memory.alone && alone >= ttl) return;
    fail(scene, "gave-up-backlog", std::string(scene.node.name) + " gave up its backlog after " + seconds(alone) +
                         " without a replica, repl-backlog-ttl is " + seconds(sim::Duration(ttl)));
  }

  void judge_start(const Scene& scene) {
    const std::optional<Position>& file = files_[scene.seen.node];
    const State& s = scene.state;
    if (!file || file->offset < 0 || scene.node.from_raw || scene.now.loading || !s.files.contains("dump.rdb")) return;
    if (scene.now.master && !s.rules.resumes_others_from_file) return;  // V6
    held();
    const bool offers = scene.now.master
                            ? scene.now.has_backlog && (scene.now.second_id == file->id ||
                                                        scene.now.id == file->id)
                            : s.link.cached && s.link.cached->id == file->id;
    if (offers) return;
    fail(scene, "forgot-file",
         std::string(scene.node.name) + " starts from a file that it saved at " +
             place(file->id, file->offset) + " and does not go on from there");
  }

  // --- remembering
  // --------------------------------------------------------------------------------------

  void remember(const Scene& scene, Memory& memory) {
    if (!scene.same_life()) {
      memory = Memory{};
      memory.alone_since = scene.at();
      restart(scene, memory);
    } else if (scene.before.id != scene.now.id) {
      rename(scene, memory);
    }
    if (!scene.now.has_backlog && scene.before.has_backlog && scene.same_life())
      memory.previous.reset();
    follow_alone(scene, memory);
    follow_position(scene, memory);
    follow_request(scene, memory);
  }

  // Files that were saved at once: what they say, and the offset at which they were taken, is known.
  void follow_file(const Scene& scene) {
    std::optional<Position> saved;
    for (const model::Effect& effect : scene.seen.effects) {
      const auto* published = std::get_if<model::Published>(&effect);
      if (published != nullptr && published->in == model::Published::In::snapshot) {
        saved = Position{published->id, published->offset};
      }
      const auto* file = std::get_if<model::WriteFile>(&effect);
      if (file != nullptr && file->name == "dump.rdb") files_[scene.seen.node] = saved;
    }
  }

  static void restart(const Scene& scene, Memory& memory) {
    for (const model::Effect& effect : scene.seen.effects) {
      const auto* published = std::get_if<model::Published>(&effect);
      if (published == nullptr || published->in != model::Published::In::restart) continue;
      const Position from_file{published->id, published->offset};
      if (!scene.now.master) {
        memory.resume = from_file;
      } else if (scene.now.id != published->id && scene.now.has_backlog) {
        memory.previous = from_file;
      }
    }
  }

  static void rename(const Scene& scene, Memory& memory) {
    const Position was{scene.before.id, scene.before.offset};
    const bool promoted = !scene.before.master && !scene.link_took(LinkEvent::loaded) &&
                          !scene.link_took(LinkEvent::carry_on);
    memory.previous.reset();
    // Without a backlog nobody can be continued, and one that is made for the first replica comes with
    // a new history (R1.3): the two may be one event, PSYNC ... FAILOVER.
    const bool begins_anew = scene.now.has_backlog && !scene.before.has_backlog;
    if ((promoted && !begins_anew) || scene.link_took(LinkEvent::carry_on)) memory.previous = was;
    if (promoted && scene.now.master) {
      memory.alone_since = scene.at();
      memory.alone = true;
    }
  }

  static void follow_alone(const Scene& scene, Memory& memory) {
    const bool alone = scene.state.replicas.empty();
    if (alone && !memory.alone) memory.alone_since = scene.at();
    memory.alone = alone;
  }

  static void follow_position(const Scene& scene, Memory& memory) {
    const Glance& now = scene.now;
    const model::Link& link = scene.state.link;
    const model::Rules& rules = scene.state.rules;
    if (now.master || !model::relays(scene.state)) {
      memory.resume.reset();  // before 4.0 nobody is held to what a replica could have asked
    } else if (scene.same_life() && scene.before.master) {
      memory.resume =
          Position{now.id, now.offset};  // a demoted master offers its own history (R10.3)
    }
    if (now.has_master) {
      memory.resume.reset();
      if (!link.master->no_offset) memory.resume = Position{now.id, now.offset};
    }
    // Gone with the load (R5.11; swapdb waits for its success), and with a session that had an
    // error or was held by a pause, whether its link is lost or somebody else is to be followed
    // (R5.9).
    const bool told_while_held = scene.same_life() && scene.before.held && !now.has_master;
    const bool load_began = now.loading && link.transfer->mode != model::Transfer::Mode::swapdb;
    const bool flushed =
        !now.master && !now.has_backlog && scene.same_life() && scene.before.has_backlog;
    // Up to 6.2 it is gone with the answer already (V17, V18).
    const bool given_up = !rules.keeps_position_until_load &&
                          (scene.link_took(LinkEvent::full_resync) ||
                           scene.link_took(LinkEvent::not_supported));
    if (load_began || flushed || given_up || told_while_held ||
        scene.link_took(LinkEvent::stream_malformed) ||
        scene.link_took(LinkEvent::closed_while_held)) {
      memory.resume.reset();
    }
  }

  // Whether it asks for everything while it has a position to resume from.
  static void follow_request(const Scene& scene, Memory& memory) {
    if (scene.now.link != LinkState::receive_psync_reply && scene.now.link != LinkState::transfer) {
      memory.gave_away.reset();
      return;
    }
    // A fall back to SYNC keeps the position until there is a payload (R3.31): only losing it
    // counts.
    bool asked = scene.link_took(LinkEvent::not_supported) && !scene.state.link.cached;
    bool named = false;
    for (const model::Effect& effect : scene.seen.effects) {
      if (const auto* edge = std::get_if<model::Transitioned>(&effect)) {
        asked = asked || (edge->machine == model::MachineKind::replica_link &&
                          LinkState{edge->from} == LinkState::send_psync);
      }
      const auto* published = std::get_if<model::Published>(&effect);
      named =
          named || (published != nullptr && published->in == model::Published::In::psync_request);
    }
    if (!asked) return;
    memory.gave_away.reset();
    if (!named) memory.gave_away = memory.resume;
  }

  PerNode<Memory> memory_;
  PerNode<std::optional<Position>> files_;  // over all lives of the process
};

}  // namespace

std::unique_ptr<Oracle> make_mustcont() {
  return std::make_unique<MustCont>();
}

}  // namespace scenarios
