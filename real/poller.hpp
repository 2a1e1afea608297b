// Readiness of descriptors, from one epoll descriptor: https://man7.org/linux/man-pages/man7/epoll.7.html
#pragma once

#include <twinwire/net/error.hpp>
#include <twinwire/net/ref.hpp>
#include <twinwire/real/descriptor.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <sys/epoll.h>
#include <vector>

namespace twinwire::real {

/// Names one registration for as long as it lasts; a later one in the same place has another generation.
struct PollKey {
  static constexpr std::uint32_t no_slot = 0xffffffff;
  std::uint32_t slot = no_slot;
  std::uint32_t generation = 0;
};

/// Whoever owns a descriptor that is watched. It must be forgotten before it is destroyed.
class PollEntry {
 public:
  PollEntry() = default;
  PollEntry(const PollEntry&) = delete;
  PollEntry& operator=(const PollEntry&) = delete;

  /// What epoll_wait reported (EPOLLIN and so on). It may destroy itself, and any other entry.
  virtual void on_events(std::uint32_t events) = 0;

  bool registered() const noexcept { return key_.slot != PollKey::no_slot; }
  PollKey key() const noexcept { return key_; }

 protected:
  ~PollEntry() = default;

 private:
  friend class Poller;
  PollKey key_;
};

/// Watches descriptors. Events name a place in a table and not an object, so that one which was destroyed
/// meanwhile is told from one that lives: in the same batch, or because a forked child keeps the descriptor,
/// and with it the kernel's registration, open. Kept alive by the entries' owners. Loop thread only.
class Poller final : public twinwire::detail::RefCounted {
 public:
  /// Throws OperationError when the system has no descriptor left.
  Poller();

  /// The epoll descriptor: readable while poll() would find something.
  int native_handle() const noexcept { return epoll_.get(); }

  /// Begins to watch, edge-triggered. The entry is registered even if the system refuses, so that inject()
  /// can tell it.
  error_code add(PollEntry& entry, int descriptor, std::uint32_t events);
  /// Watches for these instead, or begins to if add() had failed. What is ready already is reported again.
  error_code modify(const PollEntry& entry, int descriptor, std::uint32_t events) noexcept;
  /// No more events for this entry. Its descriptor is about to be closed, which takes it out of the kernel's
  /// set as well.
  void forget(PollEntry& entry) noexcept;
  /// As forget(), for a descriptor that stays open.
  void remove(PollEntry& entry, int descriptor) noexcept;
  /// Reports these events in the next poll().
  void inject(const PollEntry& entry, std::uint32_t events);
  /// The next poll() will tell of something that the epoll descriptor does not know.
  bool has_injected() const noexcept { return !injected_.empty(); }

  /// True while the registration lasts.
  bool current(PollKey key) const noexcept {
    return key.slot < slots_.size() && slots_[key.slot].generation == key.generation;
  }

  /// Tells entries what happened. With `block`, waits until something has, or a signal handler ran. Returns
  /// how many events there were.
  std::size_t poll(bool block);

 private:
  struct Slot {
    PollEntry* entry;
    std::uint32_t generation;
    std::uint32_t next_free;
  };
  struct Injected {
    PollKey key;
    std::uint32_t events;
  };
  static constexpr std::size_t batch_size = 512;

  error_code control(int operation, int descriptor, PollKey key, std::uint32_t events) noexcept;
  void report(PollKey key, std::uint32_t events);

  Descriptor epoll_;
  std::vector<Slot> slots_;
  std::uint32_t first_free_ = PollKey::no_slot;
  std::vector<Injected> injected_;
  std::array<epoll_event, batch_size> batch_;
};

}  // namespace twinwire::real
