// As prng.hpp: for programs that compile Beast separately (boost/beast/src.hpp).
#pragma GCC system_header  // for include_next

#include <boost/beast/websocket/detail/prng.hpp>

#define make_prng make_system_prng
#include_next <boost/beast/websocket/detail/prng.ipp>
#undef make_prng
