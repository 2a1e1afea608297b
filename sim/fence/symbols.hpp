// The names of functions in a program or shared library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace twinwire::sim::fence {

/// Of an ELF file (elf(5)), also the functions that it does not export, unless it was stripped.
class Symbols {
 public:
  /// Maps the file into memory; no function is known if that fails.
  explicit Symbols(const std::string& file);
  Symbols(const Symbols&) = delete;
  Symbols& operator=(const Symbols&) = delete;
  ~Symbols();

  /// The function, as it is mangled, that has code at this distance from where the file is loaded; empty if
  /// it is not known.
  std::string function_at(std::uintptr_t offset) const;

 private:
  const char* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace twinwire::sim::fence
