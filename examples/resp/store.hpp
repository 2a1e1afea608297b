// The data: keys with values, some of which expire.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace resp {

/// One database. It has no clock: `advance` tells it the time, in milliseconds of whatever clock its owner
/// goes by, and drops what has expired. Ordered throughout, so that nothing depends on a hash.
class Store {
 public:
  using Milliseconds = std::int64_t;
  static constexpr Milliseconds never = std::numeric_limits<Milliseconds>::max();

  /// It is `now`; keys whose time has come are gone.
  void advance(Milliseconds now);
  Milliseconds now() const noexcept { return now_; }

  /// Null if there is no such key. Valid until the store is changed.
  const std::string* get(std::string_view key) const;
  bool contains(std::string_view key) const { return get(key) != nullptr; }
  /// Without `expiry` a key keeps the one it has.
  void set(std::string_view key, std::string_view value, std::optional<Milliseconds> expiry);
  /// True if it was there.
  bool erase(std::string_view key);
  void clear() noexcept;
  std::size_t size() const noexcept { return entries_.size(); }

  /// When the key expires, or `never`; nothing if it is not there.
  std::optional<Milliseconds> expiry(std::string_view key) const;
  /// Lets a key expire then, which drops it at once if that is not in the future. False if it is not there.
  bool set_expiry(std::string_view key, Milliseconds expiry);

 private:
  struct Entry {
    std::string value;
    Milliseconds expiry = never;
  };
  using Entries = std::map<std::string, Entry, std::less<>>;

  void schedule(Entries::iterator entry, Milliseconds expiry);

  Milliseconds now_ = 0;
  Entries entries_;
  /// The keys that expire, soonest first. The views are of keys in entries_.
  std::set<std::pair<Milliseconds, std::string_view>> deadlines_;
};

}  // namespace resp
