#include <twinwire/net/wire/option_range.hpp>
#include <twinwire/real/descriptor.hpp>
#include <twinwire/real/socket_options.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace twinwire::real {
namespace {

struct OptionName {
  int level;
  int name;
};

OptionName name_of(Option option) noexcept {
  switch (option) {
    case Option::no_delay:
      return {IPPROTO_TCP, TCP_NODELAY};
    case Option::keep_alive:
      return {SOL_SOCKET, SO_KEEPALIVE};
    case Option::user_timeout_ms:
      return {IPPROTO_TCP, TCP_USER_TIMEOUT};
    case Option::linger_s:
      return {SOL_SOCKET, SO_LINGER};
    case Option::send_buffer_size:
      return {SOL_SOCKET, SO_SNDBUF};
    case Option::receive_buffer_size:
      return {SOL_SOCKET, SO_RCVBUF};
    case Option::keep_alive_idle_s:
      return {IPPROTO_TCP, TCP_KEEPIDLE};
    case Option::keep_alive_interval_s:
      return {IPPROTO_TCP, TCP_KEEPINTVL};
    case Option::keep_alive_count:
      return {IPPROTO_TCP, TCP_KEEPCNT};
  }
  return {-1, -1};
}

}  // namespace

error_code set_int_option(int descriptor, int level, int name, int value) noexcept {
  if (::setsockopt(descriptor, level, name, &value, sizeof(value)) < 0) return last_error();
  return {};
}

std::variant<std::int64_t, error_code> get_int_option(int descriptor, int level, int name) noexcept {
  int value = 0;
  socklen_t size = sizeof(value);
  if (::getsockopt(descriptor, level, name, &value, &size) < 0) return last_error();
  return std::int64_t{value};
}

error_code set_socket_option(int descriptor, Option option, std::int64_t value) noexcept {
  if (const error_code error = twinwire::detail::check_option(option, value); error.failed()) return error;
  const auto [level, name] = name_of(option);
  const int number = static_cast<int>(value);
  if (option != Option::linger_s) return set_int_option(descriptor, level, name, number);
  const linger lingering{number >= 0, number >= 0 ? number : 0};
  if (::setsockopt(descriptor, level, name, &lingering, sizeof(lingering)) < 0) return last_error();
  return {};
}

std::variant<std::int64_t, error_code> get_socket_option(int descriptor, Option option) noexcept {
  const auto [level, name] = name_of(option);
  if (option != Option::linger_s) {
    auto value = get_int_option(descriptor, level, name);
    auto* number = std::get_if<std::int64_t>(&value);
    const bool is_size = option == Option::send_buffer_size || option == Option::receive_buffer_size;
    if (number && is_size) *number /= 2;  // socket(7): the other half is for bookkeeping
    return value;
  }
  linger lingering{};
  socklen_t size = sizeof(lingering);
  if (::getsockopt(descriptor, level, name, &lingering, &size) < 0) return last_error();
  return std::int64_t{lingering.l_onoff != 0 ? lingering.l_linger : -1};
}

void set_no_delay(int descriptor) noexcept {
  static_cast<void>(set_int_option(descriptor, IPPROTO_TCP, TCP_NODELAY, 1));
}

bool is_lingering(int descriptor) noexcept {
  const auto value = get_socket_option(descriptor, Option::linger_s);
  const auto* seconds = std::get_if<std::int64_t>(&value);
  return seconds && *seconds > 0;
}

error_code take_socket_error(int descriptor) noexcept {
  const auto value = get_int_option(descriptor, SOL_SOCKET, SO_ERROR);
  if (const auto* error = std::get_if<error_code>(&value)) return *error;
  const auto number = static_cast<int>(std::get<std::int64_t>(value));
  return number == 0 ? error_code{} : system_code(number);
}

}  // namespace twinwire::real
