// What a stream transport tells of its connection, and the options of its socket.
#include <twinwire/net/stream_transport.hpp>

#include <string>
#include <variant>

namespace twinwire::detail {

ExtraInfo StreamTransport::extra_info(std::string_view name) const {
  if (!wire_) return {};
  if (name == "peername") {
    if (const auto address = wire_->remote_address()) return *address;
  } else if (name == "sockname") {
    if (const auto address = wire_->local_address()) return *address;
  } else if (name == "socket" && wire_->native_handle()) {
    return wire_->native_handle();
  }
  return {};
}

void StreamTransport::set_option(Option option, std::int64_t value) {
  if (!has_socket()) return;
  if (const error_code error = wire_->set_option(option, value); error.failed()) {
    throw OperationError(error, "set a socket option to " + std::to_string(value));
  }
}

std::int64_t StreamTransport::get_option(Option option) const {
  if (!has_socket()) return 0;
  const auto value = wire_->get_option(option);
  if (const auto* error = std::get_if<error_code>(&value)) {
    throw OperationError(*error, "read a socket option");
  }
  return std::get<std::int64_t>(value);
}

}  // namespace twinwire::detail
