// A name server of a test's own, for the resolver of either backend.
#pragma once

#include "stage.hpp"

#include <twinwire/net/address.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace twinwire::contract {

/// What the server says of a name.
enum class Saying : std::uint8_t { addresses, failure, nothing };

/// Under simulation these are names of the world. On the real system they are answered by DNS messages
/// (RFC 1035) over loopback, and glibc's resolver asks for them: its settings belong to a thread, so look-ups
/// run in the executor together with what changes them. Look-ups from stage.client() go here while it lives.
class NameServer {
 public:
  explicit NameServer(Stage& stage);
  NameServer(const NameServer&) = delete;
  NameServer& operator=(const NameServer&) = delete;
  ~NameServer();

  /// Ports do not matter.
  void add(const std::string& name, std::vector<Address> addresses);
  /// The name exists, and asking for it does not help.
  void spoil(const std::string& name, Saying saying);

  /// The outcome of a look-up.
  std::shared_ptr<Outcome<std::vector<Address>>> look_up(const std::string& name, const Port& port,
                                                         Family family = Family::unspecified);

 private:
  struct Entry {
    Saying saying = Saying::addresses;
    std::vector<Address> addresses;
  };

  void ask_over_loopback();
  void answer(const std::string& question, const Address& sender);

  Stage& stage_;
  std::map<std::string, Entry> entries_;
  std::shared_ptr<DatagramRecorder> endpoint_;
};

}  // namespace twinwire::contract
