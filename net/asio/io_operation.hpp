// Operations as Asio's own sockets have them: they complete with an error code, and not with an exception.
#pragma once

#include <twinwire/net/error.hpp>
#include <twinwire/net/operations/completing_operation.hpp>

#include <type_traits>
#include <utility>

namespace twinwire::detail {

/// The code by which Asio's users know this error: `error == boost::asio::error::connection_reset` compares
/// categories, and Asio's codes are of the system's. A loop that closes cancels, as far as they can tell.
inline error_code asio_error(error_code error) noexcept {
  if (error == error_code(Error::loop_closed)) error = make_error(errc::operation_canceled);
  if (error.category() != boost::system::generic_category()) return error;
  return {error.value(), boost::system::system_category()};
}
inline error_code asio_error(errc::errc_t condition) noexcept {
  return asio_error(make_error(condition));
}

/// A pending operation of an Asio-facing object. A background operation: that nothing more comes is no
/// deadlock by itself. Nobody is told of a failure that has no completion, as there is no such operation.
template <class... Values>
class IoOperation : public EndingOperation<error_code, Values...> {
 public:
  using Ending = EndingOperation<error_code, Values...>;
  using typename Ending::Done;

  IoOperation(Loop& loop, Done&& done) : Ending(loop, std::move(done)) { this->set_background(); }

 protected:
  error_code failure_of(error_code error) const final { return asio_error(error); }

 private:
  void fail_unheard(const error_code&) final {}
};

/// For what is known at once: completes in the next turn. There is nothing to cancel.
template <class... Values>
Operation complete_next(Loop& loop, UniqueFunction<void(error_code, Values...)>&& done, error_code error,
                        std::type_identity_t<Values>... values) {
  loop.call_soon([done = std::move(done), error, ... values = std::move(values)]() mutable {
    done(error, std::move(values)...);
  });
  return {};
}

}  // namespace twinwire::detail
