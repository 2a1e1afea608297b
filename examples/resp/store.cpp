#include "store.hpp"

namespace resp {

void Store::advance(Milliseconds now) {
  now_ = now;
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const auto entry = entries_.find(deadlines_.begin()->second);
    deadlines_.erase(deadlines_.begin());
    entries_.erase(entry);
  }
}

const std::string* Store::get(std::string_view key) const {
  const auto entry = entries_.find(key);
  return entry == entries_.end() ? nullptr : &entry->second.value;
}

void Store::set(std::string_view key, std::string_view value, std::optional<Milliseconds> expiry) {
  auto entry = entries_.find(key);
  if (entry == entries_.end()) entry = entries_.emplace(key, Entry{}).first;
  entry->second.value = value;
  if (expiry) schedule(entry, *expiry);
}

bool Store::erase(std::string_view key) {
  const auto entry = entries_.find(key);
  if (entry == entries_.end()) return false;
  schedule(entry, never);
  entries_.erase(entry);
  return true;
}

void Store::clear() noexcept {
  deadlines_.clear();
  entries_.clear();
}

std::optional<Store::Milliseconds> Store::expiry(std::string_view key) const {
  const auto entry = entries_.find(key);
  if (entry == entries_.end()) return std::nullopt;
  return entry->second.expiry;
}

bool Store::set_expiry(std::string_view key, Milliseconds expiry) {
  const auto entry = entries_.find(key);
  if (entry == entries_.end()) return false;
  if (expiry <= now_) return erase(key);
  schedule(entry, expiry);
  return true;
}

void Store::schedule(Entries::iterator entry, Milliseconds expiry) {
  Milliseconds& current = entry->second.expiry;
  if (current != never) deadlines_.erase({current, entry->first});
  current = expiry;
  if (current != never) deadlines_.emplace(current, entry->first);
}

}  // namespace resp
