// Protocols that write down what happens to them, and transports that watch what happens inside a call.
#pragma once

#include "witness.hpp"

#include <twinwire/net/loop.hpp>
#include <twinwire/net/protocol.hpp>
#include <twinwire/net/transport.hpp>

#include <array>
#include <cstddef>
#include <exception>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace twinwire::contract {

/// A high-water mark that no test reaches.
constexpr std::ptrdiff_t no_limit = std::ptrdiff_t{1} << 40;

/// Marks, while it lives, that the stack is inside a call of the user's to the library. No callback but
/// pause_writing may be made there (GEN-04): recorders and outcomes report one that is.
class UserCall {
 public:
  UserCall() noexcept { ++depth_; }
  UserCall(const UserCall&) = delete;
  UserCall& operator=(const UserCall&) = delete;
  ~UserCall() { --depth_; }
  static bool active() noexcept { return depth_ != 0; }

 private:
  inline static int depth_ = 0;
};

/// What was seen that no clause allows, in words; the stage fails the test for any of it at its end.
class Violations {
 public:
  static void add(std::string text) { all_.push_back(std::move(text)); }
  static std::vector<std::string> take() { return std::exchange(all_, {}); }

 private:
  inline static std::vector<std::string> all_;
};

/// "connection_reset", "callback_failure" ...; empty for no error.
std::string name_of(error_code error);

/// A transport whose methods are marked as user calls. The names are those of Transport.
class CheckedTransport {
 public:
  CheckedTransport() = default;
  explicit CheckedTransport(Transport transport) : transport_(std::move(transport)) {}

  const Transport& raw() const noexcept { return transport_; }
  explicit operator bool() const noexcept { return static_cast<bool>(transport_); }

  void write(std::string_view text) const {
    call([&] { transport_.write(text); });
  }
  void write(Bytes data) const {
    call([&] { transport_.write(data); });
  }
  void writelines(std::initializer_list<std::string_view> segments) const;
  void write_eof() const {
    call([&] { transport_.write_eof(); });
  }
  bool can_write_eof() const { return transport_.can_write_eof(); }
  void close() const {
    call([&] { transport_.close(); });
  }
  void abort() const {
    call([&] { transport_.abort(); });
  }
  bool is_closing() const { return transport_.is_closing(); }
  void pause_reading() const {
    call([&] { transport_.pause_reading(); });
  }
  void resume_reading() const {
    call([&] { transport_.resume_reading(); });
  }
  bool is_reading() const { return transport_.is_reading(); }
  std::size_t get_write_buffer_size() const { return transport_.get_write_buffer_size(); }
  WriteBufferLimits get_write_buffer_limits() const { return transport_.get_write_buffer_limits(); }
  void set_write_buffer_limits(std::optional<std::ptrdiff_t> high = {},
                               std::optional<std::ptrdiff_t> low = {}) const {
    call([&] { transport_.set_write_buffer_limits(high, low); });
  }
  void set_protocol(std::shared_ptr<BaseProtocol> protocol) const {
    call([&] { transport_.set_protocol(std::move(protocol)); });
  }
  std::shared_ptr<BaseProtocol> get_protocol() const { return transport_.get_protocol(); }
  void set_option(Option option, std::int64_t value) const {
    call([&] { transport_.set_option(option, value); });
  }
  std::int64_t get_option(Option option) const { return transport_.get_option(option); }

 private:
  template <class F>
  void call(F&& function) const {
    const UserCall inside;
    function();
  }

  Transport transport_;
};

/// The life of one connection as its protocol saw it. Made by Stage::recorder.
///
/// Events: CM, DR:text, BU:text, GB, ER, PW, RW, CL or CL:error. The state machine of GEN-01 is checked as
/// they come in: what does not fit it fails the test. Hooks run after the event was written down; what they
/// throw is what the protocol throws.
class Recorder final : public Witness, public std::enable_shared_from_this<Recorder> {
 public:
  explicit Recorder(std::string name);
  ~Recorder() override;

  // --- the protocol to use; both kinds write into this recorder ---
  std::shared_ptr<BaseProtocol> protocol();           ///< a Protocol, always the same one
  std::shared_ptr<BaseProtocol> buffered_protocol();  ///< a BufferedProtocol, always the same one
  /// A factory that returns protocol(), or buffered_protocol() if `buffered` is set.
  ProtocolFactory factory();

  // --- what it is to do ---
  bool buffered = false;
  bool keep_open = false;             ///< what eof_received returns
  bool start_paused = false;          ///< pause_reading inside connection_made
  std::optional<int> send_buffer;     ///< set inside connection_made
  std::optional<int> receive_buffer;  ///< set inside connection_made
  std::function<void()> on_made;
  std::function<void(std::string_view)> on_data;  ///< data_received and buffer_updated
  std::function<void()> on_eof;
  std::function<void(error_code)> on_lost;
  std::function<void()> on_pause;
  std::function<void()> on_resume;
  std::function<MutableBytes(std::ptrdiff_t)> on_get_buffer;
  void clear_hooks() override;

  // --- what happened ---
  CheckedTransport transport;  ///< set by connection_made
  /// All of it, "CM DR:hello ER CL": data that came in pieces is in one, get_buffer is left out.
  std::string events() const override;
  /// Each callback by itself: "CM", "GB", "BU:5", "DR:3" (sizes instead of data) ...
  const std::vector<std::string>& steps() const noexcept { return steps_; }
  /// How often this step occurred: "PW", "CL" ...
  std::size_t count(std::string_view step) const;
  /// All bytes so far.
  const std::string& received() const noexcept { return received_; }
  bool made() const noexcept { return made_; }
  bool eof() const noexcept { return eof_; }
  bool lost() const noexcept { return lost_; }
  bool write_paused() const noexcept { return write_paused_; }
  error_code error() const noexcept { return error_; }

  /// It joins a connection that exists (set_protocol): no connection_made comes.
  void joins(const CheckedTransport& existing);
  /// ... in the middle of an episode: pause_writing went to the protocol before.
  void expect_resume() noexcept { write_paused_ = true; }
  /// Its connection has gone to another protocol: nothing comes any more, connection_lost neither.
  void leaves() noexcept { left_ = true; }
  void check_complete() const override;

 private:
  class Plain;
  class Buffered;

  void enter(std::string_view step, bool anywhere = false);
  void connection_made(Transport made_transport);
  void data(std::string_view kind, std::string_view bytes);
  bool eof_received();
  void connection_lost(error_code error);
  void pause_writing();
  void resume_writing();
  MutableBytes get_buffer(std::ptrdiff_t hint);
  void buffer_updated(std::size_t size);
  void violation(const std::string& what) const;

  std::unique_ptr<Plain> plain_;
  std::unique_ptr<Buffered> buffered_;
  std::vector<std::string> steps_;
  std::vector<std::pair<std::string, std::string>> events_;  ///< kind, and bytes or error
  std::string received_;
  std::array<std::byte, 512> space_{};
  MutableBytes buffer_;
  error_code error_;
  bool made_ = false;
  bool eof_ = false;
  bool lost_ = false;
  bool left_ = false;
  bool write_paused_ = false;
};

/// How an asynchronous operation ended.
template <class T>
class Outcome : public std::enable_shared_from_this<Outcome<T>> {
 public:
  static std::shared_ptr<Outcome> make() { return std::make_shared<Outcome>(); }

  /// What to pass to the operation.
  Completion<T> completion() {
    return [self = this->shared_from_this()](std::exception_ptr ended, T result) {
      self->complete(std::move(ended));
      self->value = std::move(result);
    };
  }
  /// The same for an operation without a result: T is bool, which becomes true.
  VoidCompletion void_completion() {
    return [self = this->shared_from_this()](std::exception_ptr ended) {
      self->complete(std::move(ended));
      self->value = T(true);
    };
  }

  bool done() const noexcept { return calls_ != 0; }
  bool succeeded() const noexcept { return done() && !failure; }
  /// The name of the error code, as name_of tells it; empty for success, "pending" before the end.
  std::string error() const { return done() ? name_of(error_code_of(failure)) : "pending"; }
  std::string message() const { return failure ? message_of(failure) : std::string(); }

  std::exception_ptr failure;
  T value{};

 private:
  void complete(std::exception_ptr ended) {
    if (UserCall::active()) Violations::add("an operation completed on the stack of a user call");
    if (++calls_ > 1) Violations::add("an operation completed twice");
    failure = std::move(ended);
  }

  int calls_ = 0;
};

}  // namespace twinwire::contract
