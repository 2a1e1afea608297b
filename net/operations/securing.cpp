#include <twinwire/net/operations/securing.hpp>

namespace twinwire::detail {

void Securing::start(const TlsContext& context, Ref<StreamTransport> lower, const TlsEnd& end,
                     std::string what, Done done) {
  wire_ = context.secure(std::move(lower), end);
  what_ = std::move(what) + ": TLS handshake";
  done_ = std::move(done);  // which may own this: only now is there an end to wait for
  wire_->set_sink(this);
}

void Securing::abandon() noexcept {
  done_.reset();
  if (wire_) wire_->abort();
  wire_.reset();
}

void Securing::on_writable() {
  const error_code error = wire_->finish_connect();
  if (would_block(error)) return;
  wire_->set_sink(nullptr);
  // Either may destroy this.
  const std::unique_ptr<Wire> failed(error.failed() ? wire_.release() : nullptr);
  Done done = std::move(done_);
  if (failed) failed->close();
  done(failed ? operation_failure(error, what_) : nullptr, std::move(wire_));
}

}  // namespace twinwire::detail
