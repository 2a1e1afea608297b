#include <twinwire/net/bytes.hpp>
#include <twinwire/net/operations/lookup.hpp>

#include <optional>
#include <utility>

namespace twinwire::detail {
namespace {

std::vector<Address> addresses_without_host(const ResolveRequest& request, std::uint16_t port) {
  std::vector<Address> addresses;
  if (request.family == Family::unspecified || request.family == Family::ipv4) {
    addresses.push_back(Address::of(request.passive ? "0.0.0.0" : "127.0.0.1", port));
  }
  if (request.family == Family::unspecified || request.family == Family::ipv6) {
    addresses.push_back(Address::of(request.passive ? "::" : "::1", port));
  }
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
  /// What the resolver throws passes through to whoever asked, also if it has answered before.
  CustomLookup(Loop& loop, const ResolveRequest& request, ResolveHandler handler)
      : state_(std::make_shared<State>(State{&loop, std::move(handler), {}})) {
    const std::shared_ptr<Resolver> resolver = loop.resolver();  // NOLINT: a copy, for it may replace itself
    try {
      (*resolver)(request, [state = state_](error_code error, std::vector<Address> addresses) {
        answer(state, error, std::move(addresses));
      });
    } catch (...) {
      state_->abandon();
      throw;
    }
  }
  ~CustomLookup() override { state_->abandon(); }

 private:
  struct State {
    Loop* loop;  ///< null once it is answered or abandoned
    ResolveHandler handler;
    Handle soon;

    void abandon() noexcept {
      loop = nullptr;
      soon.cancel();
      handler.reset();
    }
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

void Lookup::start(Loop& loop, const ResolveRequest& request, std::string sentence, Handler handler) {
  abandon();
  // Shared between the ways in which it may end; whichever comes first takes the handler.
  auto shared = std::make_shared<Handler>(std::move(handler));
  const auto finish = [shared, sentence = std::move(sentence)](error_code error,
                                                               std::vector<Address> addresses) {
    if (!error.failed() && addresses.empty()) error = make_error(errc::address_not_available);
    Handler once = std::move(*shared);
    once(error.failed() ? operation_failure(error, sentence) : nullptr, std::move(addresses));
  };
  if (has_nul(request.host) || has_nul(request.service)) {
    // What looks names up stops at a NUL: it would answer for another name.
    soon_ = loop.call_soon([finish] { finish(make_error(errc::invalid_argument), {}); });
  } else if (auto answer = answer_from_text(request)) {
    soon_ = loop.call_soon([answer = std::move(*answer), finish]() mutable {
      const error_code error = answer.empty() ? make_error(errc::address_family_not_supported) : error_code{};
      finish(error, std::move(answer));
    });
  } else {
    try {
      if (loop.resolver()) {
        pending_ = std::make_unique<CustomLookup>(loop, request, finish);
      } else {
        pending_ = loop.backend().resolve(request, finish);
      }
    } catch (...) {
      soon_ = loop.call_soon([shared, failure = std::current_exception()] {
        Handler once = std::move(*shared);
        once(failure, {});
      });
    }
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
