// The protocol underneath a stream: callbacks on one side, coroutines on the other.
#pragma once

#include <twinwire/net/callback.hpp>
#include <twinwire/net/protocol.hpp>
#include <twinwire/net/ref.hpp>
#include <twinwire/net/state/stream_state.hpp>

#include <utility>

namespace twinwire::detail {

/// asyncio's StreamReaderProtocol. The end of the peer's side does not end ours.
class StreamReaderProtocol final : public Protocol {
 public:
  /// `made` is called from connection_made, when the stream can be used.
  explicit StreamReaderProtocol(Ref<StreamState> state, Callback made = {}) noexcept
      : state_(std::move(state)), made_(std::move(made)) {}

  void connection_made(Transport transport) override {
    state_->made(std::move(transport));
    if (!made_) return;
    made_();
    made_.reset();
  }
  void data_received(Bytes data) override { state_->feed(data); }
  bool eof_received() override {
    state_->feed_end();
    return true;
  }
  void connection_lost(error_code error) override { state_->lost(error); }
  void pause_writing() override { state_->pause_writing(); }
  void resume_writing() override { state_->resume_writing(); }

 private:
  const Ref<StreamState> state_;
  Callback made_;
};

}  // namespace twinwire::detail
