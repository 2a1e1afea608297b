#include <twinwire/sim/files.hpp>

namespace twinwire::sim {

bool Files::create(const std::string& path) {
  return entries_.try_emplace(path, regular).second;
}

std::uint64_t Files::bind(const std::string& path, bool replace, error_code& error) {
  const bool abstract = path.starts_with('\0');
  if (replace && !abstract && is_socket(path)) remove(path);
  if (!entries_.try_emplace(path, last_number_ + 1).second) {
    error = make_error(errc::address_in_use);
    return regular;
  }
  return ++last_number_;
}

std::uint64_t Files::socket_at(const std::string& path) const {
  const auto found = entries_.find(path);
  return found == entries_.end() ? regular : found->second;
}

void Files::unlink(const std::string& path, std::uint64_t number) noexcept {
  const auto found = entries_.find(path);
  if (found != entries_.end() && found->second == number) entries_.erase(found);
}

}  // namespace twinwire::sim
