#include "model/commands/geo_math.h"

#include <algorithm>
#include <cmath>

namespace model::geo {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kEarthRadius = 6372797.560856;  // metres
constexpr double kHalfEquator = 20037726.37;     // metres
constexpr unsigned kSteps = 26;                  // bits a coordinate

struct Span {
  double least, most;
};
constexpr Span kLongitudes{-180, 180}, kLatitudes{-85.05112878, 85.05112878};
constexpr Span kAllLatitudes{-90, 90};

double radians(double degrees) {
  return degrees * (kPi / 180.0);
}
double degrees(double radians) {
  return radians / (kPi / 180.0);
}

std::uint64_t interleaved(std::uint64_t even, std::uint64_t odd) {
  std::uint64_t both = 0;
  for (unsigned i = 0; i < 32; ++i)
    both |= (even >> i & 1) << (2 * i) | (odd >> i & 1) << (2 * i + 1);
  return both;
}

std::uint64_t every_second(std::uint64_t both) {
  std::uint64_t bits = 0;
  for (unsigned i = 0; i < 32; ++i) bits |= (both >> (2 * i) & 1) << i;
  return bits;
}

// A box: a prefix of a score of 2 * steps bits. No steps: none.
struct Box {
  std::uint64_t bits = 0;
  unsigned steps = 0;
  bool operator==(const Box&) const = default;
};

std::uint64_t cell(double value, Span span, unsigned steps) {
  const double offset = (value - span.least) / (span.most - span.least);
  return static_cast<std::uint64_t>(offset * static_cast<double>(std::uint64_t{1} << steps));
}

Box box_at(Place place, unsigned steps, Span latitudes = kLatitudes) {
  const auto latitude = static_cast<std::uint32_t>(cell(place.latitude, latitudes, steps));
  const auto longitude = static_cast<std::uint32_t>(cell(place.longitude, kLongitudes, steps));
  return {interleaved(latitude, longitude), steps};
}

struct Area {
  Span longitude, latitude;
};

Span span_of(std::uint64_t index, Span whole, unsigned steps) {
  const double scale = whole.most - whole.least;
  const double cells = static_cast<double>(std::uint64_t{1} << steps);
  return {whole.least + (static_cast<double>(index) / cells) * scale,
          whole.least + (static_cast<double>(index + 1) / cells) * scale};
}

Area area_of(Box box) {
  return {span_of(every_second(box.bits >> 1), kLongitudes, box.steps),
          span_of(every_second(box.bits), kLatitudes, box.steps)};
}

// So many boxes to the east and to the north; the globe is round both ways.
Box moved(Box box, int east, int north) {
  const std::uint64_t mask = (std::uint64_t{1} << box.steps) - 1;
  const auto step = [&](std::uint64_t index, int by) {
    return (index + static_cast<std::uint64_t>(static_cast<std::int64_t>(by))) & mask;
  };
  return {interleaved(step(every_second(box.bits), north), step(every_second(box.bits >> 1), east)),
          box.steps};
}

unsigned steps_for(double metres, double latitude) {
  if (metres == 0) return kSteps;
  int steps = 1;
  for (; metres < kHalfEquator; metres *= 2) ++steps;
  steps -= 2;  // so that the radius is inside in most cases
  if (std::abs(latitude) > 66) --steps;
  if (std::abs(latitude) > 80) --steps;
  return static_cast<unsigned>(std::clamp(steps, 1, static_cast<int>(kSteps)));
}

Area bounds_of(const Shape& shape) {
  const double height = shape.is_circle ? shape.radius : shape.height / 2;
  const double width = shape.is_circle ? shape.radius : shape.width / 2;
  const auto [longitude, latitude] = shape.centre;
  const double north = degrees(height / kEarthRadius);
  const double wide_top = degrees(width / kEarthRadius / std::cos(radians(latitude + north)));
  const double wide_bottom = degrees(width / kEarthRadius / std::cos(radians(latitude - north)));
  const double wide = latitude < 0 ? wide_bottom : wide_top;
  return {{longitude - wide, longitude + wide}, {latitude - north, latitude + north}};
}

double latitude_distance(double a, double b) {
  return kEarthRadius * std::abs(radians(b) - radians(a));
}

}  // namespace

bool is_valid(Place place) {
  return place.longitude >= kLongitudes.least && place.longitude <= kLongitudes.most &&
         place.latitude >= kLatitudes.least && place.latitude <= kLatitudes.most;
}

std::uint64_t encode(Place place) {
  return box_at(place, kSteps).bits;
}

Place decode(std::uint64_t score) {
  const Area area = area_of({score, kSteps});
  const double longitude = (area.longitude.least + area.longitude.most) / 2;
  const double latitude = (area.latitude.least + area.latitude.most) / 2;
  return {std::clamp(longitude, kLongitudes.least, kLongitudes.most),
          std::clamp(latitude, kLatitudes.least, kLatitudes.most)};
}

double distance(Place a, Place b) {
  const double v = std::sin((radians(b.longitude) - radians(a.longitude)) / 2);
  if (v == 0) return latitude_distance(a.latitude, b.latitude);
  const double from = radians(a.latitude), to = radians(b.latitude);
  const double u = std::sin((to - from) / 2);
  const double part = u * u + std::cos(from) * std::cos(to) * v * v;
  return 2.0 * kEarthRadius * std::asin(std::sqrt(part));
}

// The usual geohash counts latitudes from -90, so the place is encoded anew.
std::array<char, 11> text_of(std::uint64_t score) {
  constexpr char kAlphabet[] = "0123456789bcdefghjkmnpqrstuvwxyz";
  const std::uint64_t bits = box_at(decode(score), kSteps, kAllLatitudes).bits;
  std::array<char, 11> text{};
  // 52 bits are ten letters and two bits; the last letter is always 0.
  for (unsigned i = 0; i < 11; ++i)
    text[i] = kAlphabet[i == 10 ? 0 : bits >> (52 - (i + 1) * 5) & 0x1f];
  return text;
}

std::optional<double> distance_inside(const Shape& shape, Place place) {
  const Place& centre = shape.centre;
  if (!shape.is_circle) {
    if (latitude_distance(place.latitude, centre.latitude) > shape.height / 2) return std::nullopt;
    if (distance(place, {centre.longitude, place.latitude}) > shape.width / 2) return std::nullopt;
    return distance(centre, place);
  }
  const double away = distance(centre, place);
  return away > shape.radius ? std::nullopt : std::optional(away);
}

std::vector<Scores> areas(const Shape& shape) {
  const Area bounds = bounds_of(shape);
  const double half_width = shape.width / 2, half_height = shape.height / 2;
  const double reach = shape.is_circle
                           ? shape.radius
                           : std::sqrt(half_width * half_width + half_height * half_height);
  unsigned steps = steps_for(reach, shape.centre.latitude);
  Box centre = box_at(shape.centre, steps);
  const bool too_small = area_of(moved(centre, 0, 1)).latitude.most < bounds.latitude.most ||
                         area_of(moved(centre, 0, -1)).latitude.least > bounds.latitude.least ||
                         area_of(moved(centre, 1, 0)).longitude.most < bounds.longitude.most ||
                         area_of(moved(centre, -1, 0)).longitude.least > bounds.longitude.least;
  if (steps > 1 && too_small) centre = box_at(shape.centre, --steps);

  const Area inner = area_of(centre);
  const bool no_south = steps >= 2 && inner.latitude.least < bounds.latitude.least;
  const bool no_north = steps >= 2 && inner.latitude.most > bounds.latitude.most;
  const bool no_west = steps >= 2 && inner.longitude.least < bounds.longitude.least;
  const bool no_east = steps >= 2 && inner.longitude.most > bounds.longitude.most;
  constexpr std::array<std::array<int, 2>, 9> kMoves = {
      // east, north
      {{0, 0}, {0, 1}, {0, -1}, {1, 0}, {-1, 0}, {1, 1}, {-1, 1}, {1, -1}, {-1, -1}}};
  std::vector<Scores> found;
  std::optional<Box> last;
  for (const auto& [east, north] : kMoves) {
    if ((east > 0 && no_east) || (east < 0 && no_west) || (north > 0 && no_north) ||
        (north < 0 && no_south))
      continue;
    const Box box = moved(centre, east, north);
    // Where boxes are huge, neighbours can be the same. Redis compares with the last one only, and
    // not with the centre.
    if (last && *last == box) continue;
    if (east != 0 || north != 0) last = box;
    const unsigned shift = 2 * (kSteps - steps);
    found.push_back({box.bits << shift, (box.bits + 1) << shift});
  }
  return found;
}

}  // namespace model::geo
