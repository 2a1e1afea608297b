#include <twinwire/net/cancellation.hpp>
#include <twinwire/net/timeout.hpp>

#include <algorithm>

namespace twinwire::detail {
namespace {

std::string sentence_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const OperationError& error) {
    return error.sentence();
  } catch (...) {
    return "an operation";
  }
}

}  // namespace

void Deadline::start(TimePoint when) {
  timer_ = loop_.call_at(when, [self = Ref<Deadline>(this)] {
    self->expired_ = true;
    self->emit();
  });
}

void Deadline::cancel() {
  cancelled_ = true;
  if (loop_.in_callback()) {
    emit();
  } else {
    // From elsewhere co_spawn would put the emission off, without keeping the signal alive until then.
    loop_.call_soon([self = Ref<Deadline>(this)] { self->emit(); });
  }
}

void Deadline::emit() {
  const Ref<Deadline> self(this);
  signal_.emit(boost::asio::cancellation_type::all);
}

std::exception_ptr Deadline::end(std::exception_ptr failure, const std::string& what, Duration limit) {
  timer_.cancel();
  if (!failure || !expired_ || cancelled_ || !means_cancelled(failure)) return failure;
  const std::string sentence = what.empty() ? sentence_of(failure) : what;
  return operation_failure(make_error(errc::timed_out),
                           sentence + " within " + to_text(std::max(limit, Duration::zero())));
}

}  // namespace twinwire::detail
