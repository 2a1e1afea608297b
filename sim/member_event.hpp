// An event that calls a method of the object that embeds it.
#pragma once

#include <twinwire/net/events/event_queue.hpp>

namespace twinwire::sim {

template <class T, void (T::*Method)()>
class MemberEvent final : public detail::Event {
 public:
  explicit MemberEvent(T& owner) noexcept : owner_(owner) {}
  void fire() override { (owner_.*Method)(); }
  void prefetch() const noexcept override {
    if constexpr (requires { owner_.prefetch(); }) owner_.prefetch();
  }

 private:
  T& owner_;
};

}  // namespace twinwire::sim
