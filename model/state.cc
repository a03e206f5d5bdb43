#include "model/state.h"

#include <array>

namespace model {

bool State::loading() const {
  if (!link.transfer) return false;
  const Transfer& transfer = *link.transfer;
  switch (transfer.mode) {
    case Transfer::Mode::to_disk:
      return transfer.complete;
    case Transfer::Mode::on_empty_db:
      return transfer.header_seen();
    case Transfer::Mode::swapdb:
      return transfer.header_seen() && link.told_id != history.id;
  }
  return false;
}

bool State::async_loading() const {
  return link.transfer && link.transfer->mode == Transfer::Mode::swapdb &&
         link.transfer->header_seen() && link.told_id == history.id;
}

Session* State::find(ConnId conn) {
  const auto found = sessions.find(conn);
  return found == sessions.end() ? nullptr : &found->second;
}

std::int64_t seconds_between(Instant earlier, Instant later) {
  using std::chrono::floor;
  using std::chrono::seconds;
  return (floor<seconds>(later.time_since_epoch()) - floor<seconds>(earlier.time_since_epoch()))
      .count();
}

std::string_view name(Published::In in) {
  static constexpr auto kNames = std::to_array<std::string_view>(
      {"a PSYNC request", "+FULLRESYNC", "+CONTINUE", "a snapshot", "a restart"});
  return kNames.at(static_cast<std::size_t>(in));
}

std::string_view name(Resync::Why why) {
  static constexpr auto kNames = std::to_array<std::string_view>(
      {"granted", "it has no position to go on from", "its history is another one",
       "it is past the point where the secondary id ends", "there is no backlog",
       "the backlog no longer holds what it lacks", "it is ahead of this node",
       "it came with SYNC"});
  return kNames.at(static_cast<std::size_t>(why));
}

}  // namespace model
