#include "model/history.h"

#include <algorithm>

namespace model {

void History::begin_anew(Chance& chance) {
  id = random_replid(chance);
  second_id = {};
  second_offset = -1;
}

void History::shift(Chance& chance, const Rules& rules) {
  second_id = id;
  second_offset = rules.second_id_limit == Rules::SecondLimit::offset ? offset : offset + 1;
  id = random_replid(chance);
}

void History::renamed_by_master(const ReplId& new_id, const Rules& rules) {
  if (rules.continue_shifts_ids) {
    second_id = id;
    second_offset = offset + 1;
  }
  id = new_id;
}

void History::adopt(const ReplId& other, Offset at, const Rules& rules) {
  second_id = rules.full_resync_forgets_old ? ReplId{} : id;
  second_offset = rules.full_resync_forgets_old ? -1 : std::min(offset, at) + 1;
  id = other;
  offset = at;
}

bool shares_history(const History& history, const Request& request, const Rules& rules) {
  if (!rules.psync_checks_id) return request.id != "?";
  if (same_id(request.id, history.id.view())) return true;
  if (!same_id(request.id, history.second_id.view())) return false;
  return rules.second_id_limit == Rules::SecondLimit::ignored ||
         request.from <= history.second_offset;
}

Resync::Why judge(const History& history, const Backlog* backlog, const Request& request,
                  const Rules& rules) {
  using Why = Resync::Why;
  if (!request.id.empty() && request.id.front() == '?') return Why::asked_for_full;
  if (!shares_history(history, request, rules)) {
    return same_id(request.id, history.second_id.view()) ? Why::beyond_second_id : Why::unknown_id;
  }
  if (backlog == nullptr) return Why::no_backlog;

  const Offset first = backlog->first() - (rules.lower_bound_off_by_one ? 1 : 0);
  if (request.from < first) return Why::before_backlog;

  Offset last = backlog->next();
  if (rules.backlog_upper_bound == Rules::UpperBound::capacity) last = first + backlog->size();
  if (rules.backlog_upper_bound == Rules::UpperBound::before_end) last -= 1;
  if (request.from > last) return Why::after_backlog;
  return Why::granted;
}

}  // namespace model
