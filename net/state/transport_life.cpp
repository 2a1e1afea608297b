#include <twinwire/net/state/transport_life.hpp>

#include <variant>

namespace twinwire::detail {

ExtraInfo socket_info(const Socket* socket, std::string_view name) {
  if (!socket) return {};
  if (name == "peername") {
    if (const auto address = socket->remote_address()) return *address;
  } else if (name == "sockname") {
    if (const auto address = socket->local_address()) return *address;
  } else if (name == socket->handle_name() && socket->native_handle()) {
    return socket->native_handle();
  }
  return socket->extra_info(name);
}

void set_socket_option(Socket& socket, Option option, std::int64_t value) {
  if (const error_code error = socket.set_option(option, value); error.failed()) {
    throw OperationError(error, "set a socket option to " + std::to_string(value));
  }
}

std::int64_t get_socket_option(const Socket& socket, Option option) {
  const auto value = socket.get_option(option);
  if (const auto* error = std::get_if<error_code>(&value)) {
    throw OperationError(*error, "read a socket option");
  }
  return std::get<std::int64_t>(value);
}

void publish_event(Loop& loop, const Socket& socket, std::string_view what, Bytes payload, error_code error) {
  const auto local = socket.local_address();
  const auto remote = socket.remote_address();
  const std::string entity =
      local || remote ? local.value_or(Address{}).to_string() + ">" + remote.value_or(Address{}).to_string()
                      : socket.handle_name() + (" " + std::to_string(socket.native_handle().value));
  loop.observer()->observe({loop.time(), loop.name(), what, entity, 0, payload, error});
}

}  // namespace twinwire::detail
