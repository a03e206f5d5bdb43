// Places: sorted sets whose scores are positions.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

#include "model/commands/command_parts.h"
#include "model/commands/commands_zset_range.h"
#include "model/commands/families.h"
#include "model/commands/geo_math.h"
#include "model/data/number.h"
#include "model/data/text.h"

namespace model {
namespace {

// --- arguments and replies
// -------------------------------------------------------------------------

// Metres in a unit.
std::optional<double> unit_argument(Call& call, std::string_view text) {
  if (same_word(text, "m")) return 1.0;
  if (same_word(text, "km")) return 1000.0;
  if (same_word(text, "ft")) return 0.3048;
  if (same_word(text, "mi")) return 1609.34;
  call.error("ERR unsupported unit provided. please use M, KM, FT, MI");
  return std::nullopt;
}

std::optional<geo::Place> place_argument(Call& call, const std::string& longitude,
                                         const std::string& latitude) {
  const auto x = float_argument(call, longitude);
  if (!x) return std::nullopt;
  const auto y = float_argument(call, latitude);
  if (!y) return std::nullopt;
  const geo::Place place{*x, *y};
  if (geo::is_valid(place)) return place;
  std::array<char, 512> text{};
  std::snprintf(text.data(), text.size(), "ERR invalid longitude,latitude pair %f,%f", *x, *y);
  call.error(text.data());
  return std::nullopt;
}

std::uint64_t score_bits(double score) {
  return static_cast<std::uint64_t>(score);
}

const double* score_of(const SortedSet* sorted, const std::string& member) {
  if (sorted == nullptr) return nullptr;
  const auto place = sorted->find(member);
  return place == sorted->end() ? nullptr : &place->second;
}

void reply_distance(Call& call, double metres, double unit) {
  std::array<char, 128> text{};
  std::snprintf(text.data(), text.size(), "%.4f", metres / unit);
  call.reply.bulk(text.data());
}

void reply_place(Call& call, geo::Place place) {
  call.reply.array(2);
  call.reply.bulk(text_of(static_cast<long double>(place.longitude)));
  call.reply.bulk(text_of(static_cast<long double>(place.latitude)));
}

// --- single places
// ---------------------------------------------------------------------------------

// GEOADD is ZADD with scores made of places, and is one in the stream, too (table 7.4).
void geoadd(Call& call) {
  bool nx = false, xx = false;
  std::vector<std::string> argv = {"zadd", call.argv[1]};
  std::size_t at = 2;
  for (; at < call.argv.size(); ++at) {
    const std::string& word = call.argv[at];
    if (same_word(word, "NX")) {
      nx = true;
    } else if (same_word(word, "XX")) {
      xx = true;
    } else if (!same_word(word, "CH")) {
      break;
    }
    argv.push_back(word);
  }
  if ((call.argv.size() - at) % 3 != 0 || (nx && xx)) return call.syntax_error();
  for (; at < call.argv.size(); at += 3) {
    const auto place = place_argument(call, call.argv[at], call.argv[at + 1]);
    if (!place) return;
    argv.push_back(std::to_string(geo::encode(*place)));
    argv.push_back(call.argv[at + 2]);
  }
  const Args client = call.argv;
  call.argv = argv;
  run_zadd(call);
  call.argv = client;
  if (call.dirty > 0) call.rewrite(std::move(argv));
}

void geodist(Call& call) {
  double unit = 1;
  if (call.argv.size() == 5) {
    const auto given = unit_argument(call, call.argv[4]);
    if (!given) return;
    unit = *given;
  } else if (call.argv.size() > 5) {
    return call.syntax_error();
  }
  const SortedSet* const sorted = call.look_as<SortedSet>(call.argv[1]);
  if (call.failed) return;
  const double *const a = score_of(sorted, call.argv[2]), *const b = score_of(sorted, call.argv[3]);
  if (a == nullptr || b == nullptr) return call.reply.null();
  reply_distance(call, geo::distance(geo::decode(score_bits(*a)), geo::decode(score_bits(*b))),
                 unit);
}

template <class Reply>
void each_member(Call& call, Reply reply, void (ReplyWriter::*none)()) {
  const SortedSet* const sorted = call.look_as<SortedSet>(call.argv[1]);
  if (call.failed) return;
  call.reply.array(call.argv.size() - 2);
  for (const std::string& member : call.argv.subspan(2)) {
    const double* const score = score_of(sorted, member);
    score == nullptr ? (call.reply.*none)() : reply(score_bits(*score));
  }
}

void geopos(Call& call) {
  each_member(
      call, [&](std::uint64_t score) { reply_place(call, geo::decode(score)); },
      &ReplyWriter::null_array);
}

void geohash(Call& call) {
  each_member(
      call,
      [&](std::uint64_t score) {
        const auto text = geo::text_of(score);
        call.reply.bulk({text.data(), text.size()});
      },
      &ReplyWriter::null);
}

// --- searching
// -------------------------------------------------------------------------------------

enum class Form : std::uint8_t { search, search_store, radius, radius_by_member };

struct Search {
  std::optional<geo::Shape> shape;
  bool centred = false;
  double unit = 1;
  bool with_distance = false, with_hash = false, with_place = false;
  std::int64_t count = 0;
  bool any = false;
  enum class Order : std::uint8_t { none, ascending, descending } order = Order::none;
  std::string store;  // key
  bool stores = false, store_distance = false;
};

struct Found {
  std::string member;
  double distance, score;
};

std::optional<double> length_argument(Call& call, std::string_view text, std::string_view name) {
  const auto length = float_argument(call, text, "ERR need numeric " + std::string(name));
  if (!length) return std::nullopt;
  if (*length >= 0) return length;
  call.error(name == "radius" ? "ERR radius cannot be negative"
                              : "ERR height or width cannot be negative");
  return std::nullopt;
}

bool centre_on_member(Call& call, geo::Shape& shape, const std::string& member,
                      const SortedSet* sorted) {
  const double* const score = score_of(sorted, member);
  if (score == nullptr) {
    call.error("ERR could not decode requested zset member");
    return false;
  }
  shape.centre = geo::decode(score_bits(*score));
  return true;
}

class SearchParser {
 public:
  SearchParser(Call& call, Form form, const SortedSet* sorted)
      : call_(call), form_(form), sorted_(sorted) {}

  std::optional<Search> parse(std::size_t at) {
    if (form_ == Form::radius || form_ == Form::radius_by_member) {
      at = centre_and_radius(at);
      if (call_.failed) return std::nullopt;
    }
    for (; at < call_.argv.size(); ++at) {
      if (!option(at)) call_.syntax_error();
      if (call_.failed) return std::nullopt;
    }
    check();
    if (call_.failed) return std::nullopt;
    search_.shape = shape_;
    // Whoever wants so many wants the nearest, unless any will do.
    if (search_.count > 0 && search_.order == Search::Order::none && !search_.any)
      search_.order = Search::Order::ascending;
    return search_;
  }

 private:
  bool is_search() const { return form_ == Form::search || form_ == Form::search_store; }
  const std::string& word(std::size_t at) const { return call_.argv[at]; }

  // What the older commands have in fixed places; answers where options begin.
  std::size_t centre_and_radius(std::size_t at) {
    std::size_t next = at + 1;
    if (form_ == Form::radius) {
      const auto place = place_argument(call_, word(at), word(at + 1));
      if (!place) return at;
      shape_.centre = *place;
      ++next;
    } else if (sorted_ != nullptr && !centre_on_member(call_, shape_, word(at), sorted_)) {
      return at;
    }
    search_.centred = shaped_ = true;
    radius(next);
    return next + 2;
  }

  void radius(std::size_t at) {
    const auto length = length_argument(call_, word(at), "radius");
    if (!length) return;
    const auto unit = unit_argument(call_, word(at + 1));
    if (!unit) return;
    search_.unit = *unit;
    shape_.is_circle = true;
    shape_.radius = *length * *unit;
  }

  void box(std::size_t at) {
    const auto width = length_argument(call_, word(at), "width");
    if (!width) return;
    const auto height = length_argument(call_, word(at + 1), "height");
    if (!height) return;
    const auto unit = unit_argument(call_, word(at + 2));
    if (!unit) return;
    search_.unit = *unit;
    shape_.is_circle = false;
    shape_.width = *width * *unit;
    shape_.height = *height * *unit;
  }

  bool option(std::size_t& at) {
    const std::string& name = word(at);
    const std::size_t more = call_.argv.size() - at - 1;
    if (same_word(name, "WITHDIST")) return search_.with_distance = true;
    if (same_word(name, "WITHHASH")) return search_.with_hash = true;
    if (same_word(name, "WITHCOORD")) return search_.with_place = true;
    if (same_word(name, "ANY")) return search_.any = true;
    if (same_word(name, "ASC")) return search_.order = Search::Order::ascending, true;
    if (same_word(name, "DESC")) return search_.order = Search::Order::descending, true;
    if (same_word(name, "COUNT") && more >= 1) {
      const auto count = integer_argument(call_, word(++at));
      if (count && *count <= 0) call_.error("ERR COUNT must be > 0");
      search_.count = count.value_or(0);
      return true;
    }
    return is_search() ? search_option(at, more) : store_option(at, more);
  }

  bool store_option(std::size_t& at, std::size_t more) {
    const bool read_only = lower(call_.argv[0]).ends_with("_ro");
    const bool distances = same_word(word(at), "STOREDIST");
    if (read_only || more < 1 || (!distances && !same_word(word(at), "STORE"))) return false;
    search_.stores = true;
    search_.store_distance = distances;
    search_.store = word(++at);
    return true;
  }

  bool search_option(std::size_t& at, std::size_t more) {
    const std::string& name = word(at);
    if (same_word(name, "FROMMEMBER") && more >= 1 && !search_.centred) {
      search_.centred = true;
      ++at;
      // No key: nothing will be found, whatever the member is.
      if (sorted_ != nullptr) centre_on_member(call_, shape_, word(at), sorted_);
      return true;
    }
    if (same_word(name, "FROMLONLAT") && more >= 2 && !search_.centred) {
      search_.centred = true;
      if (const auto place = place_argument(call_, word(at + 1), word(at + 2)))
        shape_.centre = *place;
      at += 2;
      return true;
    }
    if (same_word(name, "BYRADIUS") && more >= 2 && !shaped_) {
      shaped_ = true;
      radius(at + 1);
      at += 2;
      return true;
    }
    if (same_word(name, "BYBOX") && more >= 3 && !shaped_) {
      shaped_ = true;
      box(at + 1);
      at += 3;
      return true;
    }
    if (form_ == Form::search_store && same_word(name, "STOREDIST"))
      return search_.store_distance = true;
    return false;
  }

  void check() {
    const bool withs = search_.with_distance || search_.with_hash || search_.with_place;
    if (form_ == Form::search_store) search_.stores = true, search_.store = call_.argv[1];
    if (search_.stores && withs)
      return call_.error(
          (form_ == Form::search_store ? "ERR GEOSEARCHSTORE" : "ERR STORE option in GEORADIUS") +
          std::string(" is not compatible with WITHDIST, WITHHASH and WITHCOORD options"));
    const std::string& command = call_.argv[0];
    if (is_search() && !search_.centred)
      return call_.error("ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for " +
                         command);
    if (is_search() && !shaped_)
      return call_.error("ERR exactly one of BYRADIUS and BYBOX can be specified for " + command);
    if (search_.any && search_.count == 0)
      call_.error("ERR the ANY argument requires COUNT argument");
  }

  Call& call_;
  Form form_;
  const SortedSet* sorted_;
  Search search_;
  geo::Shape shape_;
  bool shaped_ = false;
};

std::vector<Found> find(const SortedSet& sorted, const Search& search) {
  const Ranking ranked = ranking(sorted);
  const auto enough = [&](const std::vector<Found>& found) {
    return search.any && found.size() >= static_cast<std::uint64_t>(search.count);
  };
  std::vector<Found> found;
  for (const geo::Scores& area : geo::areas(*search.shape)) {
    if (!found.empty() && enough(found)) break;
    auto item = std::lower_bound(ranked.begin(), ranked.end(), static_cast<double>(area.first),
                                 [](const auto* one, double score) { return one->second < score; });
    for (; item != ranked.end() && (*item)->second < static_cast<double>(area.behind); ++item) {
      const auto& [member, score] = **item;
      const auto away = geo::distance_inside(*search.shape, geo::decode(score_bits(score)));
      if (away) found.push_back({member, *away, score});
      if (enough(found)) break;
    }
  }
  const auto nearer = [](const Found& a, const Found& b) { return a.distance < b.distance; };
  const auto farther = [&](const Found& a, const Found& b) { return nearer(b, a); };
  if (search.order == Search::Order::ascending)
    std::stable_sort(found.begin(), found.end(), nearer);
  if (search.order == Search::Order::descending)
    std::stable_sort(found.begin(), found.end(), farther);
  if (search.count > 0 && found.size() > static_cast<std::uint64_t>(search.count))
    found.resize(static_cast<std::size_t>(search.count));
  return found;
}

void reply_found(Call& call, const Search& search, const std::vector<Found>& found) {
  const int extras = search.with_distance + search.with_hash + search.with_place;
  call.reply.array(found.size());
  for (const Found& one : found) {
    if (extras > 0) call.reply.array(static_cast<std::size_t>(extras) + 1);
    call.reply.bulk(one.member);
    if (search.with_distance) reply_distance(call, one.distance, search.unit);
    if (search.with_hash) call.reply.integer(static_cast<std::int64_t>(one.score));
    if (search.with_place) reply_place(call, geo::decode(score_bits(one.score)));
  }
}

void run_search(Call& call, Form form) {
  const std::size_t key_at = form == Form::search_store ? 2 : 1;
  const SortedSet* sorted = call.look_as<SortedSet>(call.argv[key_at]);
  if (call.failed) return;
  const auto search = SearchParser(call, form, sorted).parse(key_at + 1);
  if (!search) return;
  const std::vector<Found> found =
      sorted == nullptr ? std::vector<Found>() : find(*sorted, *search);
  if (!search->stores) return reply_found(call, *search, found);
  SortedSet result;
  for (const Found& one : found)
    result[one.member] = search->store_distance ? one.distance / search->unit : one.score;
  const std::size_t size = result.size();
  store_result(call, search->store, std::move(result), size);
}

void geosearch(Call& call) {
  run_search(call, Form::search);
}
void geosearchstore(Call& call) {
  run_search(call, Form::search_store);
}
void georadius(Call& call) {
  run_search(call, Form::radius);
}
void georadiusbymember(Call& call) {
  run_search(call, Form::radius_by_member);
}

constexpr auto kCommands = std::to_array<Command>({
    {"geoadd", -5, flag::write | flag::denyoom, geoadd},
    {"geodist", -4, flag::readonly, geodist},
    {"geohash", -2, flag::readonly, geohash},
    {"geopos", -2, flag::readonly, geopos},
    {"georadius", -6, flag::write | flag::denyoom, georadius},
    {"georadius_ro", -6, flag::readonly, georadius},
    {"georadiusbymember", -5, flag::write | flag::denyoom, georadiusbymember},
    {"georadiusbymember_ro", -5, flag::readonly, georadiusbymember},
    {"geosearch", -7, flag::readonly, geosearch},
    {"geosearchstore", -8, flag::write | flag::denyoom, geosearchstore},
});

}  // namespace

std::span<const Command> geo_commands() {
  return kCommands;
}

}  // namespace model
