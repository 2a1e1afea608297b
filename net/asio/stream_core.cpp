#include <twinwire/net/asio/io_operation.hpp>
#include <twinwire/net/asio/stream_core.hpp>
#include <twinwire/net/loop.hpp>
#include <twinwire/net/protocol.hpp>

#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

#include <boost/asio/error.hpp>

namespace twinwire::detail {
namespace {

std::string peer_of(const Transport& transport) {
  const auto address = transport.peername();
  return address ? address->to_string() : "a peer";
}

/// What the transport tells its protocol of failed attempts, for those who want no exception.
Completion<Connection> told_by_code(IoCompletion done) {
  return [done = std::move(done)](const std::exception_ptr& failure, const Connection&) mutable {
    done(asio_error(error_code_of(failure)));
  };
}

}  // namespace

/// Receives into the buffer of the read that waits.
class StreamCore::Protocol final : public BufferedProtocol {
 public:
  Protocol(Ref<StreamCore> core, Callback made) : core_(std::move(core)), made_(std::move(made)) {}

  void connection_made(Transport transport) override {
    core_->made(std::move(transport));
    if (Callback made = std::move(made_)) made();
  }
  MutableBytes get_buffer(std::ptrdiff_t) override { return core_->space(); }
  void buffer_updated(std::size_t size) override { core_->received(size); }
  bool eof_received() override {
    core_->end();
    return true;
  }
  void connection_lost(error_code error) override { core_->lost(error); }
  void pause_writing() override { core_->writing_paused_ = true; }
  void resume_writing() override { core_->resume_writing(); }

 private:
  const Ref<StreamCore> core_;
  Callback made_;
};

class StreamCore::Read final : public IoOperation<std::size_t> {
 public:
  Read(Ref<StreamCore> core, MutableBytes target, TransferCompletion&& done)
      : IoOperation(*core->loop_, std::move(done)), target(target), core_(std::move(core)) {
    core_->read_ = this;
    core_->transport_.resume_reading();
  }
  std::string description() const override { return "read from " + peer_of(core_->transport_); }

  const MutableBytes target;

 private:
  void release_resources() noexcept override {
    core_->read_ = nullptr;
    core_->transport_.pause_reading();
  }

  const Ref<StreamCore> core_;
};

/// Waits until what was written before has gone.
class StreamCore::Write final : public IoOperation<std::size_t> {
 public:
  Write(Ref<StreamCore> core, const WriteBatch& batch, TransferCompletion&& done)
      : IoOperation(*core->loop_, std::move(done)), batch(batch), core_(std::move(core)) {
    core_->write_ = this;
  }
  std::string description() const override { return "write to " + peer_of(core_->transport_); }

  const WriteBatch batch;

 private:
  void release_resources() noexcept override { core_->write_ = nullptr; }

  const Ref<StreamCore> core_;
};

std::shared_ptr<BaseProtocol> StreamCore::make_protocol(Callback made) {
  return std::make_shared<Protocol>(Ref<StreamCore>(this), std::move(made));
}

// --- from the protocol ---

void StreamCore::made(Transport transport) {
  transport_ = std::move(transport);
  // Whatever has to be buffered pauses: there is no point in keeping more than one write.
  transport_.set_write_buffer_limits(0, 0);
  transport_.pause_reading();
  if (closed_) transport_.abort();
}

MutableBytes StreamCore::space() const noexcept {
  return read_ ? read_->target : MutableBytes{};
}

void StreamCore::received(std::size_t size) {
  if (read_) read_->complete({}, size);
}

void StreamCore::end() {
  ended_ = true;
  if (read_) read_->complete(boost::asio::error::eof, 0);
}

void StreamCore::lost(error_code error) {
  const Ref<StreamCore> self(this);
  lost_ = true;
  error_ = asio_error(error);
  if (read_) read_->complete_soon(read_error(), 0);
  if (write_) write_->complete_soon(write_error(), 0);
}

void StreamCore::resume_writing() {
  writing_paused_ = false;
  if (write_ && hand_over(write_->batch)) write_->complete_soon({}, write_->batch.size());
}

// --- for the socket ---

Operation StreamCore::start_connect(StreamTarget target, IoCompletion&& done) {
  if (transport_ || connect_ || closed_) {
    return complete_next(*loop_, std::move(done), boost::asio::error::already_connected);
  }
  const auto shared = std::make_shared<IoCompletion>(std::move(done));
  try {
    auto told = told_by_code([self = Ref<StreamCore>(this), shared](error_code error) {
      self->connect_ = {};
      (*shared)(error);
    });
    auto factory = [self = Ref<StreamCore>(this)] { return self->make_protocol(); };
    if (auto* const address = std::get_if<ConnectOptions>(&target)) {
      connect_ = loop_->create_connection(std::move(factory), std::move(*address), std::move(told));
    } else {
      auto& path = std::get<UnixConnectOptions>(target);
      connect_ = loop_->create_unix_connection(std::move(factory), std::move(path), std::move(told));
    }
    connect_.set_background();
    return connect_;
  } catch (const std::invalid_argument&) {
    return complete_next(*loop_, std::move(*shared), asio_error(errc::invalid_argument));
  }
}

error_code StreamCore::read_error() const noexcept {
  if (closed_ || !transport_) return boost::asio::error::bad_descriptor;
  if (error_.failed()) return error_;
  if (ended_ || lost_) return boost::asio::error::eof;
  return {};
}

error_code StreamCore::write_error() const noexcept {
  if (closed_ || !transport_) return boost::asio::error::bad_descriptor;
  if (error_.failed()) return error_;
  if (write_ended_ || lost_) return boost::asio::error::broken_pipe;
  return {};
}

Operation StreamCore::start_read(MutableBytes target, TransferCompletion&& done) {
  error_code error = read_error();
  if (read_) error = boost::asio::error::already_started;
  if (error.failed() || target.empty()) {
    return complete_next(*loop_, std::move(done), error, 0);
  }
  return Operation(make_ref<Read>(Ref<StreamCore>(this), target, std::move(done)));
}

Operation StreamCore::start_write(const WriteBatch& batch, TransferCompletion&& done) {
  error_code error = write_error();
  if (write_) error = boost::asio::error::already_started;
  if (error.failed() || batch.size() == 0) {
    return complete_next(*loop_, std::move(done), error, 0);
  }
  if (!writing_paused_ && hand_over(batch)) {
    return complete_next(*loop_, std::move(done), {}, batch.size());
  }
  return Operation(make_ref<Write>(Ref<StreamCore>(this), batch, std::move(done)));
}

/// Gives the bytes to the transport, which sends or buffers all of them. False if that failed: the write
/// fails when the transport has told why.
bool StreamCore::hand_over(const WriteBatch& batch) {
  transport_.writelines(batch.segments());
  return !transport_.is_closing();
}

void StreamCore::cancel() {
  const Ref<StreamCore> self(this);
  const error_code reason = make_error(errc::operation_canceled);
  connect_.cancel();
  if (read_) read_->cancel(reason);
  if (write_) write_->cancel(reason);
}

void StreamCore::close() {
  closed_ = true;
  cancel();
  transport_.close();
}

void StreamCore::abort() {
  closed_ = true;
  cancel();
  transport_.abort();
}

error_code StreamCore::shutdown_write() {
  if (const error_code error = write_error(); error.failed()) {
    return error == boost::asio::error::broken_pipe ? error_code() : error;
  }
  if (!transport_.is_closing() && !transport_.can_write_eof())
    return boost::asio::error::operation_not_supported;
  write_ended_ = true;
  if (write_) write_->complete_soon(boost::asio::error::broken_pipe, 0);
  transport_.write_eof();
  return {};
}

void StreamCore::shutdown_read() {
  ended_ = true;
  if (read_) read_->complete_soon(boost::asio::error::eof, 0);
}

}  // namespace twinwire::detail
