#include "line_lengths.hpp"

#include <twinwire/net/streams.hpp>
#include <twinwire/net/task.hpp>
#include <twinwire/traces/scenario.hpp>

using namespace twinwire;

void lines_are_measured(sim::World& world, const traces::Arguments&) {
  Loop& server = world.add_host("server").loop();
  Loop& client = world.add_host("client").loop();
  const auto factory = [] { return std::make_shared<LineLengths>(); };
  run_until_complete(server, create_server(server, factory, ServerOptions("", 7)));
  run_until_complete(client, [&]() -> awaitable<void> {
    const Stream stream = co_await open_connection(client, "server", 7);
    for (const char* line : {"one\r\n", "three\r\n", "eleven\r\n"}) stream.writer.write(line);
    for (const int length : {3, 5, 6}) {
      const std::string answer = co_await stream.reader.read_line();
      if (std::stoi(answer) != length) throw std::logic_error("the answer was " + answer.substr(0, 1));
    }
  });
}

int main(int argc, char** argv) {
  traces::Scenario scenario;
  scenario.name = "lines";
  scenario.options.link = sim::LinkOptions::rough();
  scenario.body = lines_are_measured;
  return traces::scenario_main(argc, argv, {scenario});
}
