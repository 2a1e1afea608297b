#include <twinwire/net/cancellation.hpp>
#include <twinwire/net/error.hpp>

#include <boost/asio/experimental/channel_error.hpp>
#include <boost/asio/multiple_exceptions.hpp>

namespace twinwire::detail {

bool means_cancelled(const std::exception_ptr& failure) noexcept {
  if (!failure) return false;
  try {
    std::rethrow_exception(failure);
  } catch (const boost::asio::multiple_exceptions& several) {
    return means_cancelled(several.first_exception());
  } catch (...) {
    const error_code code = error_code_of(failure);
    return code == errc::operation_canceled || code == Error::loop_closed ||
           code == boost::asio::experimental::error::channel_cancelled;
  }
}

}  // namespace twinwire::detail
