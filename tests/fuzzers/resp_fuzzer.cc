// Requests and replies come out the same however the bytes are cut; what was read can be written, and is
// read again as the same. The first byte says where to cut.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/data/resp.h"

namespace {

using Request = std::vector<std::string>;

// All requests, and what the parser came to.
std::pair<std::vector<Request>, model::RequestParser::Got> requests(std::string_view bytes,
                                                                    std::size_t piece) {
  using Got = model::RequestParser::Got;
  model::RequestParser parser;
  std::vector<Request> all;
  Got got = Got::nothing_yet;
  while (!bytes.empty() && got != Got::malformed) {
    const std::size_t size = std::min(piece, bytes.size());
    parser.feed(bytes.substr(0, size));
    bytes.remove_prefix(size);
    Request request;
    while ((got = parser.next(request)) == Got::request) all.push_back(request);
  }
  return {all, got};
}

std::pair<std::vector<model::Reply>, model::ReplyParser::Got> replies(std::string_view bytes,
                                                                      std::size_t piece) {
  using Got = model::ReplyParser::Got;
  model::ReplyParser parser;
  std::vector<model::Reply> all;
  Got got = Got::nothing_yet;
  while (!bytes.empty() && got != Got::malformed) {
    const std::size_t size = std::min(piece, bytes.size());
    parser.feed(bytes.substr(0, size));
    bytes.remove_prefix(size);
    model::Reply reply;
    while ((got = parser.next(reply)) == Got::reply) all.push_back(reply);
  }
  return {all, got};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = 1 + data[0] % 16;
  const std::string bytes(data + 1, data + size);
  const auto whole = requests(bytes, bytes.size() + 1);
  if (requests(bytes, piece) != whole) std::abort();
  std::string written;
  for (const Request& request : whole.first) {
    if (request.empty()) std::abort();
    model::append_request(written, request);
  }
  if (requests(written, piece).first != whole.first) std::abort();
  if (replies(bytes, piece) != replies(bytes, bytes.size() + 1)) std::abort();
  model::split_line(bytes);
  return 0;
}
