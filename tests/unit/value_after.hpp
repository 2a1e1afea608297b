// A coroutine that takes a while.
#pragma once

#include <twinwire/net/async.hpp>
#include <twinwire/net/loop.hpp>
#include <twinwire/net/sleep.hpp>

namespace twinwire {

inline awaitable<int> value_after(Loop& loop, Duration delay, int value) {
  co_await sleep_for(loop, delay);
  co_return value;
}

}  // namespace twinwire
