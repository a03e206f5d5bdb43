// What happens on the connections of a Host, as a trace: the same records that a simulated run leaves, so
// that diagrams and timelines are made of real traffic too.
//
//      host 0      the server, as "server"
//      host 1 ..   whoever is at the other end of a connection, by address: one for each that comes, one for
//                  each address that is dialled
//
// Written as it happens. A process that is killed leaves a trace without its last line.
#pragma once

#include <cstdint>
#include <fstream>
#include <map>
#include <string>

#include "scenarios/world/wire.h"
#include "sim/ids.h"
#include "sim/trace.h"
#include "sim/trace_writer.h"
#include "tools/live/host.h"

namespace live {

class Recorder final : public Observer {
 public:
  explicit Recorder(const std::string& path);
  bool good() const { return out_.good(); }
  void finish();

  void process(model::Instant at, std::string_view what, std::string_view why) override;
  void connection(model::Instant at, const Link& link, std::string_view what) override;
  void received(model::Instant at, const Link& link, std::string_view bytes) override;
  void sent(model::Instant at, const Link& link, std::string_view bytes,
            const model::State& state) override;
  void effects(model::Instant at, const model::Effects& effects, const model::State& state) override;

 private:
  struct Followed {
    std::uint32_t number = 0;  // of the connection
    sim::HostId peer{};
    std::uint64_t received = 0, sent = 0;  // bytes
  };
  template <class R>
  void add(model::Instant at, R record);
  sim::HostId host_of(model::Instant at, const Link& link);
  void said(model::Instant at, sim::EndId end, std::string_view bytes, std::uint64_t payload,
            std::uint64_t& position);

  std::ofstream out_;
  sim::TraceWriter writer_;
  scenarios::Wire wire_;
  std::map<model::ConnId, Followed> links_;
  std::map<std::string, sim::HostId> dialled_;
  std::uint32_t next_host_ = 1, next_connection_ = 0;
};

}  // namespace live
