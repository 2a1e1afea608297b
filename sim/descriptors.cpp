#include <twinwire/sim/descriptors.hpp>

namespace twinwire::sim {
namespace {

/// 0, 1 and 2 are taken in every process.
constexpr int first_descriptor = 3;

}  // namespace

NativeHandle Descriptors::open(int limit, error_code& error, Entry entry) {
  if (open_count_ + first_descriptor >= limit) {
    error = make_error(errc::too_many_files_open);
    return {};
  }
  ++open_count_;
  if (free_.empty()) {
    entries_.push_back(std::move(entry));
    return {static_cast<int>(entries_.size()) - 1 + first_descriptor};
  }
  const NativeHandle lowest{free_.top()};
  free_.pop();
  *find(lowest) = std::move(entry);
  return lowest;
}

Descriptors::Entry* Descriptors::find(NativeHandle handle) noexcept {
  const int index = handle.value - first_descriptor;
  if (index < 0 || index >= static_cast<int>(entries_.size())) return nullptr;
  return &entries_[static_cast<std::size_t>(index)];
}

void Descriptors::close(NativeHandle handle) noexcept {
  Entry* const entry = find(handle);
  if (!entry || std::holds_alternative<Free>(*entry)) return;
  const Entry closed = std::exchange(*entry, Free{});
  --open_count_;
  owners_.erase(handle.value);
  free_.push(handle.value);
}

void Descriptors::detach(NativeHandle handle, Entry entry) {
  if (Entry* const place = find(handle)) *place = std::move(entry);
}

// --- whose they are ---

void Descriptors::give_to(NativeHandle handle, int pid) {
  owners_.erase(handle.value);
  if (pid != 0) owners_.emplace(handle.value, pid);
}

int Descriptors::owner_of(NativeHandle handle) const noexcept {
  const auto found = owners_.find(handle.value);
  return found == owners_.end() ? 0 : found->second;
}

std::vector<NativeHandle> Descriptors::detached_of(int pid) {
  std::vector<NativeHandle> detached;
  for (const auto& [number, owner] : owners_) {
    if (owner == pid && !std::holds_alternative<InUse>(*find({number}))) detached.push_back({number});
  }
  return detached;
}

}  // namespace twinwire::sim
