// The last step of every operation that makes a transport.
#pragma once

#include <twinwire/net/loop.hpp>
#include <twinwire/net/operations/completing_operation.hpp>

#include <exception>
#include <memory>
#include <string>
#include <utility>

namespace twinwire::detail {

/// Common to operations that end in one connection: making protocol and transport out of a wire. `Kind` names
/// the types: Factory, Wire, State (the state machine), Handle (to it), Result (handle and protocol). A wire
/// that has to be started is, once there is a protocol.
template <class Kind>
class EstablishOperation : public CompletingOperation<typename Kind::Result> {
  using Base = CompletingOperation<typename Kind::Result>;

 public:
  EstablishOperation(Loop& loop, std::string description, typename Kind::Factory factory,
                     Completion<typename Kind::Result> done)
      : Base(loop, std::move(done), std::move(description)), factory_(std::move(factory)) {}

 protected:
  /// Lets go of look-ups, timers and sockets that are not going to be used.
  virtual void release_wires() noexcept = 0;

  void establish(std::unique_ptr<typename Kind::Wire> wire) {
    const Ref<EstablishOperation> self(this);
    establishing_ = true;
    typename Kind::Factory factory = std::move(factory_);
    decltype(factory()) protocol;
    try {
      const Loop::CallbackScope scope(this->loop());
      protocol = factory();
      Kind::State::check_protocol(protocol.get());
    } catch (...) {
      wire->close();
      this->complete(std::current_exception(), {});
      return;
    }
    if (cancelled_.failed()) {
      wire->close();
      this->fail(cancelled_);
      return;
    }
    if constexpr (requires { wire->start(); }) {
      if (const error_code error = wire->start(); error.failed()) {
        this->fail(error);
        return;
      }
    }
    const auto transport = make_ref<typename Kind::State>(this->loop(), std::move(wire));
    const bool made = transport->start(protocol);
    if (cancelled_.failed()) {
      transport->abort();
      this->fail(cancelled_);
    } else if (!made) {
      this->fail(Error::callback_failure);
    } else {
      this->complete(nullptr, {typename Kind::Handle(transport), std::move(protocol)});
    }
  }

 private:
  void release_resources() noexcept final {
    factory_.reset();
    release_wires();
  }
  void do_cancel(error_code reason) override {
    if (establishing_ && !this->ended()) {
      cancelled_ = reason;  // from inside the factory or connection_made: seen when that returns
    } else {
      Base::do_cancel(reason);
    }
  }

  typename Kind::Factory factory_;
  error_code cancelled_;
  bool establishing_ = false;
};

}  // namespace twinwire::detail
