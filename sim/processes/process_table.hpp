// The processes of a simulated host.
#pragma once

#include <twinwire/net/ref.hpp>
#include <twinwire/net/subprocess.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace twinwire {
class Loop;
}

namespace twinwire::sim {

class Host;
class Process;

/// Those that run, in the order in which they were started.
class ProcessTable {
 public:
  explicit ProcessTable(Host& host);
  ProcessTable(const ProcessTable&) = delete;
  ProcessTable& operator=(const ProcessTable&) = delete;
  ~ProcessTable();

  /// What children of the host's own loop inherit. Those of a process inherit its environment.
  Environment environment{{"PATH", "/usr/local/bin:/usr/bin:/bin"}};

  std::size_t size() const noexcept { return processes_.size(); }
  /// Names, as "server/cat#2".
  std::vector<std::string> names() const;

  // --- for the simulation ---

  /// The number and the name of the next process that runs this program.
  int next_pid() noexcept { return ++last_pid_; }
  std::string next_name(const std::string& program);
  void add(detail::Ref<Process> process);
  void remove(const Process& process) noexcept;
  std::vector<Loop*> loops() const;
  /// The host ends: all of them do, and nobody is told.
  void end() noexcept;

 private:
  Host& host_;
  std::vector<detail::Ref<Process>> processes_;
  std::map<std::string, std::uint64_t> counts_;
  int last_pid_ = 99;
};

}  // namespace twinwire::sim
