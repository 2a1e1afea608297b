// One end of a stream in a property: does as its program says, and notes whatever the contract forbids.
#pragma once

#include <twinwire/net/loop.hpp>
#include <twinwire/net/protocol.hpp>
#include <twinwire/net/transport.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace twinwire::property {

/// One thing that a side does.
struct Step {
  enum class Kind : std::uint8_t {
    write,
    write_lines,
    pause,
    resume,
    cork,
    uncork,
    limits,
    switch_protocol,
    write_eof,
    close,
    abort
  };
  Kind kind = Kind::write;
  /// Bytes to write; the high-water mark of `limits`.
  std::size_t size = 0;
};

/// What a side does by itself.
struct SideProgram {
  /// Inside connection_made.
  std::vector<Step> opening;
  /// Inside data_received or buffer_updated, one in each.
  std::vector<Step> reactions;
  /// What eof_received returns.
  bool keep_open = true;
  /// It begins as a BufferedProtocol, with a buffer of this size; 0: as a Protocol.
  std::size_t buffer_size = 0;
};

/// The byte that stands at an offset of the stream that this side writes.
std::byte byte_at(int side, std::uint64_t offset) noexcept;

class StreamSide {
 public:
  /// `salt` changes what is written.
  StreamSide(int number, const SideProgram& program, std::uint64_t salt);
  StreamSide(const StreamSide&) = delete;
  StreamSide& operator=(const StreamSide&) = delete;

  /// The protocol for the connection.
  std::shared_ptr<BaseProtocol> protocol();
  void set_peer(StreamSide& peer) noexcept { peer_ = &peer; }

  void perform(const Step& step);
  /// Reads all that still comes, ends its own stream, and closes at the peer's end.
  void finish();

  bool made() const noexcept { return made_; }
  bool lost() const noexcept { return lost_; }
  /// It threw away what the peer sent, or reset the connection: neither direction is promised to be complete.
  bool cut_short() const noexcept;
  /// What is wrong, at the end of a run.
  std::string verdict(bool both_complete) const;
  std::uint64_t received() const noexcept { return received_; }
  error_code reason() const noexcept { return reason_; }

 private:
  class Plain;
  class Buffered;

  void on_made(Transport transport);
  void on_data(Bytes data);
  bool on_eof();
  void on_lost(error_code error);
  void on_pause();
  void on_resume();
  /// A callback that the loop makes: never inside a call of ours, never before or after the connection.
  void expect_alive(const char* callback);

  void write(std::size_t size, bool in_lines);
  void note_closed();
  void check_state();
  void complain(const std::string& what);
  std::vector<std::byte> next_bytes(std::size_t size) const;
  std::uint64_t accepted() const noexcept { return promised_ + late_bytes_; }

  int number_;
  SideProgram program_;
  std::uint64_t salt_;
  StreamSide* peer_ = nullptr;
  Transport transport_;
  std::shared_ptr<BaseProtocol> plain_;
  std::shared_ptr<BaseProtocol> buffered_;
  std::vector<std::unique_ptr<Cork>> corks_;
  std::size_t reactions_done_ = 0;
  std::string complaints_;

  std::uint64_t promised_ = 0;       ///< written while the connection was open
  std::uint64_t late_bytes_ = 0;     ///< written after close(): all of a piece, or none of it (D10)
  std::vector<std::uint64_t> late_;  ///< where each of those pieces ends
  std::uint64_t received_ = 0;
  std::uint64_t received_at_close_ = 0;
  error_code reason_;
  int calls_ = 0;  ///< calls to the transport that have not returned
  bool made_ = false;
  bool lost_ = false;
  bool eof_received_ = false;
  bool eof_sent_ = false;
  bool closed_ = false;  ///< closed by this side
  bool aborted_ = false;
  bool aborted_while_open_ = false;
  bool paused_ = false;  ///< reading
  bool held_ = false;    ///< writing, by pause_writing
  bool finishing_ = false;
};

}  // namespace twinwire::property
