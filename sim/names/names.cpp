#include <twinwire/sim/host.hpp>
#include <twinwire/sim/names/names.hpp>

#include <utility>

namespace twinwire::sim {

void Names::add(const std::string& name, std::vector<Address> addresses) {
  addresses_[name] = std::move(addresses);
}

void Names::remove(const std::string& name) {
  addresses_.erase(name);
}

ResolverOptions& Names::resolver(const Host& host) {
  return resolvers_[host.index()];
}

const std::vector<Address>* Names::find(const std::string& name) const {
  const auto found = addresses_.find(name);
  return found == addresses_.end() ? nullptr : &found->second;
}

const ZoneOptions& Names::zone_of(std::string_view name) const {
  static const ZoneOptions usual;
  while (true) {
    if (const auto found = zones_.find(name); found != zones_.end()) return found->second;
    if (name.empty()) return usual;
    const std::size_t dot = name.find('.');
    name = dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
  }
}

}  // namespace twinwire::sim
