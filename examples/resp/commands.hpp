// What a server can do: finds the command that a request names, and carries it out.
#pragma once

#include "store.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace resp {

/// What a server knows of one client.
struct ClientState {
  std::int64_t id = 0;
  std::string name;
  std::string address;
  std::size_t database = 0;
  /// It has said QUIT: nothing more is answered.
  bool quit = false;
};

/// What CONFIG GET tells.
struct Settings {
  std::int64_t clients_max = 10'000;
  std::int64_t bulk_length_max = 512LL * 1024 * 1024;
};

/// One request that is being carried out.
struct Call {
  std::span<const std::string_view> arguments;
  ClientState& client;
  std::vector<Store>& databases;
  const Settings& settings;
  std::string& out;  ///< where the reply goes

  Store& store() const { return databases[client.database]; }
};

/// All databases of a server, and everything that can be asked of them. No I/O.
class Commands {
 public:
  static constexpr std::size_t database_count = 16;

  explicit Commands(const Settings& settings) : settings_(settings), databases_(database_count) {}

  /// It is that late, in milliseconds of the server's clock.
  void advance(Store::Milliseconds now);

  /// Appends exactly one reply. There is at least one argument.
  void execute(std::span<const std::string_view> arguments, ClientState& client, std::string& out);

 private:
  Settings settings_;
  std::vector<Store> databases_;
};

}  // namespace resp
