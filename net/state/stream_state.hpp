// What a reader, a writer and a protocol of the same stream share.
#pragma once

#include <twinwire/net/async.hpp>
#include <twinwire/net/operations/wait_operation.hpp>
#include <twinwire/net/protocol.hpp>
#include <twinwire/net/ref.hpp>
#include <twinwire/net/state/stream_buffer.hpp>
#include <twinwire/net/transport.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>

namespace twinwire::detail {

/// What a read waits for.
struct ReadRequest {
  enum class Kind : std::uint8_t {
    some,     ///< any bytes
    exactly,  ///< `size` bytes
    until,    ///< the separator
    all,      ///< the end
  };
  Kind kind = Kind::some;
  std::size_t size = 0;
  std::string_view separator{};
  /// The end in place of the separator is no failure.
  bool end_will_do = false;

  /// Where to go on searching, and what was found.
  std::size_t searched = 0;
  std::size_t found = std::string_view::npos;
};

/// It knows no backend: everything goes through the transport, and comes through StreamReaderProtocol. Loop
/// thread only. It may outlive its loop, but is of no use then.
class StreamState final : public RefCounted {
 public:
  StreamState(Loop& loop, std::size_t limit);

  // --- from the protocol ---
  void made(Transport made_transport) { transport = std::move(made_transport); }
  /// The connection goes on over another transport.
  void moved_to(Transport secure_transport) {
    transport = std::move(secure_transport);
    if (reading_paused_) transport.pause_reading();
  }
  void feed(Bytes data);
  void feed_end();
  void lost(error_code error);
  void pause_writing() noexcept { writing_paused_ = true; }
  void resume_writing();

  // --- for the reader ---
  /// Marks, while it lives, that a read is in progress. Throws std::logic_error if another one is.
  class Turn {
   public:
    Turn(Ref<StreamState> state, ReadRequest& request);
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn();

   private:
    Ref<StreamState> state_;
  };
  /// Whether the request has to wait no more: it can be satisfied, or never will be.
  bool decided(ReadRequest& request) const;
  /// Completes when the request of the current turn is decided.
  Operation start_read_wait(VoidCompletion done);
  /// What a decided request yields. Throws why it cannot be satisfied.
  std::string finish(const ReadRequest& request);
  std::size_t finish_into(const ReadRequest& request, MutableBytes target);
  /// Bytes that have arrived.
  std::size_t unread() const noexcept { return buffer_.size(); }
  bool at_end() const noexcept { return ended_ && buffer_.empty(); }

  // --- for the writer ---
  bool is_lost() const noexcept { return lost_; }
  bool writing_paused() const noexcept { return writing_paused_; }
  Operation start_drain_wait(VoidCompletion done);
  Operation start_close_wait(VoidCompletion done);
  /// The failure of a drain() on a connection that is lost: never null.
  std::exception_ptr drain_failure() const;

  Loop& loop;
  const std::size_t limit;
  Transport transport;

 private:
  class ReadWait;

  std::string describe(const ReadRequest& request) const;
  std::string peer() const;
  std::exception_ptr close_failure() const;
  void read_on();
  void rest();
  void wake_reader_soon();
  void require_satisfiable(const ReadRequest& request);

  StreamBuffer buffer_;
  ReadRequest* request_ = nullptr;  ///< of the read in progress; it lies in that coroutine's frame
  ReadWait* read_wait_ = nullptr;   ///< what that read waits with, if it waits
  Waiters drains_;
  Waiters closes_;
  error_code error_;  ///< what ended the connection, if it was lost in disorder
  bool ended_ = false;
  bool lost_ = false;
  bool reading_paused_ = false;
  bool writing_paused_ = false;
};

}  // namespace twinwire::detail
