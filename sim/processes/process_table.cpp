#include <twinwire/sim/host.hpp>
#include <twinwire/sim/process.hpp>
#include <twinwire/sim/processes/process_table.hpp>

#include <algorithm>
#include <utility>

namespace twinwire::sim {

ProcessTable::ProcessTable(Host& host) : host_(host) {}

ProcessTable::~ProcessTable() {
  end();
}

std::vector<std::string> ProcessTable::names() const {
  std::vector<std::string> all;
  for (const auto& process : processes_) all.push_back(process->name());
  return all;
}

std::string ProcessTable::next_name(const std::string& program) {
  const std::string name = host_.name() + "/" + program.substr(program.rfind('/') + 1);
  return name + "#" + std::to_string(++counts_[name]);
}

void ProcessTable::add(detail::Ref<Process> process) {
  processes_.push_back(std::move(process));
}

void ProcessTable::remove(const Process& process) noexcept {
  std::erase_if(processes_, [&](const auto& other) { return other.get() == &process; });
}

std::vector<Loop*> ProcessTable::loops() const {
  std::vector<Loop*> all;
  for (const auto& process : processes_) all.push_back(&process->loop());
  return all;
}

void ProcessTable::end() noexcept {
  while (!processes_.empty()) {
    const detail::Ref<Process> process = std::move(processes_.back());
    processes_.pop_back();
    process->vanish();
  }
}

}  // namespace twinwire::sim
