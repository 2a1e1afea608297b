// Stands before Beast's header of this name on the include path of twinwire::asio_sim. Beast masks its frames
// with numbers from here; in a simulated run they come from the seed.
#pragma once
#pragma GCC system_header  // for include_next

// clang-format off
// What Beast's own header includes comes first, before a name in it is changed.
#include <boost/beast/core/detail/chacha.hpp>
#include <boost/beast/core/detail/config.hpp>
#include <boost/beast/core/detail/pcg.hpp>
#include <boost/config.hpp>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <random>

#define make_prng make_system_prng
#include_next <boost/beast/websocket/detail/prng.hpp>
#undef make_prng

#include <twinwire/sim/asio/mask.hpp>
// clang-format on

namespace boost::beast::websocket::detail {

/// Beast asks for a generator each time that it needs a number.
inline generator make_prng(bool secure) {
  return ::twinwire::sim::is_simulated_now() ? &::twinwire::sim::next_mask : make_system_prng(secure);
}

}  // namespace boost::beast::websocket::detail
