#include <twinwire/net/protocol.hpp>
#include <twinwire/net/transport.hpp>

namespace twinwire {

void BaseTransport::set_protocol(std::shared_ptr<BaseProtocol> protocol) const {
  if (state_) state_->set_protocol(std::move(protocol));
}

std::shared_ptr<BaseProtocol> BaseTransport::get_protocol() const {
  return state_ ? state_->protocol() : nullptr;
}

ExtraInfo BaseTransport::get_extra_info(std::string_view name, ExtraInfo otherwise) const {
  ExtraInfo info = state_ ? state_->extra_info(name) : ExtraInfo{};
  return std::holds_alternative<std::monostate>(info) ? std::move(otherwise) : std::move(info);
}

std::optional<Address> BaseTransport::peername() const {
  const ExtraInfo info = get_extra_info("peername");
  if (const auto* address = std::get_if<Address>(&info)) return *address;
  return std::nullopt;
}

std::optional<Address> BaseTransport::sockname() const {
  const ExtraInfo info = get_extra_info("sockname");
  if (const auto* address = std::get_if<Address>(&info)) return *address;
  return std::nullopt;
}

}  // namespace twinwire
