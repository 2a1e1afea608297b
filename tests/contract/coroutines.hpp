// Coroutines in tests that are told step by step: each awaitable is a task, and the test looks what became
// of it.
#pragma once

#include "recorder.hpp"
#include "stage.hpp"

#include <twinwire/net/result.hpp>
#include <twinwire/net/streams.hpp>
#include <twinwire/net/task.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <catch2/catch.hpp>

namespace twinwire::contract {

/// An awaitable that runs as a task on the client's loop.
template <class T>
class Awaited {
 public:
  Awaited(Stage& stage, awaitable<T> operation) : stage_(stage) {
    // Detached on purpose: a task would report what a test expects to fail.
    task_ = spawn(stage.client(), perform(std::move(operation), state_), "of the test", TaskOptions(true));
  }

  bool done() const noexcept { return state_->done; }
  void cancel() const { task_.cancel(); }
  /// Runs until it has ended.
  void wait() const {
    stage_.run_until([this] { return state_->done; }, "a coroutine to end");
  }
  /// Waits for its result, or throws what it threw.
  T get() const {
    wait();
    if (state_->failure) std::rethrow_exception(state_->failure);
    if constexpr (!std::is_void_v<T>) return std::move(*state_->value);
  }
  /// Waits for its failure: the name of the code, empty if it succeeded.
  std::string error() const {
    wait();
    return name_of(error_code_of(state_->failure));
  }
  std::string message() const { return message_of(state_->failure); }

 private:
  using Value = std::conditional_t<std::is_void_v<T>, bool, T>;
  struct State {
    bool done = false;
    std::optional<Value> value;
    std::exception_ptr failure;
  };

  static awaitable<void> perform(awaitable<T> operation, std::shared_ptr<State> state) {
    try {
      if constexpr (std::is_void_v<T>) {
        co_await std::move(operation);
      } else {
        state->value.emplace(co_await std::move(operation));
      }
    } catch (...) {
      state->failure = std::current_exception();
    }
    state->done = true;
  }

  Stage& stage_;
  std::shared_ptr<State> state_ = std::make_shared<State>();
  Task task_;
};

/// Begins an awaitable; it runs as far as it can.
template <class T>
Awaited<T> begin(Stage& stage, awaitable<T> operation) {
  Awaited<T> awaited(stage, std::move(operation));
  stage.turns(stage.client(), 2);
  return awaited;
}

/// Awaits to the end.
template <class T>
T play(Stage& stage, awaitable<T> operation) {
  return Awaited<T>(stage, std::move(operation)).get();
}

/// A stream at the client, and a recorder at the server.
struct Line {
  Stream stream;
  std::shared_ptr<Recorder> peer;

  const StreamReader& reader() const noexcept { return stream.reader; }
  const StreamWriter& writer() const noexcept { return stream.writer; }
};

inline Line connect_line(Stage& stage, std::shared_ptr<Recorder> peer, StreamOptions options = {}) {
  const Server listening = stage.listen(peer->factory());
  Line line{play(stage, open_connection(stage.client(), stage.address_of(listening), options)),
            std::move(peer)};
  stage.run_until([&] { return line.peer->made(); }, "the server's end to be made");
  listening.close();
  return line;
}

inline Line connect_line(Stage& stage, StreamOptions options = {}) {
  return connect_line(stage, stage.recorder("peer"), options);
}

/// Closes both ends and waits until they are lost.
inline void hang_up(Stage& stage, Line& line) {
  line.writer().close();
  play(stage, as_result(line.writer().wait_closed()));
  stage.run_until_lost(*line.peer);
}

}  // namespace twinwire::contract
