// The names in a simulated host that sockets can be bound to, and what else is in their way.
#pragma once

#include <twinwire/net/error.hpp>

#include <cstdint>
#include <map>
#include <string>

namespace twinwire::sim {

/// The file system of one host, as far as Unix sockets need one: files by their whole path, without folders
/// and permissions; they are empty. Abstract names are in it too, beginning with a NUL; they go with their
/// socket.
class Files {
 public:
  /// A regular file. False if the path is taken.
  bool create(const std::string& path);
  bool contains(const std::string& path) const { return entries_.contains(path); }
  bool is_socket(const std::string& path) const { return socket_at(path) != 0; }
  /// False if there was none.
  bool remove(const std::string& path) { return entries_.erase(path) != 0; }

  // --- for sockets ---

  /// Makes a socket file, in the place of one that is there if `replace`. Its number, never used again; 0,
  /// with address_in_use, if the path is taken.
  std::uint64_t bind(const std::string& path, bool replace, error_code& error);
  /// The number of the socket file there; 0 if it is another file, or none.
  std::uint64_t socket_at(const std::string& path) const;
  /// Removes the socket file with this number, if it is still there.
  void unlink(const std::string& path, std::uint64_t number) noexcept;

 private:
  static constexpr std::uint64_t regular = 0;

  std::map<std::string, std::uint64_t> entries_;  ///< the number of a socket file, or regular
  std::uint64_t last_number_ = regular;
};

}  // namespace twinwire::sim
