#include <twinwire/real/poller.hpp>

#include <cerrno>
#include <utility>

namespace twinwire::real {

Poller::Poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_) throw OperationError(last_error(), "make an epoll descriptor for a loop");
}

error_code Poller::add(PollEntry& entry, int descriptor, std::uint32_t events) {
  if (first_free_ == PollKey::no_slot) {
    slots_.push_back({nullptr, 0, PollKey::no_slot});
    first_free_ = static_cast<std::uint32_t>(slots_.size() - 1);
  }
  const std::uint32_t slot = first_free_;
  first_free_ = slots_[slot].next_free;
  slots_[slot].entry = &entry;
  entry.key_ = {slot, slots_[slot].generation};
  return control(EPOLL_CTL_ADD, descriptor, entry.key_, events);
}

error_code Poller::modify(const PollEntry& entry, int descriptor, std::uint32_t events) noexcept {
  const error_code error = control(EPOLL_CTL_MOD, descriptor, entry.key_, events);
  if (error != errc::no_such_file_or_directory) return error;
  return control(EPOLL_CTL_ADD, descriptor, entry.key_, events);
}

void Poller::forget(PollEntry& entry) noexcept {
  if (!entry.registered()) return;
  Slot& slot = slots_[entry.key_.slot];
  slot.entry = nullptr;
  ++slot.generation;
  slot.next_free = std::exchange(first_free_, entry.key_.slot);
  entry.key_ = {};
}

void Poller::remove(PollEntry& entry, int descriptor) noexcept {
  if (!entry.registered()) return;
  forget(entry);
  // It may be gone already: whoever takes the descriptor over may have closed it.
  static_cast<void>(control(EPOLL_CTL_DEL, descriptor, {}, 0));
}

void Poller::inject(const PollEntry& entry, std::uint32_t events) {
  injected_.push_back({entry.key(), events});
}

std::size_t Poller::poll(bool block) {
  const int timeout = block && injected_.empty() ? -1 : 0;
  int count = ::epoll_wait(epoll_.get(), batch_.data(), static_cast<int>(batch_.size()), timeout);
  if (count < 0) {
    if (errno != EINTR) throw OperationError(last_error(), "wait for events");
    count = 0;
  }
  const auto reported = static_cast<std::size_t>(count);
  for (std::size_t i = 0; i < reported; ++i) {
    const std::uint64_t data = batch_[i].data.u64;
    report({static_cast<std::uint32_t>(data), static_cast<std::uint32_t>(data >> 32)}, batch_[i].events);
  }
  if (injected_.empty()) return reported;
  const std::vector<Injected> injected = std::exchange(injected_, {});
  for (const Injected& one : injected) report(one.key, one.events);
  return reported + injected.size();
}

error_code Poller::control(int operation, int descriptor, PollKey key, std::uint32_t events) noexcept {
  epoll_event event{};
  event.events = events | EPOLLET;
  event.data.u64 = static_cast<std::uint64_t>(key.generation) << 32 | key.slot;
  if (::epoll_ctl(epoll_.get(), operation, descriptor, &event) < 0) return last_error();
  return {};
}

void Poller::report(PollKey key, std::uint32_t events) {
  if (current(key) && slots_[key.slot].entry) slots_[key.slot].entry->on_events(events);
}

}  // namespace twinwire::real
