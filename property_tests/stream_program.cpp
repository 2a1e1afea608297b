#include "stream_program.hpp"

#include "property.hpp"

#include <array>
#include <chrono>
#include <ostream>
#include <utility>

namespace twinwire::property {
namespace {

using namespace std::chrono_literals;

constexpr int port = 7000;
/// Far more than any program takes.
constexpr std::uint64_t events_max = 20'000'000;

rc::Gen<Step> steps(bool rude) {
  using Kind = Step::Kind;
  const std::size_t rude_weight = rude ? 1 : 0;
  return rc::gen::build<Step>(
      rc::gen::set(&Step::kind, rc::gen::weightedElement<Kind>({{12, Kind::write},
                                                                {4, Kind::write_lines},
                                                                {3, Kind::pause},
                                                                {3, Kind::resume},
                                                                {2, Kind::cork},
                                                                {2, Kind::uncork},
                                                                {2, Kind::limits},
                                                                {1, Kind::switch_protocol},
                                                                {1, Kind::write_eof},
                                                                {rude_weight, Kind::close},
                                                                {rude_weight, Kind::abort}})),
      rc::gen::set(&Step::size, one_of<std::size_t>({1, 0, 2, 10, 100, 1000, 5000, 20'000})));
}

rc::Gen<SideProgram> sides(bool rude) {
  const auto few = [&] { return rc::gen::scale(0.1, rc::gen::container<std::vector<Step>>(steps(rude))); };
  return rc::gen::build<SideProgram>(
      rc::gen::set(&SideProgram::opening, few()), rc::gen::set(&SideProgram::reactions, few()),
      rc::gen::set(&SideProgram::keep_open, rude ? rc::gen::arbitrary<bool>() : rc::gen::just(true)),
      rc::gen::set(&SideProgram::buffer_size, one_of<std::size_t>({0, 1, 100, 70'000})));
}

rc::Gen<sim::LinkOptions> links() {
  using sim::LinkOptions;
  const auto odds = [](Odds often) { return one_of<Odds>({{0, 1}, {1, 8}, often}); };
  return rc::gen::build<LinkOptions>(
      rc::gen::set(&LinkOptions::latency, one_of<Duration>({1ms, 0ms, 10us, 50ms})),
      rc::gen::set(&LinkOptions::jitter, one_of<Duration>({0ms, 1ms, 100ms})),
      rc::gen::set(&LinkOptions::loss, odds({1, 4})), rc::gen::set(&LinkOptions::cut, odds({1, 1})),
      rc::gen::set(&LinkOptions::rechunk, odds({1, 1})),
      rc::gen::set(&LinkOptions::max_segment, one_of<std::uint32_t>({64 * 1024, 1460, 20})));
}

}  // namespace

rc::Gen<StreamProgram> stream_programs(bool rude) {
  const auto step = rc::gen::build<TimedStep>(
      rc::gen::set(&TimedStep::side, one_of({0, 1})),
      rc::gen::set(&TimedStep::wait, one_of<Duration>({0ms, 100us, 1ms, 5ms, 300ms})),
      rc::gen::set(&TimedStep::step, steps(rude)));
  return rc::gen::build<StreamProgram>(
      rc::gen::set(&StreamProgram::link, links()),
      rc::gen::set(&StreamProgram::send_buffer, one_of<std::uint32_t>({64 * 1024, 4096, 1000, 17})),
      rc::gen::set(&StreamProgram::receive_buffer, one_of<std::uint32_t>({64 * 1024, 4096, 1000, 17})),
      rc::gen::set(&StreamProgram::sides, rc::gen::container<std::array<SideProgram, 2>>(sides(rude))),
      rc::gen::set(&StreamProgram::steps,
                   rc::gen::scale(0.5, rc::gen::container<std::vector<TimedStep>>(step))));
}

sim::WorldOptions world_options(const StreamProgram& program) {
  sim::WorldOptions options;
  options.link = program.link;
  options.host.send_buffer_size = program.send_buffer;
  options.host.receive_buffer_size = program.receive_buffer;
  options.events_max = events_max;
  return options;
}

StreamOutcome run_stream(sim::World& world, const StreamProgram& program) {
  sim::Host& client = world.add_host("client");
  sim::Host& server = world.add_host("server");
  std::array<StreamSide, 2> sides{{{0, program.sides[0], program.salt}, {1, program.sides[1], program.salt}}};
  sides[0].set_peer(sides[1]);
  sides[1].set_peer(sides[0]);
  StreamOutcome outcome;
  std::exception_ptr failed;
  // Lives on the stack of this call, as the sides do: the world must not outlive them with protocols in it.
  Server listening;
  server.loop().create_server([&] { return sides[1].protocol(); }, ServerOptions("", port),
                              [&](std::exception_ptr failure, Server made) {
                                failed = std::move(failure);
                                listening = std::move(made);
                              });
  world.run();
  client.loop().create_connection(
      [&] { return sides[0].protocol(); }, ConnectOptions("server", port),
      [&](std::exception_ptr failure, const Connection&) { outcome.connected = !failure; });
  world.run_until(
      [&] { return (sides[0].made() && sides[1].made()) || !client.loop().pending_operations().size(); });
  Duration when{};
  for (const TimedStep& timed : program.steps) {
    when += timed.wait;
    StreamSide& side = sides[static_cast<std::size_t>(timed.side)];
    Loop& loop = timed.side == 0 ? client.loop() : server.loop();
    loop.call_later(when, [&side, step = timed.step] { side.perform(step); });
  }
  client.loop().call_later(when + 1s, [&] { sides[0].finish(); });
  server.loop().call_later(when + 1s, [&] { sides[1].finish(); });
  world.run();
  outcome.complete = outcome.connected && !sides[0].cut_short() && !sides[1].cut_short();
  for (const StreamSide& side : sides) {
    outcome.verdict += side.verdict(outcome.complete);
  }
  if (sides[0].made() != sides[1].made()) outcome.verdict += "only one side got connection_made\n";
  if (outcome.connected != sides[0].made()) outcome.verdict += "connected, but no connection_made\n";
  outcome.received = {sides[0].received(), sides[1].received()};
  if (failed) outcome.verdict += "the server could not be created\n";
  return outcome;
}

// --- in words ---

void showValue(const Step& step, std::ostream& os) {
  constexpr std::array names{"write",  "writelines",   "pause_reading", "resume_reading", "cork", "uncork",
                             "limits", "set_protocol", "write_eof",     "close",          "abort"};
  os << names[static_cast<std::size_t>(step.kind)] << "(" << step.size << ")";
}

void showValue(const TimedStep& step, std::ostream& os) {
  os << "side " << step.side << " after "
     << std::chrono::duration_cast<std::chrono::microseconds>(step.wait).count() << " us ";
  showValue(step.step, os);
}

namespace {

void show_steps(const char* title, const std::vector<Step>& all, std::ostream& os) {
  if (all.empty()) return;
  os << "  " << title;
  for (const Step& step : all) showValue(step, os << " ");
}

}  // namespace

void showValue(const StreamProgram& program, std::ostream& os) {
  const sim::LinkOptions& link = program.link;
  const auto odds = [&os](const char* name, Odds value) {
    if (value.numerator != 0) os << ", " << name << " " << value.numerator << "/" << value.denominator;
  };
  os << "link: latency " << link.latency.count() << " ns, jitter " << link.jitter.count()
     << " ns, segments of " << link.max_segment;
  odds("loss", link.loss);
  odds("cut", link.cut);
  odds("rechunk", link.rechunk);
  os << "; buffers " << program.send_buffer << " and " << program.receive_buffer;
  for (std::size_t i = 0; i < 2; ++i) {
    const SideProgram& side = program.sides[i];
    os << "\n    side " << i << (side.keep_open ? "" : " closes at the end of the stream");
    if (side.buffer_size != 0) os << " buffered by " << side.buffer_size;
    show_steps("opening:", side.opening, os);
    show_steps("reactions:", side.reactions, os);
  }
  for (const TimedStep& step : program.steps) showValue(step, os << "\n    ");
}

}  // namespace twinwire::property
