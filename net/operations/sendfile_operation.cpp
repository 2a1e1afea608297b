#include <twinwire/net/operations/connect_operation.hpp>
#include <twinwire/net/operations/sendfile_operation.hpp>

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>

namespace twinwire::detail {
namespace {

/// Pieces per turn before others get theirs, and what a wire is asked to send at once.
constexpr int pieces_per_turn = 4;
constexpr std::size_t piece_size = std::size_t{256} * 1024;

}  // namespace

SendfileOperation::SendfileOperation(Ref<StreamTransport> transport, Loop& loop,
                                     std::unique_ptr<FileSource> file, const SendfileOptions& options,
                                     Completion<std::uint64_t> done)
    : CompletingOperation(loop, std::move(done),
                          "send the file " + std::to_string(file->native_handle().value)),
      transport_(std::move(transport)),
      file_(std::move(file)),
      offset_(static_cast<std::uint64_t>(options.offset)),
      left_(options.count ? static_cast<std::uint64_t>(*options.count)
                          : std::numeric_limits<std::uint64_t>::max()),
      fallback_(options.fallback),
      native_(transport_->wire()->can_send_file()) {}

void SendfileOperation::start() {
  transport_->begin_transfer(*this);
  go_on_soon();
}

void SendfileOperation::go_on_soon() {
  loop().call_soon([self = Ref<SendfileOperation>(this)] {
    if (!self->ended() && self->transport_->write_buffer_size() == 0) self->go_on();
  });
}

void SendfileOperation::go_on() {
  const Ref<SendfileOperation> self(this);
  for (int pieces = 0; pieces < pieces_per_turn; ++pieces) {
    if (ended()) return;
    const Step step = left_ == 0 ? Step::over : send_piece();
    if (step == Step::wait) return;
    if (step == Step::over) {
      finish_with({});
      return;
    }
  }
  go_on_soon();
}

SendfileOperation::Step SendfileOperation::send_piece() {
  const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(left_, piece_size));
  return native_ ? send_natively(most) : read_and_write(most);
}

SendfileOperation::Step SendfileOperation::send_natively(std::size_t most) {
  const IoResult result = transport_->wire()->send_file(*file_, offset_ + sent_, most);
  sent_ += result.bytes;
  left_ -= result.bytes;
  if (result.would_block()) return Step::wait;
  if (result.error == errc::operation_not_supported) {
    native_ = false;
    if (fallback_) return Step::again;
    finish_with(result.error);
    return Step::wait;
  }
  if (result.error.failed()) {
    transport_->fail(result.error);  // which tells us
    return Step::wait;
  }
  return result.bytes == 0 ? Step::over : Step::again;
}

SendfileOperation::Step SendfileOperation::read_and_write(std::size_t most) {
  const MutableBytes space = loop().read_buffer();
  const IoResult result = file_->read_at(offset_ + sent_, space.first(std::min(most, space.size())));
  if (result.error.failed()) {
    finish_with(result.error);
    return Step::wait;
  }
  if (result.bytes == 0) return Step::over;
  sent_ += result.bytes;
  left_ -= result.bytes;
  transport_->send_piece(space.first(result.bytes));
  if (ended()) return Step::wait;
  return transport_->write_buffer_size() == 0 ? Step::again : left_ == 0 ? Step::over : Step::wait;
}

void SendfileOperation::connection_lost(error_code error) {
  complete_soon(
      operation_failure(error.failed() ? error : make_error(errc::connection_aborted),
                        description() + ": the connection ended after " + std::to_string(sent_) + " bytes"),
      0);
}

void SendfileOperation::finish_with(error_code error) {
  if (error.failed()) {
    fail(error);
  } else {
    complete(nullptr, sent_);
  }
}

void SendfileOperation::release_resources() noexcept {
  transport_->end_transfer();
  if (sent_ != 0) file_->set_position(offset_ + sent_);
  file_.reset();
  transport_ = {};
}

Operation start_sendfile(Loop& loop, const BaseTransport& transport, NativeHandle file,
                         const SendfileOptions& options, Completion<std::uint64_t> done) {
  auto* const stream = dynamic_cast<StreamTransport*>(transport.base());
  if (stream && !stream->belongs_to(loop)) {
    throw std::invalid_argument("sendfile: the transport is another loop's");
  }
  if (!stream || stream->wire()->direction() == Direction::receive) {
    throw std::invalid_argument("sendfile: this kind of transport cannot send files");
  }
  if (options.offset < 0) throw std::invalid_argument("sendfile: offset is negative");
  if (options.count && *options.count <= 0) throw std::invalid_argument("sendfile: count is not positive");
  if (!options.fallback && !stream->wire()->can_send_file()) {
    throw std::invalid_argument("sendfile: this kind of transport cannot do without the fallback");
  }
  if (stream->is_closing()) throw std::logic_error("sendfile: the transport is closing");
  stream->require_writable();
  error_code error;
  std::unique_ptr<FileSource> source = loop.backend().open_source(file, error);
  if (!source)
    throw std::invalid_argument("sendfile: descriptor " + std::to_string(file.value) + " is no open file");
  const auto operation = make_ref<SendfileOperation>(Ref<StreamTransport>(stream), loop, std::move(source),
                                                     options, std::move(done));
  operation->start();
  return Operation(operation);
}

}  // namespace twinwire::detail
