// sendfile: a file goes out through a stream, in between what is written.
#pragma once

#include <twinwire/net/operations/completing_operation.hpp>
#include <twinwire/net/sendfile.hpp>
#include <twinwire/net/state/stream_transport.hpp>
#include <twinwire/net/wire/file_source.hpp>

#include <cstdint>
#include <memory>

namespace twinwire::detail {

/// Sends piece after piece whenever the transport has nothing else to send: by the wire itself, or read and
/// written.
class SendfileOperation final : public CompletingOperation<std::uint64_t> {
 public:
  SendfileOperation(Ref<StreamTransport> transport, Loop& loop, std::unique_ptr<FileSource> file,
                    const SendfileOptions& options, Completion<std::uint64_t> done);

  void start();

  // --- for the transport ---
  /// It has nothing to send.
  void go_on();
  /// Nothing can be sent through it any more.
  void connection_lost(error_code error);

 private:
  enum class Step : std::uint8_t { again, wait, over };

  Step send_piece();
  Step send_natively(std::size_t most);
  Step read_and_write(std::size_t most);
  void go_on_soon();
  void finish_with(error_code error);
  void release_resources() noexcept override;

  Ref<StreamTransport> transport_;
  std::unique_ptr<FileSource> file_;
  std::uint64_t offset_;
  std::uint64_t left_;
  std::uint64_t sent_ = 0;
  bool fallback_;
  bool native_;
};

}  // namespace twinwire::detail
