// Events that are not due soon, only roughly in order: a hierarchical timing wheel (G. Varghese and T. Lauck,
// "Hashed and hierarchical timing wheels", SOSP 1987).
#pragma once

#include <twinwire/net/events/event.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace twinwire::detail {

/// A time is read as eleven digits of six bits. An event lies on the level of the highest digit that differs
/// from the wheel's base, in the slot of that digit; what is earliest is therefore in the first slot of the
/// lowest level that has any. A slot with no more than a handful is handed over as it is, a larger one is
/// spread over the levels below: an event is moved a few times in its life, always with its neighbours, which
/// is what a processor's cache likes; a heap of as many would touch a dozen far places for each.
class TimerWheel {
 public:
  using Tick = std::uint64_t;
  static constexpr Tick last_tick = ~Tick{0};
  /// Event::position_ of what is here begins at this.
  static constexpr std::uint32_t first_position = std::uint32_t{1} << 31;

  /// A time as a number that begins at 0 and has the same order.
  static Tick tick(TimePoint time) noexcept {
    return static_cast<Tick>(time.time_since_epoch().count()) ^ (Tick{1} << 63);
  }

  TimerWheel() noexcept { slots_.fill(none); }

  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }
  /// No event here is before it.
  Tick base() const noexcept { return base_; }
  /// Moves the base of an empty wheel.
  void restart(Tick base) noexcept { base_ = base; }

  /// Takes an event that is not before the base.
  void add(const EventEntry& entry) {
    file(entry);
    ++size_;
  }

  void remove(std::uint32_t position) noexcept {
    Chunk& chunk = *chunks_[(position - first_position) / Chunk::capacity];
    std::uint32_t& last_index = slots_[chunk.slot];
    Chunk& last = *chunks_[last_index];
    const EventEntry& moved = last.entries[--last.count];
    moved.event->position_ = position;
    chunk.entries[position % Chunk::capacity] = moved;
    if (last.count == 0) {
      const std::uint32_t emptied = last_index;
      last_index = last.previous;
      if (last_index == none) vacate(chunk.slot);
      put_back(emptied);
    }
    --size_;
  }

  /// Hands over the earliest events, in any order: all of one slot, no more than `most` unless they are of
  /// one time. Answers the last tick of that slot: what is left comes later. The wheel is not empty.
  template <class Take>
  Tick open(std::size_t most, Take take) {
    while (true) {
      const auto level = static_cast<std::uint32_t>(std::countr_zero(levels_));
      const auto digit = static_cast<std::uint32_t>(std::countr_zero(occupied_[level]));
      const std::uint32_t slot = level * slots_per_level + digit;
      const std::uint32_t shift = level * digit_bits;
      base_ = (((base_ >> shift) & ~digit_mask) | digit) << shift;
      const bool spread = level > 0 && holds_more_than(slot, most);
      const std::uint32_t chain = std::exchange(slots_[slot], none);
      vacate(slot);
      if (spread) {
        drain(chain, [this](const EventEntry& entry) { file(entry); });
      } else {
        drain(chain, [&](const EventEntry& entry) {
          --size_;
          take(entry);
        });
        return base_ | ((Tick{1} << shift) - 1);
      }
    }
  }

 private:
  static constexpr std::uint32_t digit_bits = 6;
  static constexpr Tick digit_mask = (Tick{1} << digit_bits) - 1;
  static constexpr std::uint32_t level_count = 11;
  static constexpr std::uint32_t slots_per_level = 1U << digit_bits;
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  /// A part of a slot. All parts of a slot but the last are full.
  struct Chunk {
    static constexpr std::uint32_t capacity = 64;
    std::uint32_t previous = none;  ///< of the same slot, or of the free ones
    std::uint32_t slot = 0;
    std::uint32_t count = 0;
    std::array<EventEntry, capacity> entries;
  };

  void file(const EventEntry& entry) {
    const Tick when = tick(entry.when);
    const auto highest_bit = static_cast<std::uint32_t>(63 - std::countl_zero((when ^ base_) | 1));
    const std::uint32_t level = highest_bit / digit_bits;
    const auto digit = static_cast<std::uint32_t>((when >> (level * digit_bits)) & digit_mask);
    const std::uint32_t slot = level * slots_per_level + digit;
    if (slots_[slot] == none || chunks_[slots_[slot]]->count == Chunk::capacity) extend(slot);
    const std::uint32_t index = slots_[slot];
    Chunk& chunk = *chunks_[index];
    entry.event->position_ = first_position + index * Chunk::capacity + chunk.count;
    chunk.entries[chunk.count++] = entry;
    occupied_[level] |= std::uint64_t{1} << digit;
    levels_ |= 1U << level;
  }

  void vacate(std::uint32_t slot) noexcept {
    const std::uint32_t level = slot / slots_per_level;
    occupied_[level] &= ~(std::uint64_t{1} << (slot % slots_per_level));
    if (occupied_[level] == 0) levels_ &= ~(1U << level);
  }

  void extend(std::uint32_t slot) {
    if (free_ == none) {
      chunks_.push_back(std::make_unique<Chunk>());
      put_back(static_cast<std::uint32_t>(chunks_.size() - 1));
    }
    const std::uint32_t index = free_;
    Chunk& chunk = *chunks_[index];
    free_ = chunk.previous;
    chunk.previous = std::exchange(slots_[slot], index);
    chunk.slot = slot;
    chunk.count = 0;
  }

  void put_back(std::uint32_t index) noexcept { chunks_[index]->previous = std::exchange(free_, index); }

  bool holds_more_than(std::uint32_t slot, std::size_t most) const noexcept {
    std::size_t count = 0;
    for (std::uint32_t index = slots_[slot]; index != none && count <= most;
         index = chunks_[index]->previous) {
      count += chunks_[index]->count;
    }
    return count > most;
  }

  /// Calls `take` with every entry of a slot's former chunks, and puts them back.
  template <class Take>
  void drain(std::uint32_t index, Take take) {
    constexpr std::uint32_t ahead = 16;  // their events are far apart, and are going to be written to
    while (index != none) {
      const Chunk& chunk = *chunks_[index];
      for (std::uint32_t i = 0; i < chunk.count; ++i) {
        if (i + ahead < chunk.count) __builtin_prefetch(chunk.entries[i + ahead].event, 1);
        take(chunk.entries[i]);
      }
      const std::uint32_t next = chunk.previous;
      put_back(index);
      index = next;
    }
  }

  std::vector<std::unique_ptr<Chunk>> chunks_;
  std::uint32_t free_ = none;
  std::array<std::uint32_t, level_count * slots_per_level> slots_;  ///< the last chunk of each
  std::array<std::uint64_t, level_count> occupied_{};               ///< a bit per slot that has events
  std::uint32_t levels_ = 0;  ///< a bit per level that has an occupied slot
  Tick base_ = 0;
  std::size_t size_ = 0;
};

}  // namespace twinwire::detail
