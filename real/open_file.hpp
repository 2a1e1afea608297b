// A file of the system's, to be sent.
#pragma once

#include <twinwire/net/wire/file_source.hpp>

#include <memory>
#include <string>

namespace twinwire::real {

/// A descriptor of somebody else's.
class OpenFile final : public FileSource {
 public:
  explicit OpenFile(int descriptor) noexcept : descriptor_(descriptor) {}

  IoResult read_at(std::uint64_t offset, MutableBytes buffer) override;
  std::uint64_t position() const override;
  void set_position(std::uint64_t offset) override;
  NativeHandle native_handle() const override { return {descriptor_}; }

 private:
  int descriptor_;
};

/// Null, with invalid_argument, for what is no file or block device that can be read.
std::unique_ptr<FileSource> open_source(NativeHandle file, error_code& error);
/// Opens for reading, close-on-exec.
NativeHandle open_file(const std::string& path, error_code& error);

}  // namespace twinwire::real
