// What a backend supplies for files that are sent.
#pragma once

#include <twinwire/net/bytes.hpp>
#include <twinwire/net/wire/wire.hpp>

#include <cstdint>

namespace twinwire {

/// An open file, of which the descriptor stays its owner's. Loop thread only.
class FileSource {
 public:
  FileSource() = default;
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;
  virtual ~FileSource() = default;

  /// Bytes from this offset on, at most the size of the buffer; 0 without an error at the end. The position
  /// stays where it is.
  virtual IoResult read_at(std::uint64_t offset, MutableBytes buffer) = 0;
  /// Where whoever has the descriptor reads next.
  virtual std::uint64_t position() const = 0;
  virtual void set_position(std::uint64_t offset) = 0;
  virtual NativeHandle native_handle() const = 0;
};

}  // namespace twinwire
