// Simulated processes and pipes beside what the contract says: programs, signals, what is inherited, what is
// left when one ends, and that all of it is the same for the same seed.
#include <twinwire/net/async.hpp>
#include <twinwire/net/executor.hpp>
#include <twinwire/net/sleep.hpp>
#include <twinwire/net/streams.hpp>
#include <twinwire/net/task.hpp>
#include <twinwire/sim/process.hpp>
#include <twinwire/sim/programs.hpp>
#include <twinwire/sim/world.hpp>

#include <array>
#include <chrono>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <string>

#include <catch2/catch.hpp>

namespace twinwire {
namespace {

using namespace std::chrono_literals;
using sim::Process;

/// Collects what a child does.
struct Watcher final : SubprocessProtocol {
  void connection_made(SubprocessTransport made) override { transport = std::move(made); }
  void pipe_data_received(int fd, Bytes data) override {
    output.at(static_cast<std::size_t>(fd)) += as_text(data);
  }
  void connection_lost(error_code) override { lost = true; }

  SubprocessTransport transport;
  std::array<std::string, 3> output;
  bool lost = false;
};

/// A world with one host, on which children are run to their end.
struct Machine {
  explicit Machine(std::uint64_t seed = 1, sim::WorldOptions options = {})
      : world(seed, std::move(options)), host(world.add_host("host")) {}

  std::shared_ptr<Watcher> start(SubprocessOptions options) {
    auto child = std::make_shared<Watcher>();
    host.loop().subprocess_exec([child] { return child; }, std::move(options), {});
    world.run_until([&] { return static_cast<bool>(child->transport); });
    return child;
  }
  std::shared_ptr<Watcher> run(SubprocessOptions options) {
    const auto child = start(std::move(options));
    world.run_until([&] { return child->lost; });
    return child;
  }
  std::shared_ptr<Watcher> shell(const std::string& command) { return run({"/bin/sh", {"-c", command}}); }

  sim::World world;
  sim::Host& host;
};

TEST_CASE("a simulated program has arguments, an environment, a directory and a number of its own") {
  Machine machine;
  machine.world.programs().add("tell", [](Process& process) -> awaitable<int> {
    process.out().write(process.program() + " " + process.arguments().at(0) + " " +
                        process.environment().at("NAME") + " " + process.directory() + " " +
                        std::to_string(process.pid()) + " " + process.name());
    co_return 300;  // of which the low 8 bits count
  });
  machine.host.processes().environment["NAME"] = "value";
  machine.host.files().create_directory("/srv");
  SubprocessOptions options("/usr/bin/tell", {"argument"});
  options.cwd = "/srv";
  const auto child = machine.run(options);
  CHECK(child->output[1] ==
        "/usr/bin/tell argument value /srv " + std::to_string(child->transport.get_pid()) + " host/tell#1");
  CHECK(child->transport.get_returncode() == 300 % 256);
  CHECK(machine.host.processes().size() == 0);
}

TEST_CASE("what a simulated program has written goes into the pipe before it ends") {
  Machine machine;
  machine.world.programs().add("verbose", [](Process& process) -> awaitable<int> {
    process.out().write(std::string(500'000, 'x'));
    process.err().write("done");
    co_return 0;
  });
  const auto child = machine.run({"verbose", {}});
  CHECK(child->output[1].size() == 500'000);
  CHECK(child->output[2] == "done");
}

TEST_CASE("a simulated program that writes where nobody reads dies of SIGPIPE") {
  Machine machine;
  machine.world.programs().add("yes", [](Process& process) -> awaitable<int> {
    while (true) {
      process.out().write("y\n");
      co_await process.out().drain();
      co_await sleep_for(process.loop(), 1ms);
    }
  });
  const auto child = machine.start({"yes", {}});
  machine.world.run_for(10ms);
  child->transport.get_pipe_transport(1).close();
  machine.world.run_until([&] { return child->lost; });
  CHECK(child->transport.get_returncode() == -SIGPIPE);
}

TEST_CASE("a simulated program that nobody reads until its end dies of SIGPIPE, too") {
  Machine machine;
  machine.world.programs().add("verbose", [](Process& process) -> awaitable<int> {
    process.out().write(std::string(500'000, 'x'));
    co_return 3;
  });
  const auto child = machine.start({"verbose", {}});
  child->transport.get_pipe_transport(1).pause_reading();
  machine.world.run_for(10ms);
  CHECK_FALSE(child->transport.get_returncode());
  child->transport.get_pipe_transport(1).close();
  machine.world.run_until([&] { return child->lost; });
  CHECK(child->transport.get_returncode() == -SIGPIPE);
}

TEST_CASE("the first deadly signal is how a simulated process ends, whatever happens until it arrives") {
  Machine machine;
  machine.world.programs().add("brief", [](Process& process) -> awaitable<int> {
    co_await process.in().read_all();
    co_return 0;
  });
  const auto child = machine.start({"brief", {}});
  machine.world.run_for(10ms);
  sim::LinkOptions& loopback = machine.world.link(machine.host, machine.host).options;
  loopback.latency = 1ms;
  child->transport.terminate();
  child->transport.kill();
  loopback.latency = 0ms;
  child->transport.get_pipe_transport(0).close();
  machine.world.run_until([&] { return child->lost; });
  CHECK(child->transport.get_returncode() == -SIGTERM);
}

TEST_CASE("an exception that escapes from a simulated program fails the run") {
  Machine machine;
  machine.world.programs().add("broken", [](Process&) -> awaitable<int> {
    throw std::runtime_error("a bug");
    co_return 0;
  });
  CHECK_THROWS_WITH(machine.run({"broken", {}}),
                    Catch::Contains("host/broken#1") && Catch::Contains("a bug"));
}

TEST_CASE("killing a simulated process destroys what it has, and its children live on") {
  Machine machine;
  auto destroyed = std::make_shared<bool>(false);
  machine.world.programs().add("forever", [destroyed](Process& process) -> awaitable<int> {
    struct Marker {
      std::shared_ptr<bool> flag;
      ~Marker() { *flag = true; }
    } const marker{destroyed};
    co_await sleep_for(process.loop(), 24h);
    co_return 0;
  });
  machine.world.programs().add("parent", [](Process& process) -> awaitable<int> {
    SubprocessProtocolFactory factory = [] { return std::make_shared<Watcher>(); };
    SubprocessOptions options("forever", {});
    co_await subprocess_exec(process.loop(), std::move(factory), std::move(options));
    co_await sleep_for(process.loop(), 24h);
    co_return 0;
  });
  const auto child = machine.start({"parent", {}});
  machine.world.run_for(1s);
  CHECK(machine.host.processes().names() == std::vector<std::string>{"host/parent#1", "host/forever#1"});
  child->transport.kill();
  machine.world.run_until([&] { return child->lost; });
  CHECK(machine.host.processes().names() == std::vector<std::string>{"host/forever#1"});
  CHECK_FALSE(*destroyed);
  machine.world.run_for(25h);  // whose end nobody waits for
  CHECK(*destroyed);
  CHECK(machine.host.processes().size() == 0);
  CHECK(machine.host.open_descriptors() == 0);
}

TEST_CASE("a signal reaches the handler of a simulated process, or does what it does by default") {
  Machine machine;
  machine.world.programs().add("patient", [](Process& process) -> awaitable<int> {
    process.loop().add_signal_handler(SIGHUP, [&process] { process.out().write("hup "); });
    co_await process.in().read_all();
    co_return 0;
  });
  const auto child = machine.start({"patient", {}});
  machine.world.run_for(1s);
  child->transport.send_signal(SIGHUP);
  child->transport.send_signal(SIGCHLD);  // ignored
  child->transport.send_signal(0);        // none
  machine.world.run_for(1s);
  CHECK(child->output[1] == "hup ");
  CHECK_FALSE(child->transport.get_returncode());
  child->transport.send_signal(SIGINT);
  machine.world.run_until([&] { return child->lost; });
  CHECK(child->transport.get_returncode() == -SIGINT);
}

TEST_CASE("a simulated process can serve, and its port is free when it is killed") {
  Machine machine;
  machine.world.programs().add("server", [](Process& process) -> awaitable<int> {
    StreamHandler handler = [](StreamReader reader, StreamWriter writer) -> awaitable<void> {
      const std::string line = co_await reader.read_line();
      writer.write(line);
    };
    ServerOptions options("0.0.0.0", 7);
    const Server server = co_await start_server(process.loop(), std::move(handler), std::move(options));
    co_await sleep_for(process.loop(), 24h);
    co_return 0;
  });
  const auto ask = [&]() -> awaitable<std::string> {
    const Stream stream = co_await open_connection(machine.host.loop(), "host", 7);
    stream.writer.write("hello\n");
    const std::string line = co_await stream.reader.read_line();
    co_return line;
  };
  for (int round = 0; round < 2; ++round) {
    const auto child = machine.start({"server", {}});
    machine.world.run_for(1s);
    CHECK(run_until_complete(machine.host.loop(), ask) == "hello\n");
    child->transport.kill();
    machine.world.run_until([&] { return child->lost; });
  }
  CHECK_THROWS_AS(run_until_complete(machine.host.loop(), ask), OperationError);
}

TEST_CASE("a job of the executor that outlives its simulated process is dropped") {
  Machine machine;
  auto ran = std::make_shared<bool>(false);
  machine.world.programs().add("worker", [ran](Process& process) -> awaitable<int> {
    process.loop().run_in_executor([ran] { *ran = true; }, {});
    co_return 0;
  });
  sim::WorldOptions slow;
  slow.executor_time_max = 1h;
  machine.run({"worker", {}});
  machine.world.run_for(2h);
  CHECK(machine.host.processes().size() == 0);
}

TEST_CASE("closing a standard stream tells the other side, while the simulated process goes on") {
  Machine machine;
  machine.world.programs().add("daemon", [](Process& process) -> awaitable<int> {
    process.out().write("ready");
    for (const int number : {0, 1, 2}) process.close_stream(number);
    co_await sleep_for(process.loop(), 1h);
    co_return 5;
  });
  const auto child = machine.start({"daemon", {}});
  machine.world.run_for(1s);
  CHECK(child->output[1] == "ready");
  for (int fd = 0; fd < 3; ++fd) CHECK(child->transport.get_pipe_transport(fd).is_closing());
  machine.world.run_until([&] { return child->lost; });
  CHECK(child->transport.get_returncode() == 5);
}

TEST_CASE("a killed simulated process closes what it had opened and given to nobody") {
  Machine machine;
  machine.host.files().create("/data", "content");
  auto inherited_end = std::make_shared<bool>(false);
  machine.world.programs().add("reader", [inherited_end](Process& process) -> awaitable<int> {
    co_await process.in().read_all();
    *inherited_end = true;
    co_return 0;
  });
  machine.world.programs().add("opener", [](Process& process) -> awaitable<int> {
    process.loop().make_pipe();
    process.loop().open_file("/data");
    const PipeEnds pipe = process.loop().make_pipe();
    SubprocessProtocolFactory factory = [] { return std::make_shared<Watcher>(); };
    SubprocessOptions options("reader", {});
    options.stdin_stream = Redirect::handle(pipe.reading);
    co_await subprocess_exec(process.loop(), std::move(factory), std::move(options));
    co_await sleep_for(process.loop(), 24h);
    co_return 0;
  });
  const PipeEnds own = machine.host.loop().make_pipe();
  const int before = machine.host.open_descriptors();
  const auto child = machine.start({"opener", {}});
  machine.world.run_for(1s);
  CHECK(machine.host.open_descriptors() > before + 5);
  CHECK_FALSE(*inherited_end);
  child->transport.kill();
  machine.world.run_until([&] { return child->lost; });
  machine.world.run_for(1s);
  CHECK(*inherited_end);
  CHECK(machine.host.open_descriptors() == before);
  machine.host.loop().close_handle(own.reading);
  machine.host.loop().close_handle(own.writing);
  CHECK(machine.host.open_descriptors() == 0);
}

TEST_CASE("what a simulated process hands to another loop, and numbers that it had once, stay open") {
  struct Reader final : Protocol {
    void data_received(Bytes) override {}
    void connection_lost(error_code) override { lost = true; }
    bool lost = false;
  };
  Machine machine;
  Loop& loop = machine.host.loop();
  PipeEnds closed;
  PipeEnds handed;
  machine.world.programs().add("giver", [&](Process& process) -> awaitable<int> {
    closed = process.loop().make_pipe();
    handed = process.loop().make_pipe();
    process.loop().close_handle(closed.reading);
    process.loop().close_handle(closed.writing);
    co_await sleep_for(process.loop(), 1h);
    co_return 0;
  });
  const auto child = machine.start({"giver", {}});
  machine.world.run_for(1s);
  const PipeEnds own = loop.make_pipe();
  CHECK(own.reading == closed.reading);
  CHECK(own.writing == closed.writing);
  const auto reader = std::make_shared<Reader>();
  loop.connect_read_pipe([reader] { return reader; }, handed.reading, {});
  machine.world.run_for(1s);
  CHECK_FALSE(reader->lost);
  machine.world.run_until([&] { return child->lost; });
  machine.world.run_until([&] { return reader->lost; });  // the other end was the process's
  error_code error;
  CHECK(machine.host.adopt_pipe(own.reading, Direction::receive, error));
  CHECK(machine.host.adopt_pipe(own.writing, Direction::send, error));
  CHECK_FALSE(error.failed());
  CHECK(machine.host.open_descriptors() == 0);
}

TEST_CASE("without a descriptor left no simulated child is started, and nothing is leaked") {
  Machine machine;
  for (int limit = 3; limit < 8; ++limit) {
    machine.host.set_max_descriptors(limit);
    std::exception_ptr failure;
    bool completed = false;
    machine.host.loop().subprocess_exec([] { return std::make_shared<Watcher>(); }, {"/bin/sh", {"-c", ":"}},
                                        [&](std::exception_ptr ended, Subprocess) {
                                          failure = std::move(ended);
                                          completed = true;
                                        });
    machine.world.run();
    REQUIRE(completed);
    CHECK(static_cast<bool>(failure) == (limit < 7));
    if (failure) CHECK(error_code_of(failure) == errc::too_many_files_open);
    CHECK(machine.host.open_descriptors() == 0);
    CHECK(machine.host.processes().size() == 0);
  }
}

TEST_CASE("the simulated shell says what it does not understand") {
  Machine machine;
  for (const auto& [command, complaint] : {std::pair("if true; then :; fi", "then: not found"),
                                           {"echo a &", "\"&\" unexpected"},
                                           {"echo 'a", "unterminated quoted string"},
                                           {"echo \"a", "unterminated quoted string"},
                                           {"echo $(pwd)", "\"$(\" is not supported"},
                                           {"echo `pwd`", "\"`\" is not supported"},
                                           {"cat >file", "only /dev/null"},
                                           {"| cat", "\"|\" unexpected"},
                                           {"true &&", "end of file unexpected"},
                                           {"echo ${a", "unterminated ${"},
                                           {"exit x", "Illegal number"}}) {
    INFO(command);
    const auto child = machine.shell(command);
    CHECK_THAT(child->output[2], Catch::StartsWith("sh: 1: ") && Catch::Contains(complaint));
    CHECK(child->transport.get_returncode() != 0);
  }
  const auto script = machine.run({"/bin/sh", {"script"}});
  CHECK_THAT(script->output[2], Catch::Contains("only \"sh -c COMMAND\" is supported"));
}

TEST_CASE("the simulated shell expands, quotes and redirects") {
  Machine machine;
  for (const auto& [command, output] : {std::pair("echo a  b 'c  d' \"e  f\" g\\ h", "a b c  d e  f g h\n"),
                                        {"# a comment\necho x # another\n\n echo y", "x\ny\n"},
                                        {"a=1; a=2 sh -c 'echo $a'; echo $a", "2\n1\n"},
                                        {"export a=1; sh -c 'echo $a'", "1\n"},
                                        {"a=1; sh -c 'echo \"<$a>\"'", "<>\n"},
                                        {"echo \"$nothing\" $nothing ''", " \n"},
                                        {"echo '$a' \"\\$a\" \\$a $", "$a $a $a $\n"},
                                        {"false || false || echo third", "third\n"},
                                        {"echo -n a; echo b", "ab\n"},
                                        {"echo lost >/dev/null; echo seen 2>/dev/null", "seen\n"},
                                        {"echo one | sh -c 'echo two'", "two\n"},
                                        {"sh -c 'echo err >&2' 2>&1", "err\n"},
                                        {"cd /tmp; pwd; sh -c pwd", "/tmp\n/tmp\n"},
                                        {"sh -c 'echo $0 $1 $2' name one", "name one\n"},
                                        {"exit 3; echo never", ""},
                                        {"! true; echo $?", "1\n"}}) {
    INFO(command);
    const auto child = machine.shell(command);
    CHECK(child->output[1] == output);
    CHECK(child->output[2].empty());
  }
  CHECK(machine.shell("sh -c 'exit 9' | true")->transport.get_returncode() == 0);
  CHECK(machine.shell("true | sh -c 'exit 9'")->transport.get_returncode() == 9);
  CHECK(machine.shell("nosuch | true; nosuch")->transport.get_returncode() == 127);
}

TEST_CASE("processes and pipes are the same run for the same seed, and another for another") {
  sim::WorldOptions rough;
  rough.loopback = sim::LinkOptions::rough();
  const auto fingerprint = [&](std::uint64_t seed) {
    Machine machine(seed, rough);
    const auto child = machine.shell("echo hello | sh -c 'echo more; exit 3' | sh -c 'echo x' ; echo $$");
    CHECK_FALSE(child->output[1].empty());
    machine.world.run();
    return machine.world.fingerprint();
  };
  CHECK(fingerprint(1) == fingerprint(1));
  CHECK(fingerprint(1) != fingerprint(2));
}

}  // namespace
}  // namespace twinwire
