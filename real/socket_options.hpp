// Options of a transport as options of a socket: https://man7.org/linux/man-pages/man7/socket.7.html and
// tcp.7
#pragma once

#include <twinwire/net/error.hpp>
#include <twinwire/net/wire/wire.hpp>

#include <cstdint>
#include <variant>

namespace twinwire::real {

error_code set_socket_option(int descriptor, Option option, std::int64_t value) noexcept;

/// What the system says is in force. Of buffer sizes it keeps twice what was asked for, within its limits,
/// and this is the half of that: setting what was got changes nothing.
std::variant<std::int64_t, error_code> get_socket_option(int descriptor, Option option) noexcept;

/// Sets an option whose value is an int.
error_code set_int_option(int descriptor, int level, int name, int value) noexcept;
/// The value, or the error.
std::variant<std::int64_t, error_code> get_int_option(int descriptor, int level, int name) noexcept;

/// Small writes go out at once: what a request and its answer want. Fails harmlessly on other kinds of
/// sockets.
void set_no_delay(int descriptor) noexcept;

/// Whether close(2) would wait for what is still to be sent: SO_LINGER with a time above 0.
bool is_lingering(int descriptor) noexcept;

/// The error that ended the connection, which the system tells once (SO_ERROR).
error_code take_socket_error(int descriptor) noexcept;

}  // namespace twinwire::real
