#include "tools/live/serve.h"

#include <sys/resource.h>

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <chrono>
#include <csignal>
#include <ctime>
#include <fstream>
#include <iomanip>
#include <memory>
#include <ostream>

#include "model/data/number.h"
#include "model/data/resp.h"
#include "model/releases.h"
#include "model/state.h"
#include "scenarios/language/nearest.h"
#include "tools/live/config_file.h"
#include "tools/live/recorder.h"

namespace live {
namespace {

constexpr std::uint16_t kUsualPort = 6379;
constexpr std::int64_t kFilesOfOurOwn = 32;  // descriptors that are no client's

template <class Rows>
std::string nearest_name(const Rows& rows, const std::string& word) {
  std::vector<std::string_view> names;
  for (const auto& row : rows) names.push_back(row.name);
  const std::string meant = scenarios::nearest_word(word, names);
  return meant.empty() ? "" : " (did you mean " + meant + "?)";
}

std::optional<model::Rules> rules_of(const ServeOptions& options, std::vector<std::string>& problems) {
  const model::Profile* profile =
      options.profile.empty() ? &model::profiles().front() : model::find_profile(options.profile);
  if (profile == nullptr) {
    problems.push_back("there is no release " + options.profile +
                       nearest_name(model::profiles(), options.profile) + "; see replsim profiles");
    return std::nullopt;
  }
  model::Rules rules = profile->rules;
  for (const std::string& name : options.quirks) {
    const model::Quirk* const quirk = model::find_quirk(name);
    if (quirk == nullptr) {
      problems.push_back("there is no quirk " + name + nearest_name(model::quirks(), name) +
                         "; see replsim quirks");
    } else {
      quirk->apply(rules);
    }
  }
  return rules;
}

// As redis-server does: no more clients than there are files to be had.
void limit_clients(model::Config& config) {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY) return;
  const auto most = static_cast<std::int64_t>(files.rlim_cur) - kFilesOfOurOwn;
  config.maxclients = std::max<std::int64_t>(1, std::min(config.maxclients, most));
}

// Notes for people, a line each with the time of day.
class Log final : public Observer {
 public:
  explicit Log(std::ostream& out) : out_(out) {}

  void process(model::Instant, std::string_view what, std::string_view why) override {
    if (what != "start") line(what, why);
  }
  void effects(model::Instant, const model::Effects& effects, const model::State&) override {
    for (const model::Effect& effect : effects.list) {
      if (const auto* const note = std::get_if<model::Note>(&effect)) line(note->topic, note->text);
      if (const auto* const breach = std::get_if<model::ProtocolBreach>(&effect))
        line("protocol", breach->text);
      if (const auto* const odd = std::get_if<model::Impossible>(&effect))
        line("impossible", odd->text);
      if (const auto* const edge = std::get_if<model::Transitioned>(&effect);
          edge != nullptr && edge->machine != model::MachineKind::failover) {
        line(model::machine_name(edge->machine),
             std::string(model::state_name(edge->machine, edge->from)) + " -> " +
                 std::string(model::state_name(edge->machine, edge->to)) + " (" +
                 std::string(model::event_name(edge->machine, edge->on)) + ")");
      }
    }
  }

 private:
  void line(std::string_view topic, std::string_view text) {
    const auto now = std::chrono::system_clock::now();
    const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
    const auto ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
    std::tm split{};
    ::localtime_r(&seconds, &split);
    out_ << std::put_time(&split, "%H:%M:%S") << '.' << std::setw(3) << std::setfill('0') << ms << "  "
         << std::setw(12) << std::setfill(' ') << std::left << topic << std::right << ' ';
    for (const char c : text) out_ << (static_cast<unsigned char>(c) < ' ' ? '?' : c);
    out_ << std::endl;
  }
  std::ostream& out_;
};

}  // namespace

std::optional<HostOptions> host_options(const ServeOptions& options,
                                        std::vector<std::string>& problems,
                                        std::vector<std::string>& remarks) {
  const auto rules = rules_of(options, problems);
  if (!rules) return std::nullopt;
  ConfigFile file;
  if (!options.config.empty()) file = read_config_file(options.config, *rules);
  for (const std::string& setting : options.settings)
    read_config_text(setting, "--set", *rules, file);
  problems.insert(problems.end(), file.errors.begin(), file.errors.end());
  remarks.insert(remarks.end(), file.ignored.begin(), file.ignored.end());

  HostOptions host;
  host.boot.rules = *rules;
  host.boot.config = model::default_config(*rules);
  for (const auto& [name, value] : file.settings)
    model::find_setting(name)->set(host.boot.config, value);
  limit_clients(host.boot.config);
  host.listen.port = options.port.value_or(file.port.value_or(kUsualPort));
  host.listen.ip = options.bind.value_or(file.bind.value_or("127.0.0.1"));
  host.dir = options.dir.value_or(file.dir.value_or(""));
  host.file = file.dbfilename.value_or(host.file);
  if (host.file.find('/') != std::string::npos)
    problems.push_back("dbfilename is a name in the folder of dir, not a path: " + host.file);
  if (!options.replicaof.empty()) {
    const auto port = port_number(options.replicaof.back());
    if (options.replicaof.size() != 2 || !port || *port == 0) {
      problems.push_back("--replicaof takes a host and a port");
    } else {
      file.replicaof = {options.replicaof.front(), *port};
    }
  }
  if (file.replicaof) {
    host.boot.replicaof_host = file.replicaof->first;
    host.boot.replicaof_port = file.replicaof->second;
  }
  if (!problems.empty()) return std::nullopt;
  return host;
}

Served serve(const ServeOptions& options, std::ostream& out, std::ostream& log) {
  std::vector<std::string> problems, remarks;
  auto given = host_options(options, problems, remarks);
  for (const std::string& remark : remarks) log << remark << '\n';
  for (const std::string& problem : problems) log << problem << '\n';
  if (!given) return Served::bad_input;
  std::signal(SIGPIPE, SIG_IGN);

  Loop loop;
  Log notes(log);
  std::unique_ptr<Recorder> recorder;
  const std::string ip = given->listen.ip;
  Host host(loop, std::move(*given));
  if (!options.quiet) host.observe(notes);
  if (!options.record.empty()) {
    recorder = std::make_unique<Recorder>(options.record);
    if (!recorder->good()) {
      log << options.record << ": cannot be written\n";
      return Served::bad_input;
    }
    host.observe(*recorder);
  }
  if (const auto problem = host.start()) {
    log << *problem << '\n';
    return Served::cannot_start;
  }
  out << "ready: listens on " << text(Address{ip, host.port()}) << std::endl;

  asio::signal_set signals(loop.context(), SIGINT, SIGTERM);
  bool asked = false, torn = false;
  std::function<void(const asio::error_code&, int)> on_signal = [&](const asio::error_code& error, int) {
    if (error) return;
    if (asked) {  // at once, then
      torn = true;
      return loop.stop();
    }
    asked = true;
    host.terminate();
    signals.async_wait(on_signal);
  };
  signals.async_wait(on_signal);
  while (!host.ended() && !torn)
    loop.run_until([&] { return host.ended().has_value() || torn; }, std::chrono::hours(1));
  signals.cancel();
  // What was sent still has to leave.
  if (!torn) loop.run_until([&] { return host.idle(); }, std::chrono::seconds(5));
  if (recorder) recorder->finish();
  return torn || host.ended()->code != 0 ? Served::died : Served::ended;
}

}  // namespace live
