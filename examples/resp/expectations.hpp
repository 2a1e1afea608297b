// What the replies to one client's operations must be.
#pragma once

#include "client.hpp"
#include "workload.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>

namespace resp {

/// A reply was wrong, or there was none and there should have been.
class WrongReply : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A model of the keys that only this client uses, so that it can tell each reply in advance. Operations are
/// told in the order in which they were answered.
class Expectations {
 public:
  /// Throws WrongReply. `now_ms` is when the answer came.
  void check(const Operation& operation, const Answer& answer, std::int64_t now_ms);
  /// Whether it is unknown what the key holds, because a write to it got no reply.
  bool is_doubtful(const std::string& key) const;

 private:
  struct Key {
    std::optional<std::string> value;
    bool doubtful = false;
    /// Once doubtful: all that it may hold besides nothing.
    std::set<std::string> possible;
    /// Once doubtful: it is a counter, and may hold any number.
    bool counts = false;
    /// If it expires: when at the earliest and at the latest.
    std::optional<std::int64_t> expires_from_ms;
    std::int64_t expires_until_ms = 0;
  };

  void check_reply(const Operation& operation, const Reply& reply, std::int64_t now_ms);
  void check_read(const Operation& operation, const Reply& reply, std::int64_t now_ms);
  void check_time_to_live(const Operation& operation, const Reply& reply, std::int64_t now_ms);
  void check_increment(const Operation& operation, const Reply& reply);
  void unknown_outcome(const Operation& operation);

  std::map<std::string, Key> keys_;
};

}  // namespace resp
