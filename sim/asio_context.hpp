// What Asio's objects are made on when the loop is simulated.
#pragma once

#include <string>

#include <boost/asio/execution_context.hpp>

namespace twinwire::sim {

/// Carries services that need no operating system: strands, channels, promises. Constructing a plain Asio
/// timer, socket or resolver on it throws std::logic_error at once. Without this, Asio 1.81 would start a
/// thread of its own with a real epoll behind it, and call back from there.
class AsioContext {
 public:
  explicit AsioContext(const std::string& host);
  AsioContext(const AsioContext&) = delete;
  AsioContext& operator=(const AsioContext&) = delete;
  ~AsioContext();

  boost::asio::execution_context& context() noexcept { return context_; }

 private:
  boost::asio::execution_context context_;
};

}  // namespace twinwire::sim
