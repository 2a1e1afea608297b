#include "plant.hpp"

#include <twinwire/net/state/stream_transport.hpp>

#include <utility>

namespace twinwire::differential {
namespace {

/// Passes everything on; the wires that it makes have the defect.
class PlantedTlsContext final : public TlsContext {
 public:
  PlantedTlsContext(std::shared_ptr<const TlsContext> context, Plant plant)
      : context_(std::move(context)), plant_(plant) {}

  bool server_side() const noexcept override { return context_->server_side(); }
  std::unique_ptr<Wire> secure(detail::Ref<detail::StreamTransport> lower,
                               const detail::TlsEnd& end) const override {
    return with_plant(context_->secure(std::move(lower), end), plant_);
  }

 private:
  const std::shared_ptr<const TlsContext> context_;
  const Plant plant_;
};

}  // namespace

TlsContexts with_plant(TlsContexts contexts, Plant plant) {
  if (!is_of_tls(plant)) return contexts;
  return {std::make_shared<PlantedTlsContext>(std::move(contexts.server), plant),
          std::make_shared<PlantedTlsContext>(std::move(contexts.client), plant)};
}

}  // namespace twinwire::differential
