// The one source of choice. Everything that is not decided by the scenario (latency jitter, where a
// byte stream is cut into pieces, random ids, which key to sample) is a draw from here, so that
//
//      run = f(scenario, choices)
//
// A draw names its purpose. In the seeded source each purpose is a stream of its own, so that adding
// a draw for one purpose does not move the draws of another. The source can be swapped: a seed, a
// recorded list (replay, shrinking, fuzzer bytes); an explorer is one more alternative of `Source`.
//
// Integers only; the same draws on every compiler, optimisation level and standard library.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

namespace sim {

// What a draw is for. A closed list, because a recorded list of draws names them.
enum class Purpose : std::uint8_t {
  latency,    // jitter of one segment
  fragment,   // size of one piece of a byte stream
  fault,      // a fault's own freedom
  host,       // what the software on a host asks for (ids, sampling)
  clock,      // phase and drift of a host's timers
  workload,   // load generators
  scenario,   // freedom that a scenario left open
};
inline constexpr std::size_t kPurposes = 7;
std::string_view name(Purpose purpose);

struct Drawn {
  Purpose purpose;
  std::uint64_t bound;
  std::uint64_t value;
  bool operator==(const Drawn&) const = default;
};

class Choice {
 public:
  // An endless source that is a function of `seed` alone.
  static Choice seeded(std::uint64_t seed);

  // Plays back `values` in order, whatever the purpose; each is reduced modulo the bound asked for.
  // When the list is used up every further draw is 0, the simplest choice.
  static Choice listed(std::vector<std::uint64_t> values);

  // A whole number in [0, bound). `bound` 0 is a programming error; `bound` 1 draws nothing.
  std::uint64_t below(Purpose purpose, std::uint64_t bound);

  // A whole number in [low, high], both ends possible.
  std::int64_t between(Purpose purpose, std::int64_t low, std::int64_t high);

  // True in `hits` of `out_of` cases.
  bool chance(Purpose purpose, std::uint32_t hits, std::uint32_t out_of);

  // Keep a list of all draws from now on, for replay with listed().
  void record();
  const std::vector<Drawn>& recorded() const { return log_; }
  std::uint64_t draws() const { return draws_; }

  bool operator==(const Choice&) const = default;

 private:
  struct Seeded {  // one counter a purpose over a keyed mixing function
    std::uint64_t seed = 0;
    std::array<std::uint64_t, kPurposes> counter{};
    std::uint64_t below(Purpose purpose, std::uint64_t bound);
    bool operator==(const Seeded&) const = default;
  };
  struct Listed {
    std::vector<std::uint64_t> values;
    std::size_t next = 0;
    std::uint64_t below(std::uint64_t bound);
    bool operator==(const Listed&) const = default;
  };
  using Source = std::variant<Seeded, Listed>;

  explicit Choice(Source source) : source_(std::move(source)) {}

  Source source_;
  std::uint64_t draws_ = 0;
  bool recording_ = false;
  std::vector<Drawn> log_;
};

}  // namespace sim
