// What the user of a transport writes: classes with these callbacks.
//
// The names and the contract are those of asyncio (https://docs.python.org/3/library/asyncio-protocol.html);
// docs/contract.md states it clause by clause. Every callback is made from the loop, on its thread, never
// from inside a call of the user's, with one exception: pause_writing may run inside a write.
//
// A callback that throws is reported to the loop's exception handler and, pause_writing and resume_writing
// excepted, ends that connection with Error::callback_failure.
#pragma once

#include <twinwire/net/bytes.hpp>
#include <twinwire/net/error.hpp>
#include <twinwire/net/transport.hpp>

#include <cstddef>
#include <memory>

namespace twinwire {

/// What all protocols share. Derive from Protocol, BufferedProtocol or DatagramProtocol instead.
class BaseProtocol {
 public:
  BaseProtocol() = default;
  BaseProtocol(const BaseProtocol&) = delete;
  BaseProtocol& operator=(const BaseProtocol&) = delete;
  virtual ~BaseProtocol() = default;

  /// The connection is gone. Called once, last of all, if connection_made was called. No error: it was
  /// closed here, or the peer ended it in order. The transport lets go of this object afterwards.
  virtual void connection_lost(error_code error) { static_cast<void>(error); }

  /// The write buffer grew above its high-water mark: stop writing when convenient. May run inside `write`.
  virtual void pause_writing() {}

  /// The write buffer has drained to its low-water mark. Always follows a pause_writing.
  virtual void resume_writing() {}
};

/// What both kinds of stream protocols share. Derive from Protocol or BufferedProtocol instead.
class StreamProtocol : public BaseProtocol {
 public:
  /// The connection is there. Called once, before all others. Keep the handle to answer through it.
  virtual void connection_made(Transport transport) { static_cast<void>(transport); }

  /// The peer will send no more. Called at most once. Return true to go on sending; false (the default)
  /// closes the transport, which flushes first.
  virtual bool eof_received() { return false; }
};

/// Callbacks of a stream whose bytes come in the loop's own buffer.
class Protocol : public StreamProtocol {
 public:
  /// At least one byte arrived. Where the stream is cut into calls carries no meaning. `data` is valid
  /// during the call.
  virtual void data_received(Bytes data) = 0;
};

/// Callbacks of a stream whose bytes are received straight into the protocol's own buffer.
class BufferedProtocol : public StreamProtocol {
 public:
  /// A buffer to receive into, never empty. `size_hint` is a wish; -1 means any size. It must stay valid
  /// until buffer_updated, the next get_buffer, eof_received or connection_lost.
  virtual MutableBytes get_buffer(std::ptrdiff_t size_hint) = 0;

  /// `size` bytes (at least one) were put at the start of that buffer.
  virtual void buffer_updated(std::size_t size) = 0;
};

/// Makes the protocol of a new connection. Called once for each; may throw.
using ProtocolFactory = UniqueFunction<std::shared_ptr<BaseProtocol>()>;

}  // namespace twinwire
