// posix_spawn: https://man7.org/linux/man-pages/man3/posix_spawn.3.html
#pragma once

#include <twinwire/net/error.hpp>
#include <twinwire/net/subprocess.hpp>
#include <twinwire/real/descriptor.hpp>

#include <array>

namespace twinwire::real {

/// Starts a child with the streams, the environment and the directory that were asked for, default signals,
/// an empty mask, and no other descriptors. Puts this side's ends of its pipes, non-blocking, into `pipes`.
/// The number of the process, which the caller has to reap; -1 with an error if nothing was started.
int spawn(const SubprocessOptions& options, std::array<Descriptor, 3>& pipes, error_code& error);

}  // namespace twinwire::real
