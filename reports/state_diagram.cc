#include "reports/state_diagram.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <tuple>

#include "reports/dot.h"

namespace reports {
namespace {

std::string shown(const Edge& edge) {
  return edge.only.empty() ? edge.on : edge.on + " (" + edge.only + ")";
}

using dot::html;
using dot::wrapped;

// --- what is drawn --------------------------------------------------------------------------------

// Edges that share an arrow: the same two states (or, as an exit, the same state and side).
struct Arrow {
  const State* from = nullptr;
  const State* to = nullptr;  // of its first edge
  Tone tone = Tone::normal;
  bool exit = false;
  std::vector<const Edge*> edges;
};

enum class Side : std::uint8_t { left, right };
Side side_of(const Arrow& arrow) { return arrow.tone == Tone::command ? Side::left : Side::right; }

const State& find(const StateMachine& machine, std::string_view name) {
  return *std::find_if(machine.states.begin(), machine.states.end(),
                       [&](const State& state) { return state.name == name; });
}

// Down the page is an edge; up the page, and back to the same state, is an exit.
bool is_exit(const State& from, const State& to) {
  return to.role == Role::gone || &to <= &from;  // both are in machine.states
}

// What may happen in a state without any consequence for it stands in its box.
bool stays(const Edge& edge) { return edge.from == edge.to && edge.tone == Tone::normal; }

std::vector<Arrow> arrows_of(const StateMachine& machine) {
  std::vector<Arrow> arrows;
  for (const Edge& edge : machine.edges) {
    if (stays(edge)) continue;
    Arrow arrow{&find(machine, edge.from), &find(machine, edge.to), edge.tone, false, {}};
    arrow.exit = is_exit(*arrow.from, *arrow.to);
    const auto same = std::find_if(arrows.begin(), arrows.end(), [&](const Arrow& other) {
      if (other.from != arrow.from || other.tone != arrow.tone || other.exit != arrow.exit)
        return false;
      // All commands that leave a state share one sign, which names each one's target.
      return other.to == arrow.to || (arrow.exit && arrow.tone == Tone::command);
    });
    (same == arrows.end() ? arrows.emplace_back(std::move(arrow)) : *same).edges.push_back(&edge);
  }
  return arrows;
}

// The machine, with what was seen outside of its table behind its own edges.
StateMachine with_strangers(StateMachine machine, const Counts& counts) {
  const auto know = [&](const std::string& name) {
    const auto named = [&](const State& state) { return state.name == name; };
    if (std::none_of(machine.states.begin(), machine.states.end(), named)) {
      machine.states.push_back({name, Role::normal, false});
    }
  };
  for (const auto& counted : counts.edges) {
    const auto same = [&](const Edge& edge) { return edge.key() == counted.first; };
    if (std::any_of(machine.edges.begin(), machine.edges.end(), same)) continue;
    const auto& [from, to, on] = counted.first;
    know(from);
    know(to);
    machine.edges.push_back({from, to, on, Tone::failure});
  }
  return machine;
}

// --- paint ----------------------------------------------------------------------------------------

constexpr std::string_view kInk = "#344054";    // text
constexpr std::string_view kQuiet = "#667085";  // text that may be overlooked
constexpr std::string_view kNever = "#98a2b3";  // lines of what has not happened

std::string quiet(std::string_view html) { return dot::text(html, kQuiet, 9); }

// From seldom to often.
using Ramp = std::array<std::string_view, 6>;
constexpr Ramp kBlue{"#a6bddb", "#74a9cf", "#3690c0", "#0570b0", "#045a8d", "#023858"};
constexpr Ramp kRed{"#fdd49e", "#fdbb84", "#fc8d59", "#ef6548", "#d7301f", "#990000"};
constexpr Ramp kViolet{"#cbc9e2", "#b3a7d3", "#9e9ac8", "#807dba", "#6a51a3", "#4a1486"};

const Ramp& ramp_of(Tone tone) {
  return tone == Tone::normal ? kBlue : tone == Tone::failure ? kRed : kViolet;
}

// The colour of words that belong to an arrow: always dark enough to read.
std::string_view ink_of(Tone tone) {
  return tone == Tone::normal ? "#034e7b" : tone == Tone::failure ? "#b42318" : "#54278f";
}

std::string_view fill_of(Role role) {
  switch (role) {
    case Role::idle: return "#ffffff";
    case Role::retry: return "#fee4e2";
    case Role::transfer: return "#e9d7fe";
    case Role::connected: return "#d1fadf";
    case Role::normal:
    case Role::gone: break;
  }
  return "#f2f4f7";
}

// --- the drawing ----------------------------------------------------------------------------------

class Drawing {
 public:
  // Edges of the machine from `own_edges` on are strangers to its table.
  Drawing(const StateMachine& machine, std::size_t own_edges, const Counts* counts)
      : machine_(machine), own_edges_(own_edges), counts_(counts), arrows_(arrows_of(machine)) {
    for (const Arrow& arrow : arrows_) most_ = std::max(most_, taken(arrow));
  }

  std::string text() {
    header();
    for (const State& state : machine_.states) node(state);
    line(R"(  init -> {} [weight=50, color="#344054"];)", dot::quoted(machine_.initial));
    signs();
    for (const Arrow& arrow : arrows_) edge(arrow);
    out_ += "}\n";
    return std::move(out_);
  }

 private:
  template <class... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
    out_ += '\n';
  }

  std::uint64_t taken(const Edge& edge) const {
    if (counts_ == nullptr) return 0;
    const auto found = counts_->edges.find(edge.key());
    return found == counts_->edges.end() ? 0 : found->second;
  }
  std::uint64_t taken(const Arrow& arrow) const {
    std::uint64_t sum = 0;
    for (const Edge* edge : arrow.edges) sum += taken(*edge);
    return sum;
  }
  std::uint64_t entered(const State& state) const {
    const auto found = counts_->entered.find(state.name);
    return found == counts_->entered.end() ? 0 : found->second;
  }

  void header() {
    line("digraph {} {{", dot::quoted(machine_.name));
    line(R"(  graph [rankdir=TB, bgcolor=white, pad=0.3, nodesep=0.35, ranksep=0.34,)");
    line(R"(    fontname="Arial", fontsize=14, labelloc=t, labeljust=l, label=<{}>];)", legend());
    line(R"(  node [shape=box, style="rounded,filled", fillcolor="#f2f4f7", color="#475467",)");
    line(
        R"(    penwidth=1.2, fontname="Arial", fontsize=11, fontcolor="#101828", margin="0.16,0.08",)");
    line(R"(    height=0.42];)");
    line(R"(  edge [fontname="Arial", fontsize=10, fontcolor="#344054", arrowsize=0.7];)");
    line(R"(  init [shape=circle, style=filled, fillcolor="#344054", color="#344054", label="",)");
    line(R"(    width=0.16, height=0.16, fixedsize=true, group=spine];)");
  }

  // Title, how much of it was seen, what the signs mean.
  std::string legend() const {
    const auto any_edge = [&](auto&& what) {
      return std::any_of(machine_.edges.begin(), machine_.edges.end(), what);
    };
    const auto any_exit = std::any_of(arrows_.begin(), arrows_.end(), [](const Arrow& arrow) {
      return arrow.exit && arrow.to->role != Role::gone;
    });
    std::string key = small(ink_of(Tone::normal), "normal");
    if (any_edge([](const Edge& edge) { return edge.tone == Tone::failure; })) {
      key += small(ink_of(Tone::failure), "failure");
    }
    if (any_edge([](const Edge& edge) { return edge.tone == Tone::command; })) {
      key += small(ink_of(Tone::command), "somebody's command");
    }
    if (any_exit) key += small(kQuiet, "↺ back to");
    if (any_edge(stays)) key += small(kQuiet, "↻ stays");
    if (counts_ != nullptr) key += small(kQuiet, "dashed: never taken; depth and width: log of count");

    dot::Table table;
    table.row({"<B>" + html(machine_.title) + "</B>"});
    if (counts_ != nullptr) table.row({small("#475467", coverage())});
    table.row({key}).row({"&#160;"});
    return table.text();
  }

  static std::string small(std::string_view colour, std::string_view words) {
    return dot::text(words, colour, 10) + "&#160;&#160; ";
  }

  std::string coverage() const {
    const auto states = std::count_if(machine_.states.begin(), machine_.states.end(),
                                      [&](const State& state) { return entered(state) > 0; });
    const auto own = std::span(machine_.edges).first(own_edges_);
    const auto edges =
        std::count_if(own.begin(), own.end(), [&](const Edge& edge) { return taken(edge) > 0; });
    return fmt::format("{} of {} states, {} of {} transitions{}{}", states, machine_.states.size(),
                       edges, machine_.edges.size(), counts_->source.empty() ? "" : "; ",
                       html(counts_->source));
  }

  // The one below in the column; a state off the spine, or at its foot, has only itself.
  const State& next_on_spine(const State& state) const {
    if (!state.spine) return state;
    const auto below = std::find_if(&state + 1, machine_.states.data() + machine_.states.size(),
                                    [](const State& other) { return other.spine; });
    return below == machine_.states.data() + machine_.states.size() ? state : *below;
  }

  // A state that only signs point to needs no box of its own.
  bool has_box(const State& state) const {
    return state.role != Role::gone || state.name == machine_.initial ||
           std::any_of(arrows_.begin(), arrows_.end(),
                       [&](const Arrow& arrow) { return arrow.from == &state; });
  }

  void node(const State& state) {
    if (!has_box(state)) return;
    const bool reached = counts_ == nullptr || entered(state) > 0;
    dot::Table label("CENTER");
    label.row({html(state.name)});
    if (counts_ != nullptr) {
      label.row({quiet(reached ? "×" + dot::with_commas(entered(state)) : "not reached")});
    }
    for (const Edge& edge : machine_.edges) {
      if (edge.from == state.name && stays(edge)) {
        label.row({quiet(fmt::format("↻ {} {}", html(shown(edge)), count_of(edge)))});
      }
    }
    std::string attributes;
    if (reached) {
      attributes += fmt::format(R"(, fillcolor="{}")", fill_of(state.role));
      if (state.role == Role::connected) attributes += ", peripheries=2";
    } else {
      attributes +=
          fmt::format(R"(, style="rounded,dashed", color="{}", fontcolor="{}")", kNever, kQuiet);
    }
    if (state.spine) attributes += ", group=spine";
    line(R"(  {} [id={}, label=<{}>{}];)", dot::quoted(state.name), dot::quoted("s_" + state.name), label.text(),
         attributes);
  }

  static std::string sign_name(const Arrow& arrow) {
    return arrow.tone == Tone::command ? fmt::format("x_{}_commands", arrow.from->name)
                                       : fmt::format("x_{}_{}{}", arrow.from->name, arrow.to->name,
                                                     arrow.tone == Tone::failure ? "" : "_normal");
  }

  std::string count_of(const Edge& edge) const {
    if (counts_ == nullptr) return "";
    return taken(edge) > 0 ? "×" + dot::with_commas(taken(edge)) : "never";
  }

  std::string trigger_of(const Edge& edge) const {
    const bool stranger = &edge >= machine_.edges.data() + own_edges_;
    return wrapped(shown(edge) + (stranger ? " (not in the table)" : ""));
  }

  static std::string target_of(const State& to) {
    return (to.role == Role::gone ? "✕ " : "↺ ") + html(to.name);
  }

  // The targets of exits. The first on each side of a state stands beside it, more of them lower.
  void signs() {
    line(R"(  node [shape=plain, style="", fontsize=10, fontcolor="#344054", height=0, width=0];)");
    std::vector<std::pair<const State*, Side>> beside;
    for (const Arrow& arrow : arrows_) {
      if (!arrow.exit) continue;
      line("  {} [label=<{}>];", dot::quoted(sign_name(arrow)), sign(arrow));
      const std::pair place{arrow.from, side_of(arrow)};
      if (std::find(beside.begin(), beside.end(), place) != beside.end()) continue;
      beside.push_back(place);
      line("  {{ rank=same; {}; {}; }}", dot::quoted(arrow.from->name), dot::quoted(sign_name(arrow)));
    }
  }

  // A row for each trigger; the target stands nearest to the state.
  std::string sign(const Arrow& arrow) const {
    dot::Table table;
    for (const Edge* edge : arrow.edges) {
      const bool dim = counts_ != nullptr && taken(*edge) == 0;
      const std::string trigger = dim ? dot::text(trigger_of(*edge), kQuiet) : trigger_of(*edge);
      const std::string count = counts_ == nullptr ? "" : "&#160;" + quiet(count_of(*edge)) + "&#160;";
      const auto target = [&](bool quietly) {
        return dot::text(target_of(find(machine_, edge->to)), quietly ? kQuiet : ink_of(arrow.tone));
      };
      if (side_of(arrow) == Side::left) {
        table.row({{trigger, "RIGHT"}, {count, "RIGHT"}, target(dim) + "&#160;"});
      } else if (edge == arrow.edges.front()) {  // the only target, beside all of its triggers
        const bool never = counts_ != nullptr && taken(arrow) == 0;
        table.row({{"&#160;" + target(never) + "&#160;", "LEFT", arrow.edges.size()}, trigger, count});
      } else {
        table.row({trigger, count});
      }
    }
    return table.text();
  }

  // A row for each trigger: the words, the count.
  std::string label(const Arrow& arrow) const {
    dot::Table table;
    for (const Edge* edge : arrow.edges) {
      const std::string words = "&#160;&#160;" + trigger_of(*edge);
      if (counts_ == nullptr) {
        table.row({words});
      } else {
        table.row({words, "&#160;" + quiet(count_of(*edge))});
      }
    }
    return table.text();
  }

  std::string paint(const Arrow& arrow) const {
    if (counts_ == nullptr) return fmt::format(R"(color="{}", penwidth=1.3)", ramp_of(arrow.tone)[3]);
    const std::uint64_t count = taken(arrow);
    if (count == 0) {
      return fmt::format(R"(style=dashed, color="{}", fontcolor="{}", penwidth=1)", kNever, kQuiet);
    }
    const double heat = std::log1p(static_cast<double>(count)) / std::log1p(static_cast<double>(most_));
    const auto step = std::min<std::size_t>(5, static_cast<std::size_t>(heat * 6));
    return fmt::format(R"(color="{}", penwidth={:.1f})", ramp_of(arrow.tone)[step], 0.8 + 2.0 * heat);
  }

  std::string tooltip(const Arrow& arrow) const {
    std::string text;
    for (const Edge* edge : arrow.edges) {
      if (!text.empty()) text += "; ";
      text += fmt::format("{} to {}: {}", edge->from, edge->to, edge->on);
      if (counts_ != nullptr) text += fmt::format(" {}", count_of(*edge));
    }
    return text;
  }

  // Whether the arrow passes by states of its own column.
  bool is_bypass(const Arrow& arrow) const {
    return !arrow.exit && arrow.from->spine && arrow.to->spine &&
           &next_on_spine(*arrow.from) != arrow.to;
  }

  // What stands to the left of all in a state's row: the sign with its commands, or itself.
  std::string leftmost_beside(const State& state) const {
    const auto sign = std::find_if(arrows_.begin(), arrows_.end(), [&](const Arrow& arrow) {
      return arrow.from == &state && arrow.exit && side_of(arrow) == Side::left;
    });
    return dot::quoted(sign == arrows_.end() ? state.name : sign_name(*sign));
  }

  void edge(const Arrow& arrow) {
    const std::string end = arrow.exit ? sign_name(arrow) : arrow.to->name;
    const std::string id = fmt::format("t_{}_{}", arrow.from->name, end);
    const std::string from = dot::quoted(arrow.from->name);
    const std::string to = dot::quoted(end);
    const bool dashed = counts_ != nullptr && taken(arrow) == 0;
    const std::string_view head = dashed ? "vee" : "normal";
    const std::string look = fmt::format("{}, tooltip={}", paint(arrow), dot::quoted(tooltip(arrow)));
    if (arrow.exit && side_of(arrow) == Side::left) {
      // Dot puts the tail of an edge within a rank to the left of its head.
      line("  {} -> {} [id={}, dir=back, arrowtail={}, {}];", to, from, dot::quoted(id), head, look);
    } else if (arrow.exit) {
      line("  {} -> {} [id={}, arrowhead={}, {}];", from, to, dot::quoted(id), head, look);
    } else if (is_bypass(arrow)) {
      // It goes by way of its own label, to the left of all that it passes. Left alone, dot would lead
      // it through the signs, and put them on the wrong side.
      const std::string way = dot::quoted("v_" + id);
      const std::string beside = leftmost_beside(next_on_spine(*arrow.from));
      line("  {} [label=<{}>, fontcolor=\"{}\"];", way, label(arrow), dashed ? kQuiet : kInk);
      line("  {{ rank=same; {}; {}; }}", way, beside);
      line("  {} -> {} [style=invis];", way, beside);
      line("  {}:sw -> {}:n [id={}, arrowhead=none, {}];", from, way, dot::quoted(id), look);
      line("  {}:s -> {}:nw [id={}, arrowhead={}, {}];", way, to, dot::quoted(id + "_end"), head, look);
    } else {
      const std::string_view weight = &next_on_spine(*arrow.from) == arrow.to ? "weight=60, " : "";
      line("  {} -> {} [id={}, label=<{}>, {}arrowhead={}, {}];", from, to, dot::quoted(id), label(arrow),
           weight, head, look);
    }
  }

  const StateMachine& machine_;
  std::size_t own_edges_;
  const Counts* counts_;
  std::vector<Arrow> arrows_;
  std::uint64_t most_ = 0;
  std::string out_;
};

}  // namespace

Counts counts_of(std::span<const sim::Record> records, std::string_view machine) {
  Counts counts;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::string> now;  // host, instance: its state
  for (const sim::Record& record : records) {
    const auto* taken = std::get_if<sim::record::Transition>(&record.what);
    if (taken == nullptr || taken->machine != machine) continue;
    std::string& state = now[{taken->host, taken->instance}];
    if (state != taken->from) ++counts.entered[taken->from];
    state = taken->to;
    if (taken->to != taken->from) ++counts.entered[taken->to];
    ++counts.edges[{taken->from, taken->to, taken->on}];
  }
  return counts;
}

void add(Counts& counts, const Counts& more) {
  for (const auto& [key, count] : more.edges) counts.edges[key] += count;
  for (const auto& [state, count] : more.entered) counts.entered[state] += count;
}

std::string to_dot(const StateMachine& machine, const std::optional<Counts>& counts) {
  if (!counts) return Drawing(machine, machine.edges.size(), nullptr).text();
  const StateMachine all = with_strangers(machine, *counts);
  return Drawing(all, machine.edges.size(), &*counts).text();
}

}  // namespace reports
