// A simulated pipe: https://man7.org/linux/man-pages/man7/pipe.7.html
#pragma once

#include <twinwire/net/choices.hpp>
#include <twinwire/net/ref.hpp>
#include <twinwire/net/wire/wire.hpp>
#include <twinwire/sim/member_event.hpp>
#include <twinwire/sim/ring.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace twinwire::sim {

class Host;
class PipeWire;

/// Bytes on their way inside one host: at once in the buffer, but the other end learns of them later, after
/// the latency of the host's loopback link. Kept by its ends.
class Pipe final : public detail::RefCounted {
 public:
  /// As on Linux, unless it is told otherwise.
  static constexpr std::size_t capacity = 64 * 1024;
  /// So many bytes go as a whole or not at all (PIPE_BUF); with less room a writer is not told.
  static constexpr std::size_t atomic_size = 4096;

  /// `name` is structural: "server/cat pipe 2".
  Pipe(Host& host, std::string_view name);

  Host& host() const noexcept { return host_; }

  /// Takes what fits; less: writers are told of room later. broken_pipe if nobody can read any more.
  IoResult write(std::span<const Bytes> buffers);
  IoResult read(MutableBytes buffer);
  bool readable() const noexcept { return ring_.size() != 0 || writers_ == 0; }
  bool broken() const noexcept { return readers_ == 0; }
  bool has_room() const noexcept { return capacity - ring_.size() >= atomic_size; }

  // --- who has it ---
  void open(Direction direction) noexcept { ++count(direction); }
  void close(Direction direction);
  void join(PipeWire& wire);
  void leave(PipeWire& wire) noexcept;
  bool has(const PipeWire& wire) const noexcept;

 private:
  int& count(Direction direction) noexcept { return direction == Direction::receive ? readers_ : writers_; }
  void wake_readers();
  void wake_writers();
  void tell_readers() { tell(Direction::receive); }
  void tell_writers() { tell(Direction::send); }
  void tell(Direction direction);

  Host& host_;
  Site delay_;
  Site rechunk_;
  ByteRing ring_;
  std::uint64_t written_ = 0;
  std::uint64_t consumed_ = 0;
  int readers_ = 0;
  int writers_ = 0;
  std::vector<PipeWire*> wires_;
  MemberEvent<Pipe, &Pipe::tell_readers> readers_event_{*this};
  MemberEvent<Pipe, &Pipe::tell_writers> writers_event_{*this};
};

/// One end of a pipe, as several descriptors may share it: an open file description. It is closed when the
/// last of them is.
class PipeEnd final : public detail::RefCounted {
 public:
  PipeEnd(detail::Ref<Pipe> pipe, Direction direction) : pipe_(std::move(pipe)), direction_(direction) {
    pipe_->open(direction_);
  }
  ~PipeEnd() override { pipe_->close(direction_); }

  Pipe& pipe() const noexcept { return *pipe_; }
  Direction direction() const noexcept { return direction_; }

 private:
  detail::Ref<Pipe> pipe_;
  Direction direction_;
};

}  // namespace twinwire::sim
