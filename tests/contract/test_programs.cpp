#include "test_programs.hpp"

#include <twinwire/net/sleep.hpp>
#include <twinwire/sim/process.hpp>
#include <twinwire/sim/programs.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>

namespace twinwire::contract {
namespace {

using sim::Process;

constexpr std::size_t copy_size = 4096;

awaitable<int> run_cat(Process& process) {
  while (true) {
    const std::string text = co_await process.in().read(copy_size);
    if (text.empty()) co_return 0;
    process.out().write(text);
    co_await process.out().drain();
  }
}

awaitable<int> run_env(Process& process) {
  for (const auto& [name, value] : process.environment()) process.out().write(name + "=" + value + "\n");
  co_return 0;
}

awaitable<int> run_sleep(Process& process) {
  co_await sleep_for(process.loop(), std::chrono::seconds(std::stoi(process.arguments().at(0))));
  co_return 0;
}

awaitable<int> run_mute(Process& process) {
  process.out().close();
  co_await sleep_for(process.loop(), std::chrono::hours(24));
  co_return 0;
}

awaitable<int> run_flood(Process& process) {
  for (std::size_t left = std::stoul(process.arguments().at(0)); left != 0;) {
    const std::size_t count = std::min(left, copy_size);
    process.out().write(std::string(count, '\0'));
    left -= count;
    co_await process.out().drain();
  }
  co_return 0;
}

awaitable<int> run_survivor(Process& process) {
  process.loop().add_signal_handler(SIGTERM, [&process] { process.out().write("caught\n"); });
  process.out().write("ready\n");
  co_await process.in().read_all();
  co_return 0;
}

}  // namespace

void add_test_programs(sim::Programs& programs) {
  programs.add("cat", run_cat);
  programs.add("env", run_env);
  programs.add("sleep", run_sleep);
  programs.add("mute", run_mute);
  programs.add("flood", run_flood);
  programs.add("survivor", run_survivor);
}

SubprocessOptions cat() {
  return {"cat", {}};
}

SubprocessOptions flood(Stage& stage, std::size_t size) {
  if (stage.simulated()) return {"flood", {std::to_string(size)}};
  return {"head", {"-c", std::to_string(size), "/dev/zero"}};
}

SubprocessOptions sleeper() {
  return {"sleep", {"60"}};
}

SubprocessOptions mute(Stage& stage) {
  if (stage.simulated()) return {"mute", {}};
  return {"sh", {"-c", "exec >&-; exec sleep 60"}};
}

SubprocessOptions survivor(Stage& stage) {
  if (stage.simulated()) return {"survivor", {}};
  // A wait that a signal interrupts ends with more than 128.
  return {"sh",
          {"-c",
           "trap 'echo caught' TERM; exec 3<&0; cat <&3 >/dev/null & echo ready; "
           "while wait $!; [ $? -gt 128 ]; do :; done"}};
}

}  // namespace twinwire::contract
