#include <twinwire/net/loop.hpp>
#include <twinwire/real/inbox.hpp>

#include <sys/eventfd.h>

namespace twinwire::real {

Inbox::Inbox(twinwire::detail::Ref<Poller> poller)
    : poller_(std::move(poller)), event_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  constexpr const char* sentence = "make an eventfd for a loop";
  if (!event_) throw OperationError(last_error(), sentence);
  if (const error_code error = poller_->add(*this, event_.get(), EPOLLIN); error.failed()) {
    poller_->forget(*this);
    throw OperationError(error, sentence);
  }
}

Inbox::~Inbox() {
  poller_->forget(*this);
}

void Inbox::put(Callback callback, bool wake) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = callbacks_.empty();
    callbacks_.push_back(std::move(callback));
    pending_.store(true, std::memory_order_release);
  }
  // Who found it empty wakes the reader for all that follow.
  if (first && wake) ::eventfd_write(event_.get(), 1);
}

void Inbox::drain(Loop& loop) {
  {
    const std::lock_guard lock(mutex_);
    taken_.swap(callbacks_);
    pending_.store(false, std::memory_order_relaxed);
  }
  for (Callback& callback : taken_) loop.call_soon(std::move(callback));
  taken_.clear();
}

void Inbox::clear() noexcept {
  while (pending()) {
    std::vector<Callback> dropped;  // after the lock is gone, as it may put in more
    const std::lock_guard lock(mutex_);
    dropped.swap(callbacks_);
    pending_.store(false, std::memory_order_relaxed);
  }
}

void Inbox::on_events(std::uint32_t) {
  // Nothing to do: the loop looks at pending(). The eventfd is never read, as each write is an edge of its
  // own.
}

}  // namespace twinwire::real
