// Stands before Asio's header of this name on the include path of twinwire::asio_sim, so that no object file
// can see the one without the other.
#pragma once
#pragma GCC system_header  // for include_next

// clang-format off
#include_next <boost/asio/detail/deadline_timer_service.hpp>
#include <twinwire/sim/asio/timer_service.hpp>
// clang-format on
