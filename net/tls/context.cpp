#include <twinwire/net/tls/context.hpp>
#include <twinwire/net/tls/native.hpp>
#include <twinwire/net/tls/tls_realised.hpp>
#include <twinwire/net/tls/tls_wire.hpp>

#include <map>
#include <mutex>
#include <stdexcept>
#include <utility>

namespace twinwire {
namespace detail {
namespace {

class TlsDescription;

/// What a loop keeps where runs must repeat. It goes with the loop.
class LoopState {
 public:
  explicit LoopState(Loop& loop) : library_(SeededLibrary::acquire(loop.choices(), loop.name())) {}
  LoopState(const LoopState&) = delete;
  LoopState& operator=(const LoopState&) = delete;
  /// Whoever still has something of OpenSSL's gets no random bytes any more.
  ~LoopState() { library_->let_go(); }

  const std::shared_ptr<SeededLibrary>& library() const noexcept { return library_; }
  /// What is kept for a description; null at first.
  std::shared_ptr<TlsRealised>& realised(const std::shared_ptr<const TlsContext>& context) {
    std::erase_if(realised_, [](const auto& kept) { return kept.first.expired(); });
    for (auto& [known, kept] : realised_) {
      if (known.lock() == context) return kept;
    }
    return realised_.emplace_back(context, nullptr).second;
  }
  /// Names a connection by its two ends, and by how many-th it is between them.
  std::string next_entity(const std::string& ends) {
    return ends + '#' + std::to_string(++connections_[ends]);
  }

 private:
  std::shared_ptr<SeededLibrary> library_;
  std::vector<std::pair<std::weak_ptr<const TlsContext>, std::shared_ptr<TlsRealised>>> realised_;
  std::map<std::string, std::uint64_t> connections_;
};

LoopState& state_of(Loop& loop) {
  std::shared_ptr<void>& state = loop.tls_state();
  if (!state) state = std::make_shared<LoopState>(loop);
  return *static_cast<LoopState*>(state.get());
}

/// The two ends of a connection without the port that the client was given: that may depend on others.
std::string ends_of(const Loop& loop, const Wire& wire, bool server_side) {
  const std::string local = wire.local_address().value_or(Address{}).to_string();
  const std::string remote = wire.remote_address().value_or(Address{}).to_string();
  if (!server_side) return loop.name() + " tls>" + remote;
  return loop.name() + ' ' + local + "<tls " + wire.remote_address().value_or(Address{}).host();
}

class TlsDescription final : public TlsContext, public std::enable_shared_from_this<TlsDescription> {
 public:
  TlsDescription(const TlsOptions& options, const TlsRole& role)
      : options_(options),
        role_(role),
        realised_(std::make_shared<TlsRealised>(options_, role_, nullptr, nullptr)) {}

  bool server_side() const noexcept override { return role_.server_side; }

  std::unique_ptr<Wire> secure(Ref<StreamTransport> lower, const TlsEnd& end) const override {
    Loop& loop = *lower->loop();
    std::string entity;
    if (loop.backend().is_deterministic()) {
      entity = state_of(loop).next_entity(ends_of(loop, *lower->wire(), end.server_side));
    }
    return std::make_unique<TlsWire>(shared_from_this(), realise(loop), std::move(entity), std::move(lower),
                                     end);
  }

  std::shared_ptr<TlsRealised> realise(Loop& loop) const {
    if (!loop.backend().is_deterministic()) {
      // Not before, as what the machine trusts is no matter of simulated hosts.
      std::call_once(trusting_, [this] { realised_->trust_system(options_); });
      return realised_;
    }
    std::shared_ptr<TlsRealised>& realised = state_of(loop).realised(shared_from_this());
    if (!realised) realised = realise_anew(loop);
    return realised;
  }

  std::shared_ptr<TlsRealised> realise_anew(Loop& loop) const {
    if (loop.backend().is_deterministic()) {
      return std::make_shared<TlsRealised>(options_, role_, &loop, state_of(loop).library());
    }
    const auto realised = std::make_shared<TlsRealised>(options_, role_, nullptr, nullptr);
    realised->trust_system(options_);
    return realised;
  }

 private:
  TlsOptions options_;
  TlsRole role_;
  /// For all loops of the real system; making it has shown that the description makes sense.
  std::shared_ptr<TlsRealised> realised_;
  mutable std::once_flag trusting_;
};

const TlsDescription& description_of(const TlsContext& context) {
  const auto* description = dynamic_cast<const TlsDescription*>(&context);
  if (!description) throw std::invalid_argument("a TLS context that neither tls_client nor tls_server made");
  return *description;
}

}  // namespace
}  // namespace detail

std::shared_ptr<const TlsContext> tls_client(const TlsClientOptions& options) {
  detail::TlsRole role;
  role.verify = options.verify;
  return std::make_shared<detail::TlsDescription>(options, role);
}

std::shared_ptr<const TlsContext> tls_server(const TlsServerOptions& options) {
  if (options.client_certificate != ClientCertificate::none && options.trusted.empty()) {
    throw std::invalid_argument("TLS: a server that verifies its clients needs to be told whom to trust");
  }
  detail::TlsRole role;
  role.server_side = true;
  role.client_certificate = options.client_certificate;
  return std::make_shared<detail::TlsDescription>(options, role);
}

std::shared_ptr<ssl_ctx_st> native_tls_context(Loop& loop, const TlsContext& context) {
  const std::shared_ptr<detail::TlsRealised> realised = detail::description_of(context).realise(loop);
  return {realised, realised->native()};
}

std::shared_ptr<ssl_ctx_st> new_native_tls_context(Loop& loop, const TlsContext& context) {
  const std::shared_ptr<detail::TlsRealised> realised = detail::description_of(context).realise_anew(loop);
  return {realised, realised->native()};
}

}  // namespace twinwire
