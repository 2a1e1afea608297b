#include <twinwire/sim/host.hpp>
#include <twinwire/sim/processes/pipe.hpp>
#include <twinwire/sim/processes/pipe_wire.hpp>
#include <twinwire/sim/world.hpp>

#include <algorithm>

namespace twinwire::sim {
namespace {

constexpr Purpose delay_purpose{"pipe delay",
                                "{entity}: the news at byte {major} came {outcome}/63 of the jitter later"};
constexpr Purpose rechunk_purpose{
    "pipe rechunk", "{entity}: what there was at byte {ordinal} was read in two, up to byte {end}"};

/// Whose news it is, in the ordinals of delays.
constexpr std::uint64_t for_readers = 0;
constexpr std::uint64_t for_writers = 1;

}  // namespace

Pipe::Pipe(Host& host, std::string_view name)
    : host_(host),
      delay_(host.world().choices().site(name, delay_purpose)),
      rechunk_(host.world().choices().site(name, rechunk_purpose)) {}

IoResult Pipe::write(std::span<const Bytes> buffers) {
  if (broken()) return {0, make_error(errc::broken_pipe), false};
  std::size_t wanted = 0;
  for (const Bytes buffer : buffers) wanted += buffer.size();
  std::size_t room = capacity - ring_.size();
  if (wanted <= atomic_size && wanted > room) room = 0;
  std::size_t taken = 0;
  for (const Bytes buffer : buffers) {
    const Bytes part = buffer.first(std::min(room - taken, buffer.size()));
    ring_.append(part);
    host_.world().fingerprint_state().add(part);
    taken += part.size();
  }
  written_ += taken;
  if (taken != 0) wake_readers();
  return {taken, taken == 0 ? make_error(errc::operation_would_block) : error_code{}, false};
}

IoResult Pipe::read(MutableBytes buffer) {
  std::size_t count = std::min(ring_.size(), buffer.size());
  if (count == 0) return {0, writers_ == 0 ? error_code{} : make_error(errc::operation_would_block), true};
  World& world = host_.world();
  const Odds odds = world.link(host_, host_).options.rechunk;
  if (odds.numerator != 0 && count > 1) {
    const std::uint64_t at = world.choices().draw_rare(rechunk_, consumed_, odds, count - 1);
    if (at != 0) count = static_cast<std::size_t>(at);
  }
  const bool had_room = has_room();
  ring_.read(buffer.first(count));
  consumed_ += count;
  if (!had_room && has_room()) wake_writers();
  return {count, {}, !readable()};
}

// --- who has it ---

void Pipe::close(Direction direction) {
  if (--count(direction) != 0) return;
  if (direction == Direction::send) {
    wake_readers();
  } else {
    wake_writers();
  }
}

void Pipe::join(PipeWire& wire) {
  wires_.push_back(&wire);
}

void Pipe::leave(PipeWire& wire) noexcept {
  std::erase(wires_, &wire);
}

bool Pipe::has(const PipeWire& wire) const noexcept {
  return std::ranges::find(wires_, &wire) != wires_.end();
}

void Pipe::wake_readers() {
  if (readers_event_.scheduled() || readers_ == 0) return;
  World& world = host_.world();
  const Duration delay =
      world.link(host_, host_).delay(world.choices(), delay_, paired_ordinal(written_, for_readers));
  world.schedule(readers_event_, world.time() + delay);
}

void Pipe::wake_writers() {
  if (writers_event_.scheduled() || writers_ == 0) return;
  World& world = host_.world();
  const Duration delay =
      world.link(host_, host_).delay(world.choices(), delay_, paired_ordinal(consumed_, for_writers));
  world.schedule(writers_event_, world.time() + delay);
}

void Pipe::tell(Direction direction) {
  const detail::Ref<Pipe> self(this);
  World& world = host_.world();
  world.set_current(host_, "pipe");
  world.fingerprint_state().add(delay_.key, direction == Direction::receive ? written_ : consumed_);
  // Whoever is told may close any of them, or open more.
  const std::vector<PipeWire*> told = wires_;
  for (PipeWire* wire : told) {
    if (has(*wire) && wire->direction() == direction) wire->tell();
  }
}

}  // namespace twinwire::sim
