// The names in a simulated host that sockets can be bound to, and what else is in their way.
#pragma once

#include <twinwire/net/error.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace twinwire::sim {

/// The file system of one host, as far as sockets and processes need one: files by their whole path, without
/// permissions. Folders are needed for nothing but to start processes in; "/" and "/tmp" are
/// there. Abstract names are in it too, beginning with a NUL; they go with their
/// socket.
class Files {
 public:
  /// A regular file, with this in it. False if the path is taken.
  bool create(const std::string& path, std::string content = {});
  /// What is in a regular file, also of one that is replaced or removed later; null if it is none.
  std::shared_ptr<const std::string> content(const std::string& path) const;
  /// A folder. False if the path is taken.
  bool create_directory(const std::string& path);
  bool is_directory(const std::string& path) const;
  bool contains(const std::string& path) const { return entries_.contains(path); }
  bool is_socket(const std::string& path) const { return socket_at(path) != 0; }
  /// False if there was none.
  bool remove(const std::string& path);

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
  static constexpr std::uint64_t directory = ~std::uint64_t{0};

  /// The number of a socket file, or what else it is.
  std::map<std::string, std::uint64_t> entries_{{"/", directory}, {"/tmp", directory}};
  std::map<std::string, std::shared_ptr<const std::string>> contents_;
  std::uint64_t last_number_ = regular;
};

}  // namespace twinwire::sim
