// The handle through which a protocol uses its connection.
#pragma once

#include <twinwire/net/address.hpp>
#include <twinwire/net/bytes.hpp>
#include <twinwire/net/callback.hpp>
#include <twinwire/net/error.hpp>
#include <twinwire/net/events/list.hpp>
#include <twinwire/net/ref.hpp>
#include <twinwire/net/wire/wire.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace twinwire {

class BaseProtocol;
class Loop;

/// The water marks of a write buffer, in bytes.
struct WriteBufferLimits {
  std::size_t low = 0;
  std::size_t high = 0;
  auto operator<=>(const WriteBufferLimits&) const = default;
};

class BaseTransport;

namespace detail {

struct TransportTag;

/// What every kind of transport implements behind the handle. Users do not see it.
class BaseTransportState : public RefCounted, public ListLink<TransportTag> {
 public:
  /// The loop is going away: no callback is made any more.
  virtual void detach() noexcept = 0;

  virtual void close() = 0;
  virtual void abort() = 0;
  virtual bool is_closing() const = 0;
  virtual std::size_t write_buffer_size() const = 0;
  virtual WriteBufferLimits write_buffer_limits() const = 0;
  virtual void set_write_buffer_limits(std::optional<std::ptrdiff_t> high,
                                       std::optional<std::ptrdiff_t> low) = 0;
  virtual void set_protocol(std::shared_ptr<BaseProtocol> protocol) = 0;
  virtual std::shared_ptr<BaseProtocol> protocol() const = 0;
  virtual ExtraInfo extra_info(std::string_view name) const = 0;
  virtual void set_option(Option option, std::int64_t value) = 0;
  virtual std::int64_t get_option(Option option) const = 0;

  /// A handle to it, for reports.
  BaseTransport handle() noexcept;
};

/// What a stream implements besides.
class TransportState : public BaseTransportState {
 public:
  virtual void write(Bytes data) = 0;
  virtual void writelines(std::span<const Bytes> segments) = 0;
  virtual void write_eof() = 0;
  virtual bool can_write_eof() const = 0;
  virtual void cork() = 0;
  virtual void uncork() = 0;
  virtual void pause_reading() = 0;
  virtual void resume_reading() = 0;
  virtual bool is_reading() const = 0;
};

}  // namespace detail

/// What all transports can do: a counted handle, copied freely. Using it after connection_lost, or when it
/// was default-constructed, does nothing and answers neutrally. Loop thread only.
///
/// asyncio's BaseTransport: https://docs.python.org/3/library/asyncio-protocol.html#transports
class BaseTransport {
 public:
  BaseTransport() = default;

  /// Stops receiving, sends what is buffered, then connection_lost without an error.
  void close() const {
    if (state_) state_->close();
  }
  /// Drops what is buffered, and resets (Unix: closes) the connection, where there is one; connection_lost
  /// without an error follows.
  void abort() const {
    if (state_) state_->abort();
  }
  /// True from close, abort or a fatal error on.
  bool is_closing() const { return !state_ || state_->is_closing(); }

  /// Bytes written and not yet handed to the system. A datagram counts 8 more than it has.
  std::size_t get_write_buffer_size() const { return state_ ? state_->write_buffer_size() : 0; }
  /// The water marks: above `high` pauses, at or below `low` resumes.
  WriteBufferLimits get_write_buffer_limits() const {
    return state_ ? state_->write_buffer_limits() : WriteBufferLimits{};
  }
  /// Only `high`: low is a quarter of it. Only `low`: high is four times it. Neither: the defaults (64 KiB
  /// and 16 KiB, over TLS 512 KiB and 128 KiB). Throws std::invalid_argument for negative values and for low
  /// above high, changing nothing.
  void set_write_buffer_limits(std::optional<std::ptrdiff_t> high = {},
                               std::optional<std::ptrdiff_t> low = {}) const {
    if (state_) state_->set_write_buffer_limits(high, low);
  }

  /// Later callbacks go to this protocol. Neither gets connection_made or connection_lost for it. Throws
  /// std::invalid_argument for one of another kind.
  void set_protocol(std::shared_ptr<BaseProtocol> protocol) const;
  std::shared_ptr<BaseProtocol> get_protocol() const;

  /// "peername" and "sockname" (Address), "socket" (NativeHandle), over TLS also what TlsInfo lists
  /// (<twinwire/net/tls/info.hpp>); the default for anything unknown.
  ExtraInfo get_extra_info(std::string_view name, ExtraInfo otherwise = {}) const;
  std::optional<Address> peername() const;
  std::optional<Address> sockname() const;

  /// Throws OperationError when the system refuses. Does nothing once the connection is gone.
  void set_option(Option option, std::int64_t value) const {
    if (state_) state_->set_option(option, value);
  }
  /// The value in force; 0 once the connection is gone.
  std::int64_t get_option(Option option) const { return state_ ? state_->get_option(option) : 0; }

  /// For the library's own layers; null for a default-constructed one.
  detail::BaseTransportState* base() const noexcept { return state_.get(); }

  explicit operator bool() const noexcept { return static_cast<bool>(state_); }
  bool operator==(const BaseTransport&) const = default;

 protected:
  explicit BaseTransport(detail::Ref<detail::BaseTransportState> state) noexcept : state_(std::move(state)) {}
  const detail::Ref<detail::BaseTransportState>& base_state() const noexcept { return state_; }

 private:
  friend class detail::BaseTransportState;

  detail::Ref<detail::BaseTransportState> state_;
};

inline BaseTransport detail::BaseTransportState::handle() noexcept {
  return BaseTransport(Ref<BaseTransportState>(this));
}

class Cork;

/// A connection, as its user sees it. The rest is said at BaseTransport.
class Transport : public BaseTransport {
 public:
  Transport() = default;
  explicit Transport(detail::Ref<detail::TransportState> state) noexcept : BaseTransport(state) {}

  /// Sends bytes, or buffers a copy of what cannot be sent at once. Never blocks. Throws std::logic_error
  /// after write_eof.
  void write(Bytes data) const {
    if (auto* stream = state()) stream->write(data);
  }
  void write(std::string_view text) const { write(as_bytes(text)); }
  /// The segments in their order, gathered into as few system calls as possible.
  void writelines(std::span<const Bytes> segments) const {
    if (auto* stream = state()) stream->writelines(segments);
  }
  /// Ends the sending direction behind everything written; receiving goes on. Throws std::logic_error
  /// where can_write_eof() is false.
  void write_eof() const {
    if (auto* stream = state()) stream->write_eof();
  }
  bool can_write_eof() const { return state() && state()->can_write_eof(); }

  /// Gathers all writes until the scope ends; they count as buffered meanwhile.
  [[nodiscard]] Cork cork() const;

  /// No data_received or eof_received until resume_reading. Nothing is lost.
  void pause_reading() const {
    if (auto* stream = state()) stream->pause_reading();
  }
  void resume_reading() const {
    if (auto* stream = state()) stream->resume_reading();
  }
  bool is_reading() const { return state() && state()->is_reading(); }

  /// For the library's own layers; null for a default-constructed one.
  detail::TransportState* state() const noexcept {
    return static_cast<detail::TransportState*>(base_state().get());
  }
};

/// While it lives, writes to its transport are gathered. Scopes nest; the last one to end sends.
class Cork {
 public:
  explicit Cork(detail::Ref<detail::TransportState> state) : state_(std::move(state)) {
    if (state_) state_->cork();
  }
  Cork(const Cork&) = delete;
  Cork& operator=(const Cork&) = delete;
  ~Cork() {
    if (state_) state_->uncork();
  }

 private:
  detail::Ref<detail::TransportState> state_;
};

inline Cork Transport::cork() const {
  return Cork(detail::Ref<detail::TransportState>(state()));
}

}  // namespace twinwire
