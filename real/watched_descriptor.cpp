#include <twinwire/real/watched_descriptor.hpp>

namespace twinwire::real {

void WatchedDescriptor::watch_for(WireSink* sink, bool writable) {
  sink_ = sink;
  if (!sink_ || !descriptor_) return;
  watches_writable_ = wants_writable_ || writable;
  watch();
}

void WatchedDescriptor::watch() {
  put_into_poller();
  if (watch_failure_ != 0) poller_->inject(*this, EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP);
}

void WatchedDescriptor::put_into_poller() {
  const std::uint32_t events = watches_writable_ ? events_ | EPOLLOUT : events_;
  const error_code error = registered() ? poller_->modify(*this, descriptor_.get(), events)
                                        : poller_->add(*this, descriptor_.get(), events);
  watch_failure_ = error.value();
}

bool WatchedDescriptor::watch_again() {
  if (watch_failure_ != 0) put_into_poller();
  return watch_failure_ == 0;
}

void WatchedDescriptor::expect_writable() {
  wants_writable_ = true;
  if (watches_writable_ || !registered()) return;
  watches_writable_ = true;
  watch();
}

void WatchedDescriptor::stop_watching() noexcept {
  poller_->forget(*this);
  sink_ = nullptr;
}

NativeHandle WatchedDescriptor::give_away() noexcept {
  poller_->remove(*this, descriptor_.get());
  sink_ = nullptr;
  return {descriptor_.release()};
}

}  // namespace twinwire::real
