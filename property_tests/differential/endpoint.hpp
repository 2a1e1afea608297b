// One end of a connection: does what a program says, and writes down what it sees.
#pragma once

#include "program.hpp"

#include <twinwire/net/bytes.hpp>
#include <twinwire/net/error.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace twinwire::differential {

/// What one end has seen so far.
struct Observation {
  /// Callbacks, and what calls threw, in order. Data that came in several pieces is one event.
  std::vector<std::string> events;
  /// What the transport tells of itself now.
  std::string state;

  bool operator==(const Observation&) const = default;
};

/// A part of the bytes that this side writes, which are the same in every run. Throws std::length_error for
/// more than a program may write at once.
Bytes bytes_of(int side, std::uint64_t offset, std::size_t size);

/// "" for none, otherwise a text that does not depend on the backend's category.
std::string describe(const error_code& error);

/// Kept alive by its protocols, too. Loop thread only.
class Endpoint : public std::enable_shared_from_this<Endpoint> {
 public:
  explicit Endpoint(int side) : side_(side) {}
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;
  virtual ~Endpoint() = default;

  /// What is thrown is an event.
  void perform(const Step& step);
  Observation observation() const { return {events_, lost_ ? "lost" : made_ ? state() : "not made"}; }
  /// Whether start_tls is possible here: open in both directions, with nothing on its way that is not read.
  virtual bool can_start_tls() const { return false; }
  bool made() const noexcept { return made_; }
  bool lost() const noexcept { return lost_; }
  /// Whether connection_lost told of an error.
  const std::vector<std::string>& events() const noexcept { return events_; }
  /// Nothing is left behind: what is open is aborted.
  virtual void end() = 0;

 protected:
  virtual void act(const Step& step) = 0;
  virtual std::string state() const = 0;

  void note_made();
  void note_lost(const error_code& error);
  void note(std::string event);
  /// Data of a stream, which must be what the other side has written there.
  void note_data(std::string_view name, std::uint64_t& offset, Bytes data, int writer);
  /// The same, of bytes that somebody else has compared.
  void note_data(std::string_view name, std::size_t size);
  void note_pause();
  void note_resume();
  bool writing_paused() const noexcept { return writing_paused_; }
  int side() const noexcept { return side_; }

 private:
  void add(std::string event);

  int side_;
  std::vector<std::string> events_;
  std::string data_name_;        ///< of the event that grows as data comes
  std::uint64_t data_size_ = 0;  ///< in that event
  bool made_ = false;
  bool lost_ = false;
  bool writing_paused_ = false;
};

}  // namespace twinwire::differential
