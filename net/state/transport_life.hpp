// What all transports have in common, whatever they carry: how they end, and what they tell of themselves.
//
//   state      meaning                                   leaves by
//   ---------  ----------------------------------------  --------------------------------------------------
//   open       in use                                    close() -> flushing (or lost)
//                                                        abort(), error -> lost
//   flushing   receiving stopped, the buffer goes out    buffer empty -> lost; abort(), error -> lost
//   lost       connection_lost is scheduled              that call has returned -> gone
//   gone       socket closed, protocol let go            (every method is a no-op)
#pragma once

#include <twinwire/net/loop.hpp>
#include <twinwire/net/observer.hpp>
#include <twinwire/net/protocol.hpp>
#include <twinwire/net/state/flow_control.hpp>
#include <twinwire/net/transport.hpp>
#include <twinwire/net/wire/wire.hpp>

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace twinwire::detail {

ExtraInfo socket_info(const Socket* socket, std::string_view name);
/// Throw OperationError when the system refuses.
void set_socket_option(Socket& socket, Option option, std::int64_t value);
std::int64_t get_socket_option(const Socket& socket, Option option);
void publish_event(Loop& loop, const Socket& socket, std::string_view what, Bytes payload, error_code error);

/// Base of the state machines. `Interface` is what the handle calls. Owned by its loop until connection_lost
/// has returned, and by the handles to it.
template <class Interface>
class TransportLife : public Interface {
 public:
  void close() final {
    if (state_ != State::open) return;
    state_ = State::flushing;
    flush();
  }
  bool is_closing() const override { return state_ != State::open; }
  /// Ends the connection because of an error.
  virtual void fail(error_code error) {
    if (state_ != State::lost && state_ != State::gone) lose(error);
  }
  void detach() noexcept final {
    state_ = State::gone;
    socket()->set_sink(nullptr);
    let_go_of_buffer();
    let_go_of_socket();
    let_go_of_protocol();
    this->leave();
    protocol_.reset();
    loop_ = nullptr;
    this->release_ref();
  }

  /// With what it was lost, which connection_lost may still have to tell.
  std::optional<error_code> loss() const {
    return is_sending() ? std::nullopt : std::optional<error_code>(lost_error_);
  }

  /// False once its loop is gone.
  bool belongs_to(const Loop& loop) const noexcept { return loop_ == &loop; }

  WriteBufferLimits write_buffer_limits() const final { return flow_.limits(); }
  void set_write_buffer_limits(std::optional<std::ptrdiff_t> high, std::optional<std::ptrdiff_t> low) final {
    if (state_ == State::gone) return;
    flow_.set_limits(high, low, default_limits());
    check_pause();
  }
  std::shared_ptr<BaseProtocol> protocol() const final { return protocol_; }
  ExtraInfo extra_info(std::string_view name) const final { return socket_info(socket(), name); }
  void set_option(Option option, std::int64_t value) final {
    if (has_socket()) set_socket_option(*socket(), option, value);
  }
  std::int64_t get_option(Option option) const final {
    return has_socket() ? get_socket_option(*socket(), option) : 0;
  }

 protected:
  enum class State : std::uint8_t { open, flushing, lost, gone };

  /// Joins `loop`.
  explicit TransportLife(Loop& loop, WriteBufferLimits limits = FlowControl::stream_defaults)
      : loop_(&loop), flow_(limits) {
    loop_->transports_.push_back(*this);
    this->add_ref();  // the loop's, until gone
  }

  /// close() was called: what is left to do is done, or begun; the end of it is up to lose().
  virtual void flush() {
    if (this->write_buffer_size() == 0) lose({});
  }
  virtual Socket* socket() const noexcept = 0;
  virtual void let_go_of_buffer() noexcept = 0;
  virtual void let_go_of_socket() noexcept = 0;
  /// The protocol, and whoever else was told of this connection.
  virtual void let_go_of_protocol() noexcept = 0;
  virtual WriteBufferLimits default_limits() const { return FlowControl::stream_defaults; }
  /// Nothing is left but to take leave of the peer: how this ends is decided, whatever callbacks throw.
  virtual bool is_leaving() const noexcept { return false; }

  /// False from abort() on, and when the connection is gone.
  bool has_socket() const { return state_ != State::gone && socket()->native_handle(); }
  /// False once nothing can be sent any more.
  bool is_sending() const noexcept { return state_ == State::open || state_ == State::flushing; }

  void lose(error_code error) {
    state_ = State::lost;
    lost_error_ = error;
    let_go_of_buffer();
    socket()->set_sink(nullptr);
    loop_->call_soon([self = Ref<TransportLife>(this)] { self->report_lost(); });
  }

  /// Later callbacks go to `protocol`, which fits.
  void replace_protocol(std::shared_ptr<BaseProtocol> protocol) {
    std::swap(protocol_, protocol);
    // The old one may be asking for this from inside a callback of its own: it lives until that has returned.
    if (protocol && loop_->in_callback()) loop_->call_soon([old = std::move(protocol)] {});
  }

  void check_pause() {
    if (!is_sending() || !flow_.should_pause(this->write_buffer_size())) return;
    const Ref<TransportLife> self(this);
    publish("pause_writing", {});
    loop_->guard([&] { protocol_->pause_writing(); }, "pause_writing threw an exception");
  }
  void check_resume() {
    if (!flow_.should_resume(this->write_buffer_size())) return;
    publish("resume_writing", {});
    loop_->guard([&] { protocol_->resume_writing(); }, "resume_writing threw an exception");
  }

  /// Calls the protocol. What it throws ends the connection, and goes to the exception handler. False then.
  template <class F>
  bool call_protocol(const char* callback, F&& function) {
    const Loop::CallbackScope scope(*loop_);
    try {
      function();
      return true;
    } catch (...) {
      callback_failed(callback);
      return false;
    }
  }

  void publish(std::string_view what, Bytes payload, const error_code& error = {}) const {
    if (loop_->observer()) publish_event(*loop_, *socket(), what, payload, error);
  }

  // In the order of use: what every message touches lies together.
  Loop* loop_;
  State state_ = State::open;
  FlowControl flow_;
  std::shared_ptr<BaseProtocol> protocol_;
  error_code lost_error_;  ///< what connection_lost is going to tell

 private:
  void callback_failed(const char* callback) {
    const ExceptionContext context{std::string(callback) + " threw an exception", std::current_exception(),
                                   this->handle(), protocol_};
    if (state_ != State::gone && !is_leaving()) fail(Error::callback_failure);
    if (loop_) loop_->call_exception_handler(context);
  }

  void report_lost() {
    if (state_ != State::lost) return;
    const Ref<TransportLife> self(this);
    publish("connection_lost", {}, lost_error_);
    const std::shared_ptr<BaseProtocol> protocol = protocol_;
    // None, if a layer that was to take this connection over could not be made.
    if (protocol) {
      loop_->guard([&] { protocol->connection_lost(lost_error_); }, "connection_lost threw an exception");
    }
    if (state_ == State::gone) return;
    state_ = State::gone;
    socket()->close();
    protocol_.reset();
    this->leave();
    let_go_of_protocol();
    this->release_ref();
  }
};

}  // namespace twinwire::detail
