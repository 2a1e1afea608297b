// An open file of a simulated host.
#pragma once

#include <twinwire/net/ref.hpp>
#include <twinwire/net/wire/file_source.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

namespace twinwire::sim {

/// What a descriptor of it stands for: the content, which others may share, and a position.
struct OpenFile final : detail::RefCounted {
  OpenFile(std::shared_ptr<const std::string> what, bool sendable)
      : content(std::move(what)), can_be_sent(sendable) {}

  std::shared_ptr<const std::string> content;
  std::uint64_t position = 0;
  bool can_be_sent;  ///< by sendfile(2), which knows nothing of /proc
};

/// It, as something to be sent.
class OpenFileSource final : public FileSource {
 public:
  OpenFileSource(detail::Ref<OpenFile> file, NativeHandle handle) : file_(std::move(file)), handle_(handle) {}

  IoResult read_at(std::uint64_t offset, MutableBytes buffer) override {
    const std::string& content = *file_->content;
    if (offset >= content.size()) return {0, {}, false};
    const std::size_t count = std::min(buffer.size(), content.size() - static_cast<std::size_t>(offset));
    std::memcpy(buffer.data(), content.data() + offset, count);
    return {count, {}, false};
  }
  std::uint64_t position() const override { return file_->position; }
  void set_position(std::uint64_t offset) override { file_->position = offset; }
  NativeHandle native_handle() const override { return handle_; }
  bool can_be_sent() const noexcept { return file_->can_be_sent; }

 private:
  detail::Ref<OpenFile> file_;
  NativeHandle handle_;
};

}  // namespace twinwire::sim
