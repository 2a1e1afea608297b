#include <twinwire/sim/files/files.hpp>

#include <utility>

namespace twinwire::sim {

bool Files::create(const std::string& path, std::string content) {
  if (!entries_.try_emplace(path, regular).second) return false;
  contents_[path] = std::make_shared<const std::string>(std::move(content));
  return true;
}

std::shared_ptr<const std::string> Files::content(const std::string& path) const {
  const auto found = contents_.find(path);
  return found == contents_.end() ? nullptr : found->second;
}

bool Files::remove(const std::string& path) {
  contents_.erase(path);
  return entries_.erase(path) != 0;
}

bool Files::create_directory(const std::string& path) {
  return entries_.try_emplace(path, directory).second;
}

bool Files::is_directory(const std::string& path) const {
  const auto found = entries_.find(path);
  return found != entries_.end() && found->second == directory;
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
  return found == entries_.end() || found->second == directory ? regular : found->second;
}

void Files::unlink(const std::string& path, std::uint64_t number) noexcept {
  const auto found = entries_.find(path);
  if (found != entries_.end() && found->second == number) entries_.erase(found);
}

}  // namespace twinwire::sim
