// Child processes: starting them, their pipes, how they end.
#include "endpoints.hpp"
#include "harness.hpp"
#include "subprocess_recorder.hpp"
#include "test_programs.hpp"
#include "unix_service.hpp"

#include <csignal>
#include <stdexcept>

namespace twinwire::contract {
namespace {

SubprocessOptions without_stderr(SubprocessOptions options) {
  options.stderr_stream = Redirect::null();
  return options;
}

CONTRACT_TEST("SUB-01", "the operation completes once the child runs, with pipes for all streams") {
  const auto child = start_child(stage, cat());
  CHECK(child->events() == "CM");
  CHECK(child->transport.get_pid() > 0);
  CHECK_FALSE(child->transport.is_closing());
  for (int fd = 0; fd < 3; ++fd) CHECK(child->transport.get_pipe_transport(fd));
  CHECK(child->transport.get_protocol() == child);
  child->write("hello");
  run_until_output(stage, *child, 1, "hello");
  child->write_eof();
  run_until_lost(stage, *child);
  CHECK(child->transport.get_returncode() == 0);
}

CONTRACT_TEST("SUB-01", "pipes can be used from connection_made on") {
  const auto child = start_child(stage, cat(), [](SubprocessRecorder& made) {
    made.on_made = [&made] {
      made.transport.get_pipe_transport(0).write("at once");
      made.transport.get_pipe_transport(0).write_eof();
    };
  });
  run_until_lost(stage, *child);
  CHECK(child->output(1) == "at once");
}

CONTRACT_TEST("SUB-01", "a child can be started from inside a callback of another") {
  const auto first = start_child(stage, cat());
  auto second = std::shared_ptr<Starting>();
  first->on_exit = [&] { second = std::make_shared<Starting>(stage, cat()); };
  first->write_eof();
  run_until_lost(stage, *first);
  stage.run_until([&] { return second->outcome->done(); }, "the other to be started");
  second->protocol->write_eof();
  run_until_lost(stage, *second->protocol);
}

CONTRACT_TEST("SUB-02", "every pipe is lost once, the exit told once, and connection_lost comes last") {
  const auto child = start_shell(stage, "echo out; echo err >&2; exit 3");
  run_until_lost(stage, *child);
  CHECK(child->output(1) == "out\n");
  CHECK(child->output(2) == "err\n");
  for (const char* event : {"PL0", "PL1", "PL2", "PX", "CL"}) CHECK(child->count(event) == 1);
  CHECK(child->events().ends_with(" CL"));
  CHECK(child->transport.get_returncode() == 3);
  CHECK(child->transport.is_closing());
}

CONTRACT_TEST("SUB-02", "connection_lost waits for the exit, when all pipes are lost") {
  SubprocessOptions options = without_stderr(mute(stage));
  options.stdin_stream = Redirect::null();
  const auto child = start_child(stage, options);
  stage.run_until([&] { return child->count("PL1") == 1; }, "the pipe to be lost");
  stage.settle();
  CHECK(child->events() == "CM PL1");
  as_user([&] { child->transport.kill(); });
  run_until_lost(stage, *child);
  CHECK(child->events() == "CM PL1 PX CL");
}

CONTRACT_TEST("SUB-02", "connection_lost waits for every pipe, when the exit has been told") {
  const auto child = start_child(stage, without_stderr(cat()));
  child->transport.get_pipe_transport(1).pause_reading();
  child->write("rest");
  child->write_eof();
  stage.run_until([&] { return child->exited(); }, "the child to end");
  stage.settle();
  CHECK(child->count("CL") == 0);
  child->transport.get_pipe_transport(1).resume_reading();
  run_until_lost(stage, *child);
  CHECK(child->events().ends_with("PD1:rest PL1 CL"));
}

CONTRACT_TEST("SUB-03", "the exit may be told while a pipe is still open, and data follows it") {
  // The grandchild keeps stdout when the child has gone.
  const auto child = start_child(stage, without_stderr(cat()));
  child->transport.get_pipe_transport(1).pause_reading();
  child->write("late");
  child->write_eof();
  stage.run_until([&] { return child->exited(); }, "the child to end");
  CHECK(child->count("PL1") == 0);
  child->transport.get_pipe_transport(1).resume_reading();
  run_until_lost(stage, *child);
  CHECK(child->events().find("PX PD1:late PL1 CL") != std::string::npos);
}

CONTRACT_TEST("SUB-04", "there is no return code while the child runs; then it is the exit status") {
  for (const int status : {0, 1, 42, 255}) {
    const auto child = start_shell(stage, "exit " + std::to_string(status));
    std::optional<int> seen;
    child->on_exit = [&] { seen = child->transport.get_returncode(); };
    CHECK_FALSE(child->transport.get_returncode());
    run_until_lost(stage, *child);
    CHECK(seen == status);
    CHECK(child->transport.get_returncode() == status);
  }
}

CONTRACT_TEST("SUB-05", "kill and terminate end the child, and the return code says so") {
  for (const int number : {SIGKILL, SIGTERM, SIGUSR1}) {
    const auto child = start_child(stage, sleeper());
    if (number == SIGKILL) {
      as_user([&] { child->transport.kill(); });
    } else if (number == SIGTERM) {
      as_user([&] { child->transport.terminate(); });
    } else {
      child->send_signal(number);
    }
    run_until_lost(stage, *child);
    CHECK(child->transport.get_returncode() == -number);
  }
}

CONTRACT_TEST("SUB-05", "a child with a handler survives the signal, and its pipes do too") {
  const auto child = start_child(stage, survivor(stage));
  run_until_output(stage, *child, 1, "ready\n");
  as_user([&] { child->transport.terminate(); });
  run_until_output(stage, *child, 1, "caught\n");
  CHECK_FALSE(child->exited());
  CHECK(child->count("PL0") + child->count("PL1") + child->count("PL2") == 0);
  child->write_eof();
  run_until_lost(stage, *child);
  CHECK(child->transport.get_returncode() == 0);
}

CONTRACT_TEST("SUB-05", "a signal to a child that has ended is refused, as is what is no signal") {
  const auto child = start_child(stage, sleeper());
  CHECK(error_of([&] { child->send_signal(100); }) == "invalid_argument");
  as_user([&] { child->transport.kill(); });
  run_until_lost(stage, *child);
  CHECK(error_of([&] { child->send_signal(SIGTERM); }) == "no_such_process");
  CHECK(error_of([&] { child->transport.kill(); }) == "no_such_process");
}

CONTRACT_TEST("SUB-06", "a pipe is there for each stream that is one, and for no other number") {
  SubprocessOptions options = without_stderr(cat());
  const auto child = start_child(stage, options);
  CHECK(child->transport.get_pipe_transport(0));
  CHECK(child->transport.get_pipe_transport(1));
  for (const int number : {-1, 2, 3, 1000}) CHECK_FALSE(child->transport.get_pipe_transport(number));
  CHECK_THROWS_AS(child->transport.get_pipe_transport(1).write("x"), std::logic_error);
  child->write_eof();
  run_until_lost(stage, *child);
  CHECK(child->count("PL2") == 0);
  CHECK_FALSE(child->transport.get_pipe_transport(0));
}

CONTRACT_TEST("SUB-07", "the shell has pipelines, variables and exit") {
  const auto run = [&](const std::string& command) {
    const auto child = start_shell(stage, command);
    run_until_lost(stage, *child);
    return std::pair(child->output(1), child->transport.get_returncode().value_or(-1000));
  };
  CHECK(run("exit 7") == std::pair(std::string(), 7));
  CHECK(run("echo hello | cat | cat") == std::pair(std::string("hello\n"), 0));
  CHECK(run("name='a b'; echo \"$name ${name}c\"; name=x; echo $name") ==
        std::pair(std::string("a b a bc\nx\n"), 0));
  CHECK(run("true && echo yes || echo no; false && echo yes || echo no") ==
        std::pair(std::string("yes\nno\n"), 0));
  CHECK(run("x=1 env | cat; false; echo $?").second == 0);
  CHECK(run("sleep 0; exit 3") == std::pair(std::string(), 3));
  CHECK(run("! false").second == 0);
  CHECK(run("nosuchprogram 2>/dev/null").second == 127);
  CHECK(run("echo oops >&2; echo 'it'\\''s'; exec cat </dev/null") == std::pair(std::string("it's\n"), 0));
}

CONTRACT_TEST("SUB-07", "the shell redirects its own streams, and knows commands without words") {
  const auto check = [&](const std::string& command, const std::string& output, int status = 0) {
    INFO(command);
    const auto child = start_shell(stage, command);
    run_until_lost(stage, *child);
    CHECK(child->output(1) == output);
    CHECK(child->transport.get_returncode() == status);
  };
  check("exec", "");
  check("exec; echo on", "on\n");
  check("exec 2>&1; echo hi; echo oops >&2", "hi\noops\n");
  check("exec >/dev/null 2>&1; echo lost; nosuchprogram", "", 127);
  check("exec >/dev/null; sh -c 'echo lost'; echo a | cat", "");
  check("exec </dev/null; cat; echo end", "end\n");
  check("exec 2>&1 >/dev/null; echo lost; echo oops >&2; sh -c 'echo lost; echo oops >&2'", "oops\noops\n");
  check("name=kept exec; echo $name", "kept\n");
  check("sh -c 'echo lost; echo oops >&2' 2>&1 >/dev/null", "oops\n");
  check("echo lost 2>/dev/null >&2", "");
  check("name=value | echo hi", "hi\n");
  check("$nothing | cat", "");
  check("false; sleep 0 | $nothing", "");
  check("exec | cat; exec cat </dev/null | cat", "");
  check("sleep 0 | >/dev/null | cat; echo $?", "0\n");
}

CONTRACT_TEST("SUB-08", "close closes the pipes and kills the child") {
  const auto child = start_child(stage, sleeper());
  child->close();
  CHECK(child->transport.is_closing());
  child->close();
  run_until_lost(stage, *child);
  for (const char* event : {"PL0", "PL1", "PL2", "PX", "CL"}) CHECK(child->count(event) == 1);
  CHECK(child->transport.get_returncode() == -SIGKILL);
  child->close();
}

CONTRACT_TEST("SUB-08", "a child that is writing is killed, and finds no broken pipe") {
  for (int round = 0; round < 20; ++round) {
    const auto child = start_child(stage, flood(stage, 10'000'000));
    stage.run_until([&] { return child->output(1).size() > 100'000; }, "the child to write");
    child->close();
    run_until_lost(stage, *child);
    CHECK(child->transport.get_returncode() == -SIGKILL);
  }
}

CONTRACT_TEST("SUB-08", "abort does so at once") {
  const auto child = start_child(stage, sleeper());
  as_user([&] { child->transport.abort(); });
  CHECK_FALSE(stage.has_children());
  CHECK(child->transport.get_returncode() == -SIGKILL);
  run_until_lost(stage, *child);
  CHECK(child->count("PX") == 1);
}

CONTRACT_TEST("SUB-08", "abort may be called again, and the exit is told once") {
  const auto child = start_child(stage, sleeper());
  as_user([&] { child->transport.abort(); });
  as_user([&] { child->transport.abort(); });
  run_until_lost(stage, *child);
  CHECK(child->count("PX") == 1);
  CHECK(child->count("CL") == 1);
}

CONTRACT_TEST("SUB-08", "close on a child that has ended by itself keeps its return code") {
  const auto child = start_child(stage, without_stderr(cat()));
  child->transport.get_pipe_transport(1).pause_reading();
  child->write("unread");
  child->write_eof();
  stage.run_until([&] { return child->exited(); }, "the child to end");
  child->close();
  run_until_lost(stage, *child);
  CHECK(child->output(1).empty());
  CHECK(child->count("PX") == 1);
  CHECK(child->transport.get_returncode() == 0);
}

CONTRACT_TEST("SUB-08", "closing the loop ends a child that runs") {
  const auto child = start_child(stage, sleeper());
  CHECK(stage.has_children());
  // The end of every test closes the loops, and looks for children.
}

CONTRACT_TEST("SUB-09", "the child gets the end of its stdin behind all that was written") {
  for (const bool by_close : {false, true}) {
    constexpr std::size_t size = 300'000;
    const auto child = start_child(stage, cat());
    child->write(pattern(size));
    CHECK(child->count("PW") == 1);
    if (by_close) {
      as_user([&] { child->transport.get_pipe_transport(0).close(); });
    } else {
      child->write_eof();
    }
    run_until_lost(stage, *child);
    CHECK(child->output(1) == pattern(size));
    CHECK(child->count("RW") == 1);
    CHECK(child->count("PL0") == 1);
  }
}

CONTRACT_TEST("SUB-09", "a child that does not read its stdin breaks the pipe when it ends") {
  const auto child = start_child(stage, sleeper());
  child->write(pattern(300'000));
  as_user([&] { child->transport.kill(); });
  run_until_lost(stage, *child);
  CHECK(child->count("PL0:broken_pipe") == 1);
}

CONTRACT_TEST("SUB-10", "stderr can go to stdout, in the order of writing") {
  SubprocessOptions options;
  options.stderr_stream = Redirect::to_stdout();
  const auto child = start_shell(stage, "echo one; echo two >&2; echo three", options);
  CHECK_FALSE(child->transport.get_pipe_transport(2));
  run_until_lost(stage, *child);
  CHECK(child->output(1) == "one\ntwo\nthree\n");
  CHECK(child->count("PL2") == 0);
}

CONTRACT_TEST("SUB-11", "env replaces the environment, and cwd the directory") {
  SubprocessOptions options("env", {});
  options.env = Environment{{"NAME", "value with = and spaces"}, {"OTHER", ""}, {"PATH", "/usr/bin:/bin"}};
  const auto child = start_child(stage, options);
  run_until_lost(stage, *child);
  CHECK(child->output(1) == "NAME=value with = and spaces\nOTHER=\nPATH=/usr/bin:/bin\n");
  SubprocessOptions elsewhere;
  elsewhere.cwd = "/tmp";
  const auto shell = start_shell(stage, "pwd", elsewhere);
  run_until_lost(stage, *shell);
  CHECK(shell->output(1) == "/tmp\n");
}

CONTRACT_TEST("SUB-11", "a missing program or directory fails the operation, and leaves nothing behind") {
  const std::size_t before = stage.open_descriptors();
  SubprocessOptions nowhere = cat();
  nowhere.cwd = "/no/such/directory";
  for (const SubprocessOptions& options : {SubprocessOptions("/no/such/program", {}),
                                           SubprocessOptions("nosuchprogram", {"argument"}), nowhere}) {
    const Starting starting(stage, options);
    stage.run_until([&] { return starting.outcome->done(); }, "the start to fail");
    CHECK(starting.outcome->error() == "no_such_file_or_directory");
    CHECK_THAT(starting.outcome->message(), Catch::Contains(options.program) && Catch::Contains(options.cwd));
    CHECK(starting.protocol->events().empty());
    CHECK(stage.open_descriptors() == before);
    CHECK_FALSE(stage.has_children());
  }
}

CONTRACT_TEST("SUB-11", "options that make no sense are rejected") {
  const auto rejected = [&](const SubprocessOptions& options) {
    const auto protocol = stage.witness<SubprocessRecorder>("never");
    CHECK_THROWS_AS(stage.server().subprocess_exec(protocol->factory(), options, {}), std::invalid_argument);
  };
  rejected({});
  rejected({std::string("a\0b", 3), {}});
  rejected({"cat", {std::string("\0", 1)}});
  SubprocessOptions options = cat();
  options.stdin_stream = Redirect::to_stdout();
  rejected(options);
  options = cat();
  options.env = Environment{{"A=B", "c"}};
  rejected(options);
  const auto protocol = stage.witness<SubprocessRecorder>("never");
  CHECK_THROWS_AS(stage.server().subprocess_shell(protocol->factory(), "exit", cat(), {}),
                  std::invalid_argument);
}

CONTRACT_TEST("SUB-12", "all of a large output arrives, also behind the end of the child") {
  for (const std::size_t size : {65'535U, 65'536U, 65'537U, 1'000'000U}) {
    const auto child = start_child(stage, flood(stage, size));
    run_until_lost(stage, *child);
    CHECK(child->output(1) == std::string(size, '\0'));
    CHECK(child->transport.get_returncode() == 0);
  }
}

CONTRACT_TEST("SUB-13", "pausing stdout blocks the child on a full pipe") {
  const auto child = start_child(stage, flood(stage, 1'000'000));
  child->transport.get_pipe_transport(1).pause_reading();
  stage.settle();
  CHECK_FALSE(child->exited());
  CHECK(child->output(1).size() < 1'000'000);
  child->transport.get_pipe_transport(1).resume_reading();
  run_until_lost(stage, *child);
  CHECK(child->output(1).size() == 1'000'000);
}

CONTRACT_TEST("SUB-13", "the exit is told while stdout is paused, and all data comes before its end") {
  const auto child = start_child(stage, flood(stage, 1000));
  child->transport.get_pipe_transport(1).pause_reading();
  stage.run_until([&] { return child->exited(); }, "the child to end");
  stage.settle();
  CHECK(child->output(1).empty());
  CHECK(child->count("PL1") == 0);
  child->transport.get_pipe_transport(1).resume_reading();
  run_until_lost(stage, *child);
  CHECK(child->output(1).size() == 1000);
}

CONTRACT_TEST("SUB-14", "cancelling leaves no child behind") {
  for (int turns = 0; turns < 2; ++turns) {
    const std::size_t before = stage.open_descriptors();
    const Starting starting(stage, sleeper());
    if (turns != 0) stage.turns(stage.server(), turns);
    as_user([&] { starting.operation.cancel(); });
    stage.run_until([&] { return starting.outcome->done(); }, "the operation to end");
    if (starting.outcome->succeeded()) {
      starting.protocol->close();
      run_until_lost(stage, *starting.protocol);
    } else {
      CHECK(starting.outcome->error() == "operation_aborted");
      CHECK(starting.protocol->events().empty());
    }
    CHECK_FALSE(stage.has_children());
    CHECK(stage.open_descriptors() == before);
  }
}

CONTRACT_TEST("SUB-14",
              "cancelling from inside connection_made kills the child, and connection_lost follows") {
  std::shared_ptr<Starting> starting;
  starting = std::make_shared<Starting>(stage, sleeper(), [&](SubprocessRecorder& child) {
    child.on_made = [&] { starting->operation.cancel(); };
  });
  stage.run_until([&] { return starting->outcome->done() && starting->protocol->lost(); },
                  "the child to be lost");
  CHECK(starting->outcome->error() == "operation_aborted");
  CHECK(starting->protocol->transport.get_returncode() == -SIGKILL);
}

CONTRACT_TEST("SUB-14", "a protocol that cannot be made starts no child") {
  const auto outcome = Outcome<Subprocess>::make();
  as_user([&] {
    SubprocessProtocolFactory factory = []() -> std::shared_ptr<SubprocessProtocol> {
      throw std::runtime_error("no protocol");
    };
    return stage.server().subprocess_exec(std::move(factory), sleeper(), outcome->completion());
  });
  stage.run_until([&] { return outcome->done(); }, "the operation to fail");
  CHECK(outcome->message() == "no protocol");
  CHECK_FALSE(stage.has_children());
}

CONTRACT_TEST("GEN-08", "a connection_made that throws kills the child") {
  const Starting starting(stage, sleeper(), [](SubprocessRecorder& child) {
    child.on_made = [] { throw std::runtime_error("no"); };
  });
  stage.run_until([&] { return starting.outcome->done() && starting.protocol->lost(); },
                  "the child to be lost");
  CHECK(starting.outcome->error() == "callback_failure");
  CHECK(starting.protocol->count("CL:callback_failure") == 1);
  CHECK(stage.take_reports().size() == 1);
}

CONTRACT_TEST("GEN-08", "a pipe_data_received that throws ends that pipe, and the child lives on") {
  const auto child = start_child(stage, survivor(stage));
  child->on_data = [&](int, std::string_view) { throw std::runtime_error("no"); };
  stage.run_until([&] { return child->count("PL1:callback_failure") == 1; }, "the pipe to be lost");
  CHECK(stage.take_reports().size() == 1);
  CHECK_FALSE(child->exited());
  child->write_eof();
  run_until_lost(stage, *child);
}

CONTRACT_TEST("SUB-06", "a stream can be a descriptor of ours, which stays ours") {
  const PipeEnds pipe = stage.server().make_pipe();
  SubprocessOptions options = without_stderr(cat());
  options.stdout_stream = Redirect::handle(pipe.writing);
  const auto child = start_child(stage, options);
  const auto reader = stage.recorder("reader");
  as_user([&] { stage.server().connect_read_pipe(reader->factory(), pipe.reading, {}); });
  child->write("through a pipe of ours");
  stage.run_until_received(*reader, 22);
  child->write_eof();
  run_until_lost(stage, *child);
  stage.settle();
  CHECK_FALSE(reader->eof());
  stage.server().close_handle(pipe.writing);
  stage.run_until_lost(*reader);
  CHECK(reader->events() == "CM DR:through a pipe of ours ER CL");
}

}  // namespace
}  // namespace twinwire::contract
