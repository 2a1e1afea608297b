// What one client of the scenario does: operations on keys of its own, drawn step by step.
#pragma once

#include <twinwire/net/choices.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace resp {

/// One request, before it is written out.
struct Operation {
  enum class Kind : std::uint8_t { set, get, incr, set_with_expiry, pttl, echo, del, exists, ping, quit };

  Kind kind = Kind::ping;
  std::string key;
  std::string value;             ///< of set, set_with_expiry and echo
  std::int64_t lifetime_ms = 0;  ///< of set_with_expiry
  std::int64_t issued_ms = 0;    ///< on the client's clock

  std::vector<std::string> arguments() const;
  /// Executing it twice does no harm and gives an equal reply.
  bool repeatable() const noexcept;
  /// "GET client1:0"
  std::string name() const;
};

/// How a client ends.
enum class Ending : std::uint8_t { quit, half_close };

/// The operations of one client. Which they are is a single decision, the number of the workload: the calm
/// one is a fixed mixture of all kinds, the others are shuffled by their number. Only what is unusual is
/// decided apart, step by step: values that are much larger than any buffer on the way.
class Workload {
 public:
  /// `name` is that of the client, and the entity of its decisions.
  Workload(twinwire::Choices& choices, std::string name, bool ends_with_quit);

  /// The requests of a round, which travel together.
  std::vector<Operation> round(std::uint64_t number);
  /// Reads all keys back.
  std::vector<Operation> last_round() const;
  /// What comes behind the last round.
  Ending ending() const;
  /// Until the next round, in milliseconds.
  std::int64_t pause_ms(std::uint64_t round) const;
  /// Goes on with a fresh key, because nobody knows what this one holds.
  void replace_key(const std::string& key);

 private:
  Operation operation(std::uint64_t step);
  std::string value(std::uint64_t step);
  std::uint64_t vary(std::uint64_t what, std::uint64_t step, std::uint64_t range) const noexcept;

  twinwire::Choices& choices_;
  std::string name_;
  bool ends_with_quit_;
  twinwire::Site oversize_;
  /// Which workload this is.
  std::uint64_t number_;
  std::vector<std::string> keys_;
  std::string counter_;
  std::string expiring_;
  std::uint64_t replaced_ = 0;
};

}  // namespace resp
