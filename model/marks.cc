#include "model/marks.h"

#include <array>

namespace model {
namespace {

constexpr auto kMarks = std::to_array<MarkName>({
#define X(name, text) {Mark::name, #name, text},
    MODEL_MARKS(X)
#undef X
});

}  // namespace

std::span<const MarkName> marks() {
  return kMarks;
}
std::string_view name(Mark mark) {
  return kMarks.at(static_cast<std::size_t>(mark)).name;
}

}  // namespace model
