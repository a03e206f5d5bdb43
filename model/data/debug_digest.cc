#include "model/data/debug_digest.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "model/data/number.h"

namespace model {
namespace {

std::string_view bytes_of(const Sha1& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

void xor_in(Sha1& digest, std::string_view bytes) {
  const Sha1 hash = sha1(bytes);
  for (std::size_t i = 0; i < digest.size(); ++i) digest[i] ^= hash[i];
}

void mix_in(Sha1& digest, std::string_view bytes) {
  xor_in(digest, bytes);
  digest = sha1(bytes_of(digest));
}

void mix_in(Sha1& digest, std::uint32_t number) {
  std::string bytes;
  for (unsigned shift = 32; shift > 0; shift -= 8)
    bytes += static_cast<char>(number >> (shift - 8) & 0xffU);
  mix_in(digest, bytes);
}

// A pair whose place among the others does not matter.
void xor_pair(Sha1& digest, std::string_view first, std::string_view second) {
  Sha1 pair{};
  mix_in(pair, first);
  mix_in(pair, second);
  xor_in(digest, bytes_of(pair));
}

// Redis's numbers of its types.
enum Type : std::uint32_t { kString = 0, kList = 1, kSet = 2, kZset = 3, kHash = 4, kStream = 6 };

struct AddValue {
  Sha1& digest;

  void operator()(const String& string) const {
    mix_in(digest, kString);
    mix_in(digest, string);
  }
  void operator()(const List& list) const {
    mix_in(digest, kList);
    for (const std::string& element : list) mix_in(digest, element);
  }
  void operator()(const Set& set) const {
    mix_in(digest, kSet);
    for (const std::string& member : set) xor_in(digest, member);
  }
  void operator()(const Hash& hash) const {
    mix_in(digest, kHash);
    for (const auto& [field, value] : hash) xor_pair(digest, field, value);
  }
  void operator()(const SortedSet& sorted) const {
    mix_in(digest, kZset);
    for (const auto& [member, score] : sorted) xor_pair(digest, member, text_of(score));
  }
  // Entries alone: groups and what they wait for are left out.
  void operator()(const Stream& stream) const {
    mix_in(digest, kStream);
    for (const StreamEntry* entry : stream.range(kFirstStreamId, kLastStreamId, stream.size())) {
      mix_in(digest, std::to_string(entry->id.ms) + "." + std::to_string(entry->id.seq));
      for (const std::string& word : entry->pairs) mix_in(digest, word);
    }
  }
};

void add_entry(Sha1& digest, const Entry& entry) {
  std::visit(AddValue{digest}, entry.value);
  if (entry.expires) xor_in(digest, "!!expire!!");
}

}  // namespace

Sha1 debug_digest(const Keyspace& data) {
  Sha1 all{};
  for (unsigned db = 0; db < data.databases(); ++db) {
    if (data.size(db) == 0) continue;
    mix_in(all, db);
    for (const auto& [key, entry] : data.database(db)) {
      Sha1 one{};
      mix_in(one, key);
      add_entry(one, entry);
      xor_in(all, bytes_of(one));
    }
  }
  return all;
}

Sha1 debug_digest(const Entry* entry) {
  Sha1 digest{};
  if (entry != nullptr) add_entry(digest, *entry);
  return digest;
}

}  // namespace model
