#include "child.hpp"

#include <twinwire/net/streams.hpp>
#include <twinwire/net/task.hpp>

#include <array>
#include <csignal>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

namespace twinwire::differential {
namespace {

/// Kept by the coroutine that runs it, and by those that read and write for it.
class SimulatedChild final : public std::enable_shared_from_this<SimulatedChild> {
 public:
  explicit SimulatedChild(sim::Process& process) : process_(process) {}

  awaitable<int> run() {
    UnixConnectOptions options(process_.arguments().at(1));
    awaitable<Stream> connecting = open_unix_connection(process_.loop(), std::move(options));
    orders_ = co_await std::move(connecting);
    tell("ready\n");
    read_on();
    while (true) {
      std::string line = co_await orders_.reader.read_line();
      if (failure_) std::rethrow_exception(failure_);
      if (line.empty()) co_return 0;
      line.pop_back();
      const Step step = parse_step(line);
      if (step.action == Action::exit) {
        reads_stdin_ = false;
        orders_.writer.close();
        co_return static_cast<int>(step.size);
      }
      perform(step);
      tell("done\n");
    }
  }

 private:
  void tell(const std::string& line) { orders_.writer.write(line); }

  void perform(const Step& step) {
    switch (step.action) {
      case Action::write:
        return write(1, step.size);
      case Action::write_stderr:
        return write(2, step.size);
      case Action::pause:
        paused_ = true;
        return;
      case Action::resume:
        paused_ = false;
        if (kept_) report(*std::exchange(kept_, std::nullopt));
        return read_on();
      case Action::catch_signals:
        for (const int number : {SIGTERM, SIGINT}) {
          process_.loop().add_signal_handler(number, [self = shared_from_this(), number] {
            self->tell("signal " + std::to_string(number) + "\n");
          });
        }
        return;
      case Action::close_stdin:
        reads_stdin_ = false;
        return process_.close_stream(0);
      case Action::close_stdout:
        return close(1);
      case Action::close_stderr:
        return close(2);
      default:
        return;
    }
  }

  // --- stdin ---

  void read_on() {
    if (!reads_stdin_ || reading_ || paused_) return;
    reading_ = true;
    auto read = [self = shared_from_this()]() -> awaitable<void> {
      while (self->reads_stdin_ && !self->paused_) {
        std::string data = co_await self->process_.in().read(read_size);
        if (self->paused_) {
          self->kept_ = std::move(data);
        } else {
          self->report(data);
        }
      }
      self->reading_ = false;
    };
    spawn(process_.loop(), std::move(read), "read stdin", TaskOptions(true));
  }

  void report(const std::string& data) {
    if (!reads_stdin_) return;
    if (data.empty()) reads_stdin_ = false;
    tell(report_of(read_, as_bytes(data)));
  }

  // --- stdout and stderr ---

  StreamWriter output(int number) { return number == 1 ? process_.out() : process_.err(); }

  void write(int number, std::size_t size) {
    const auto index = static_cast<std::size_t>(number);
    if (closed_[index] || size == 0) return;
    output(number).write(bytes_of(1, written_[index], size));
    written_[index] += size;
    // As SIGPIPE would, a broken pipe ends everything.
    auto flush = [self = shared_from_this(), number]() -> awaitable<void> {
      try {
        co_await self->output(number).drain();
      } catch (const OperationError& error) {
        const bool in_order = error.code() == errc::connection_reset;
        if (in_order && self->closed_.at(static_cast<std::size_t>(number))) co_return;
        self->failure_ = std::current_exception();
        self->orders_.writer.close();
      }
    };
    spawn(process_.loop(), std::move(flush), "flush", TaskOptions(true));
  }

  void close(int number) {
    if (!std::exchange(closed_[static_cast<std::size_t>(number)], true)) process_.close_stream(number);
  }

  sim::Process& process_;
  Stream orders_;
  std::exception_ptr failure_;
  bool reads_stdin_ = true;
  bool reading_ = false;  ///< a coroutine does
  bool paused_ = false;
  std::optional<std::string> kept_;  ///< was read when reading had been paused
  std::uint64_t read_ = 0;
  std::array<std::uint64_t, 3> written_{};
  std::array<bool, 3> closed_{};
};

}  // namespace

awaitable<int> run_simulated_child(sim::Process& process) {
  const auto child = std::make_shared<SimulatedChild>(process);
  awaitable<int> running = child->run();
  co_return co_await std::move(running);
}

}  // namespace twinwire::differential
