#include <twinwire/net/lookup.hpp>

#include <optional>
#include <utility>

namespace twinwire::detail {
namespace {

std::vector<Address> addresses_without_host(const ResolveRequest& request, std::uint16_t port) {
  std::vector<Address> addresses;
  if (request.family != Family::ipv6) {
    addresses.push_back(Address::of(request.passive ? "0.0.0.0" : "127.0.0.1", port));
  }
  if (request.family != Family::ipv4) addresses.push_back(Address::of(request.passive ? "::" : "::1", port));
  return addresses;
}

/// The answer, where the text of the request has it.
std::optional<std::vector<Address>> answer_from_text(const ResolveRequest& request) {
  const std::optional<std::uint16_t> port = Port(request.service).number();
  if (!port) return std::nullopt;
  if (request.host.empty()) return addresses_without_host(request, *port);
  const std::optional<Address> address = Address::parse(request.host, *port);
  if (!address) return std::nullopt;
  if (request.family != Family::unspecified && request.family != address->family()) {
    return std::vector<Address>{};
  }
  return std::vector<Address>{*address};
}

/// A look-up by the loop's own resolver, which may answer whenever it likes.
class CustomLookup final : public Abandonable {
 public:
  CustomLookup(Loop& loop, const ResolveRequest& request, ResolveHandler handler)
      : state_(std::make_shared<State>(State{&loop, std::move(handler), {}})) {
    const std::shared_ptr<Resolver> resolver = loop.resolver();  // it may replace itself
    try {
      (*resolver)(request, [state = state_](error_code error, std::vector<Address> addresses) {
        answer(state, error, std::move(addresses));
      });
    } catch (...) {
      answer(state_, error_code_of(std::current_exception()), {});
    }
  }
  ~CustomLookup() override {
    state_->loop = nullptr;
    state_->soon.cancel();
    state_->handler.reset();
  }

 private:
  struct State {
    Loop* loop;  ///< null once it is answered or abandoned
    ResolveHandler handler;
    Handle soon;
  };

  /// Not at once, even if the resolver answers at once: the operation is still being started.
  static void answer(const std::shared_ptr<State>& state, error_code error, std::vector<Address> addresses) {
    if (!state->loop) return;
    Loop& loop = *std::exchange(state->loop, nullptr);
    state->soon = loop.call_soon([state, error, addresses = std::move(addresses)]() mutable {
      ResolveHandler handler = std::move(state->handler);
      handler(error, std::move(addresses));
    });
  }

  std::shared_ptr<State> state_;
};

}  // namespace

void Lookup::start(Loop& loop, const ResolveRequest& request, ResolveHandler handler) {
  abandon();
  if (auto answer = answer_from_text(request)) {
    soon_ = loop.call_soon([answer = std::move(*answer), handler = std::move(handler)]() mutable {
      const error_code error = answer.empty() ? make_error(errc::address_family_not_supported) : error_code{};
      handler(error, std::move(answer));
    });
  } else if (loop.resolver()) {
    pending_ = std::make_unique<CustomLookup>(loop, request, std::move(handler));
  } else {
    pending_ = loop.backend().resolve(request, std::move(handler));
  }
}

void Lookup::abandon() noexcept {
  pending_.reset();
  soon_.cancel();
}

std::string describe(const std::string& host, const std::string& service) {
  const std::string shown = host.empty() ? "localhost" : host;
  const bool bare_v6 = shown.find(':') != std::string::npos;
  return (bare_v6 ? "[" + shown + "]" : shown) + ":" + (service.empty() ? "0" : service);
}

}  // namespace twinwire::detail
