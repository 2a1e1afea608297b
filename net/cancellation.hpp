// Telling failures that mean "it was cancelled" from all others.
#pragma once

#include <exception>

namespace twinwire::detail {

/// Whether a failure says that somebody cancelled what was awaited, or closed its loop: the code of this
/// library or of Asio, that of Asio's channels, or several of them from operators that wait for several
/// things.
bool means_cancelled(const std::exception_ptr& failure) noexcept;

}  // namespace twinwire::detail
