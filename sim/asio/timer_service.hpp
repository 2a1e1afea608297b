// Asio's waitable timers, virtual on a simulated loop and Asio's own on all others. Included where Asio's
// service is defined (see shadow/), and only with the target twinwire::asio_sim.
#pragma once

#ifndef BOOST_ASIO_DETAIL_DEADLINE_TIMER_SERVICE_HPP
#error "include <boost/asio/steady_timer.hpp> instead, and link twinwire::asio_sim"
#endif
#ifndef TWINWIRE_ASIO_SIM
#error "this file was found without the target twinwire::asio_sim: link it, rather than add its include path"
#endif

#include <twinwire/net/asio/io_initiation.hpp>
#include <twinwire/net/time.hpp>
#include <twinwire/sim/asio/virtual_timer.hpp>

#include <chrono>
#include <cstddef>
#include <limits>
#include <type_traits>
#include <utility>

#include <boost/asio/detail/chrono_time_traits.hpp>
#include <boost/asio/execution_context.hpp>

namespace twinwire::sim {

/// What Asio's own service is instantiated with, so that it exists beside ours. No object file that has not
/// seen this one names it.
template <class TimeTraits>
struct SystemTimeTraits : TimeTraits {};

/// What a timer's clock is here: time() if it is steady, and else the calendar.
template <class Clock>
using ClockOfLoop = std::conditional_t<Clock::is_steady, TimePoint, WallTime>;

/// A point of a timer's clock. Both ends of its range mean never and at once.
template <class Clock>
ClockOfLoop<Clock> on_loop(typename Clock::time_point when) {
  using Point = ClockOfLoop<Clock>;
  if (when == Clock::time_point::max()) return Point::max();
  if (when == Clock::time_point::min()) return Point::min();
  return Point(std::chrono::duration_cast<Duration>(when.time_since_epoch()));
}

/// What a timer's clock shows on this loop.
template <class Clock>
typename Clock::time_point clock_now(const Loop& loop) {
  const auto since = [](auto now) {
    return std::chrono::duration_cast<typename Clock::duration>(now.time_since_epoch());
  };
  if constexpr (Clock::is_steady) {
    return typename Clock::time_point(since(loop.time()));
  } else {
    return typename Clock::time_point(since(loop.wall_time()));
  }
}

}  // namespace twinwire::sim

namespace boost::asio::detail {

/// What basic_waitable_timer asks for, whatever its clock. The interface is Asio's.
template <class Clock, class WaitTraits>
class deadline_timer_service<chrono_time_traits<Clock, WaitTraits>>
    : public execution_context_service_base<deadline_timer_service<chrono_time_traits<Clock, WaitTraits>>> {
  using Traits = chrono_time_traits<Clock, WaitTraits>;
  using System = deadline_timer_service<::twinwire::sim::SystemTimeTraits<Traits>>;

 public:
  using time_type = typename Traits::time_type;
  using duration_type = typename Traits::duration_type;

  struct implementation_type {
    typename System::implementation_type system;
    time_type expiry{};
    ::twinwire::detail::Ref<::twinwire::sim::VirtualTimer> waits;  ///< made for the first wait
  };

  explicit deadline_timer_service(execution_context& context)
      : execution_context_service_base<deadline_timer_service>(context),
        loop_(::twinwire::sim::simulated_loop(context)),
        system_(loop_ ? nullptr : &boost::asio::use_service<System>(context)) {
    ::twinwire::sim::require_one_timer_service();
  }
  void shutdown() override {}

  void construct(implementation_type& timer) {
    if (system_) system_->construct(timer.system);
  }
  void destroy(implementation_type& timer) {
    boost::system::error_code ignored;
    if (system_) {
      system_->destroy(timer.system);
    } else {
      cancel(timer, ignored);
    }
  }
  void move_construct(implementation_type& timer, implementation_type& other) {
    if (system_) {
      system_->move_construct(timer.system, other.system);
    } else {
      take(timer, other);
    }
  }
  void move_assign(implementation_type& timer, deadline_timer_service& other_service,
                   implementation_type& other) {
    if (system_ && other_service.system_) {
      system_->move_assign(timer.system, *other_service.system_, other.system);
      return;
    }
    // From now on the timer belongs to the other service, which may be of another kind.
    destroy(timer);
    timer.waits = {};
    other_service.move_construct(timer, other);
  }
  void converting_move_construct(implementation_type& timer, deadline_timer_service&,
                                 implementation_type& other) {
    move_construct(timer, other);
  }
  void converting_move_assign(implementation_type& timer, deadline_timer_service& other_service,
                              implementation_type& other) {
    move_assign(timer, other_service, other);
  }

  std::size_t cancel(implementation_type& timer, boost::system::error_code& error) {
    if (system_) return system_->cancel(timer.system, error);
    error = {};
    return timer.waits ? timer.waits->cancel() : 0;
  }
  std::size_t cancel_one(implementation_type& timer, boost::system::error_code& error) {
    if (system_) return system_->cancel_one(timer.system, error);
    error = {};
    return timer.waits ? timer.waits->cancel_one() : 0;
  }

  time_type expiry(const implementation_type& timer) const {
    return system_ ? system_->expiry(timer.system) : timer.expiry;
  }
  time_type expires_at(const implementation_type& timer) const { return expiry(timer); }
  duration_type expires_from_now(const implementation_type& timer) const {
    if (system_) return system_->expires_from_now(timer.system);
    return Traits::subtract(timer.expiry, ::twinwire::sim::clock_now<Clock>(*loop_));
  }
  std::size_t expires_at(implementation_type& timer, const time_type& when,
                         boost::system::error_code& error) {
    if (system_) return system_->expires_at(timer.system, when, error);
    const std::size_t count = cancel(timer, error);
    timer.expiry = when;
    return count;
  }
  std::size_t expires_after(implementation_type& timer, const duration_type& delay,
                            boost::system::error_code& error) {
    if (system_) return system_->expires_after(timer.system, delay, error);
    return expires_at(timer, Traits::add(::twinwire::sim::clock_now<Clock>(*loop_), delay), error);
  }
  std::size_t expires_from_now(implementation_type& timer, const duration_type& delay,
                               boost::system::error_code& error) {
    return expires_after(timer, delay, error);
  }

  void wait(implementation_type& timer, boost::system::error_code& error) {
    if (!system_) ::twinwire::sim::refuse_to_block(*loop_);
    system_->wait(timer.system, error);
  }

  template <class Handler, class IoExecutor>
  void async_wait(implementation_type& timer, Handler& handler, const IoExecutor& executor) {
    if (system_) {
      system_->async_wait(timer.system, handler, executor);
      return;
    }
    if (!timer.waits) timer.waits = ::twinwire::detail::make_ref<::twinwire::sim::VirtualTimer>(*loop_);
    const auto begin = [&](auto done) {
      return timer.waits->wait(::twinwire::sim::on_loop<Clock>(timer.expiry), std::move(done));
    };
    ::twinwire::detail::IoInitiation<IoExecutor>(*loop_, executor)(std::move(handler), begin);
  }

 private:
  static void take(implementation_type& timer, implementation_type& other) {
    timer.expiry = std::exchange(other.expiry, time_type());
    timer.waits = std::move(other.waits);
  }

  ::twinwire::Loop* const loop_;  ///< null: not simulated
  System* const system_;          ///< null: simulated
};

}  // namespace boost::asio::detail
