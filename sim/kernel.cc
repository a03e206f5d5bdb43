#include "sim/kernel.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace sim {

Kernel::Kernel(Choice choice, TraceMode mode) : choice_(std::move(choice)), trace_(mode) {}

namespace {

// The driver's own events are listed in the same order as the occurrences that they come back as.
constexpr Occurrence::Kind handed_back(EventKind kind) {
  const int nth = static_cast<int>(kind) - static_cast<int>(EventKind::wake);
  return static_cast<Occurrence::Kind>(static_cast<int>(Occurrence::Kind::wake) + nth);
}
static_assert(handed_back(EventKind::job) == Occurrence::Kind::job);
static_assert(handed_back(EventKind::resume) == Occurrence::Kind::resume);
static_assert(handed_back(EventKind::step) == Occurrence::Kind::step);
static_assert(handed_back(EventKind::fault) == Occurrence::Kind::fault);

}  // namespace

inline Host& Kernel::at(HostId host) {
  assert(number(host) < hosts_.size());
  return hosts_[number(host)];
}

inline const Host& Kernel::at(HostId host) const {
  assert(number(host) < hosts_.size());
  return hosts_[number(host)];
}

// Whether a host's own event can be handed out now. If the host is stalled it is kept for later; if it
// is down, or the event was meant for an earlier incarnation, it is dropped.
inline bool Kernel::hears(const Agenda::Due& due) {
  Host& host = at(HostId{due.event.who});
  if (!host.up) return false;
  if (due.event.kind == EventKind::wake && due.event.what != host.incarnation) return false;
  if (host.stalled) host.late.push_back(due);
  return !host.stalled;
}

std::optional<Occurrence> Kernel::next(Instant until) {
  std::optional<Occurrence> happened;
  while (!agenda_.empty() && agenda_.next_due() <= until) {
    const Agenda::Due due = agenda_.take();
    ++events_taken_;
    now_ = std::max(now_, due.at);  // what was late, or comes next at once, lies in the past
    const Event& event = due.event;
    if (event.kind < EventKind::wake) {
      if (network_.happen(around(), event, happened.emplace())) return happened;
      happened.reset();
    } else if (event.kind > EventKind::job || hears(due)) {
      happened = Occurrence{.kind = handed_back(event.kind),
                            .host = HostId{event.who},
                            .peer = {},
                            .end = {},
                            .number = event.what,
                            .bytes = {}};
      return happened;
    }
  }
  if (until != kNever) now_ = std::max(now_, until);
  return happened;
}

// --- hosts ------------------------------------------------------------------------------------------

HostId Kernel::add_host(std::string name) {
  const HostId id{static_cast<std::uint32_t>(hosts_.size())};
  trace_.add(now_, record::Host{.host = number(id), .name = name});
  hosts_.emplace_back().name = std::move(name);
  return id;
}

const std::string& Kernel::name(HostId host) const { return at(host).name; }
bool Kernel::up(HostId host) const { return at(host).up; }
bool Kernel::stalled(HostId host) const { return at(host).stalled; }
std::uint32_t Kernel::incarnation(HostId host) const { return at(host).incarnation; }

void Kernel::note(HostId host, std::string what) {
  trace_.add(now_, record::Process{.host = number(host), .what = std::move(what), .why = {}});
}

void Kernel::stall(HostId host) {
  if (!at(host).up || at(host).stalled) return;
  at(host).stalled = true;
  note(host, "pause");
}

// What was kept goes back with its own time, which lies in the past: it comes next, in its old order.
void Kernel::resume(HostId host) {
  if (!at(host).stalled) return;
  at(host).stalled = false;
  note(host, "resume");
  for (const Agenda::Due& due : at(host).late) agenda_.add(due.at, due.event);
  at(host).late.clear();
}

void Kernel::crash(HostId host, Farewell farewell) {
  if (!at(host).up) return;
  at(host).up = false;
  at(host).stalled = false;
  at(host).late.clear();
  at(host).unreachable = farewell == Farewell::silence;
  note(host, "crash");
  network_.host_lost(around(), host, farewell == Farewell::reset);
}

void Kernel::start(HostId host) {
  if (at(host).up) return;
  at(host).up = true;
  ++at(host).incarnation;
  note(host, "start");
  if (std::exchange(at(host).unreachable, false)) network_.host_back(around(), host);
}

// --- connections ------------------------------------------------------------------------------------

EndId Kernel::dial(HostId from, HostId to) {
  assert(up(from) && number(to) < hosts_.size());
  return network_.dial(around(), from, to);
}

std::size_t Kernel::send(EndId end, std::string_view bytes) {
  return network_.send(around(), end, bytes);
}

std::size_t Kernel::room(EndId end) const { return network_.room(end); }
void Kernel::set_reading(EndId end, bool on) { network_.set_reading(around(), end, on); }
void Kernel::close(EndId end, CloseHow how) { network_.close(around(), end, how); }
bool Kernel::alive(EndId end) const { return network_.alive(end); }
HostId Kernel::host_of(EndId end) const { return network_.host_of(end); }

std::vector<EndId> Kernel::dialled_ends(HostId from, HostId to) const {
  return network_.dialled_ends(from, to);
}

std::uint64_t Kernel::sent(EndId end) const { return network_.sent(end); }
std::uint64_t Kernel::delivered(EndId end) const { return network_.delivered(end); }

// --- faults -----------------------------------------------------------------------------------------

void Kernel::set_link(HostId from, HostId to, const LinkProfile& profile, FaultTag cause) {
  network_.set_link(around(), from, to, profile, cause);
}

const LinkProfile& Kernel::link(HostId from, HostId to) const { return network_.link(from, to); }

void Kernel::hold(HostId from, HostId to, Hold what, FaultTag cause) {
  network_.hold(around(), from, to, what, cause);
}

void Kernel::hold_connection(EndId sender, bool on, FaultTag cause) {
  network_.hold_connection(around(), sender, on, cause);
}

void Kernel::welcome(HostId from, HostId to, Welcome what, FaultTag cause) {
  network_.welcome(from, to, what, cause);
}

void Kernel::cut(EndId end, CloseHow how, Notice notice, InFlight rest, FaultTag cause) {
  network_.cut(around(), end, how, notice, rest, cause);
}

void Kernel::stop_after(EndId sender, std::uint64_t position, FaultTag cause) {
  network_.stop_after(around(), sender, position, cause);
}

void Kernel::lift(EndId sender) { network_.lift(around(), sender); }

void Kernel::flip(EndId sender, std::uint64_t position, unsigned bit, FaultTag cause) {
  network_.flip(sender, position, bit, cause);
}

std::uint64_t Kernel::impact(FaultTag cause) const { return network_.impact(cause); }

}  // namespace sim
