// Places on the globe as 52-bit scores of a sorted set, and searching among them.
//
// A score interleaves 26 bits of latitude (even places) and 26 of longitude (odd places), so that
// places near each other mostly have scores near each other. A prefix of a score is a box; a search
// looks through the box around its centre and the eight next to it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace model::geo {

struct Place {
  double longitude = 0, latitude = 0;  // degrees
};

bool is_valid(Place place);  // latitudes end at about 85 degrees
std::uint64_t encode(Place place);
Place decode(std::uint64_t score);
double distance(Place a, Place b);  // metres

// How GEOHASH writes a place: eleven letters of the usual alphabet.
std::array<char, 11> text_of(std::uint64_t score);

struct Shape {
  Place centre;
  bool is_circle = true;
  double radius = 0;             // metres
  double width = 0, height = 0;  // metres, of a box
};

// The distance from the centre when the place is inside.
std::optional<double> distance_inside(const Shape& shape, Place place);

struct Scores {
  std::uint64_t first = 0, behind = 0;  // [first, behind)
};

// Where to look, in the order in which Redis does: it shows in replies that nobody asked to sort.
std::vector<Scores> areas(const Shape& shape);

}  // namespace model::geo
