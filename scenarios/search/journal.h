// What a campaign has come to, on disk, so that kill -9 at any moment loses nothing that was reported.
//
//      7f1c0e55a6b3d210 {"plan": ...}          what the campaign is, the first line
//      03d2a0c9e1b4f786 {"runs": 4096, ...}    all so far; the last whole line counts
//      91b6                                    torn by the kill: not there
//
// Only appended to. Each line begins with a digest of what follows; reading stops before the first line
// that is not whole. When the file has grown large, a new one with the first and the last line takes its
// place in one step, so its size is bounded too.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace scenarios {

class Journal {
 public:
  struct Problem {
    std::string sentence;
  };

  // Begins a new journal, or goes on with the one that is there, which must have the same plan. One
  // campaign at a time: a second one is told so.
  static std::variant<Journal, Problem> begin(const std::string& path, const std::string& plan);
  static std::variant<Journal, Problem> resume(const std::string& path, const std::string& plan);

  Journal(Journal&& other) noexcept;
  Journal& operator=(Journal&& other) noexcept;
  ~Journal();

  // The newest state, or nothing if none was written.
  const std::optional<std::string>& last() const { return last_; }
  // For tests: the process kills itself when the journal has this many bytes, in the middle of a write.
  void die_at(std::size_t byte) { die_at_ = byte; }
  // False when the disk does not take it.
  bool write(std::string_view state);

 private:
  Journal() = default;
  static std::variant<Journal, Problem> open(const std::string& path, const std::string& plan,
                                             bool may_exist);
  bool append(std::string_view text);
  bool compact();

  std::string path_, plan_;
  int file_ = -1;
  std::size_t size_ = 0;
  std::optional<std::size_t> die_at_;
  std::optional<std::string> last_;
};

// The lines of a journal's text that are whole, without their digests; how far they reach.
struct JournalText {
  std::optional<std::string> plan, last;
  std::size_t whole = 0;
};
JournalText read_journal(std::string_view text);

}  // namespace scenarios
