#include <twinwire/net/state/stream_state.hpp>
#include <twinwire/net/stream_errors.hpp>

#include <algorithm>
#include <stdexcept>

namespace twinwire::detail {
namespace {

/// A separator as one would write it in a program.
std::string quote(std::string_view text) {
  constexpr const char* digits = "0123456789abcdef";
  std::string quoted = "\"";
  for (const char character : text) {
    if (character == '\r') {
      quoted += "\\r";
    } else if (character == '\n') {
      quoted += "\\n";
    } else if (character == '"' || character == '\\') {
      quoted += {'\\', character};
    } else if (character < ' ' || character > '~') {
      const auto code = static_cast<unsigned char>(character);
      quoted += {'\\', 'x', digits[code >> 4], digits[code & 15]};
    } else {
      quoted += character;
    }
  }
  return quoted + "\"";
}

/// A wait for one stream, described when somebody asks.
class StreamWait final : public WaitOperation {
 public:
  StreamWait(Loop& loop, VoidCompletion done, const char* what, Transport transport)
      : WaitOperation(loop, std::move(done)), what_(what), transport_(std::move(transport)) {}
  std::string description() const override {
    const auto address = transport_.peername();
    return std::string(what_) + (address ? address->to_string() : "a peer");
  }

 private:
  const char* what_;
  Transport transport_;
};

}  // namespace

/// The wait of the read that is in progress.
class StreamState::ReadWait final : public WaitOperation {
 public:
  ReadWait(StreamState& state, VoidCompletion done)
      : WaitOperation(state.loop, std::move(done)), state_(&state) {
    state.read_wait_ = this;
  }
  std::string description() const override {
    return state_ && state_->request_ ? state_->describe(*state_->request_) : "read";
  }

 private:
  void stop_waiting() noexcept override { state_->read_wait_ = nullptr; }

  /// Alive as long as the read: its turn owns a reference.
  StreamState* state_;
};

StreamState::StreamState(Loop& loop, std::size_t limit) : loop(loop), limit(limit) {
  if (limit == 0) throw std::invalid_argument("the limit of a stream reader must be at least 1");
}

// --- from the protocol ---

void StreamState::feed(Bytes data) {
  const Ref<StreamState> self(this);
  buffer_.lend(data);
  // The reader runs here and now, and takes what it can from the bytes where they are.
  if (request_ && read_wait_ && decided(*request_)) read_wait_->complete();
  buffer_.reclaim();
  if (buffer_.size() > 2 * limit && !read_wait_) rest();
}

void StreamState::feed_end() {
  ended_ = true;
  wake_reader_soon();
}

void StreamState::lost(error_code error) {
  const Ref<StreamState> self(this);
  lost_ = true;
  error_ = error;
  if (!error.failed()) ended_ = true;
  writing_paused_ = false;
  wake_reader_soon();
  if (!drains_.empty()) drains_.complete_soon(drain_failure());
  closes_.complete_soon(close_failure());
}

void StreamState::resume_writing() {
  writing_paused_ = false;
  drains_.complete_soon();
}

void StreamState::wake_reader_soon() {
  if (read_wait_) read_wait_->complete_soon();
}

// --- for the reader ---

StreamState::Turn::Turn(Ref<StreamState> state, ReadRequest& request) : state_(std::move(state)) {
  if (state_->request_) {
    throw std::logic_error("a second read was begun while another one waits: " +
                           state_->describe(*state_->request_));
  }
  state_->request_ = &request;
}

StreamState::Turn::~Turn() {
  state_->request_ = nullptr;
}

bool StreamState::decided(ReadRequest& request) const {
  const std::string_view data = buffer_.view();
  const bool over = ended_ || lost_;
  switch (request.kind) {
    case ReadRequest::Kind::some:
      return over || !data.empty();
    case ReadRequest::Kind::exactly:
      return over || data.size() >= request.size;
    case ReadRequest::Kind::all:
      return over;
    case ReadRequest::Kind::until:
      break;
  }
  if (data.size() - request.searched < request.separator.size()) return over;
  request.found = data.find(request.separator, request.searched);
  if (request.found != std::string_view::npos) return true;
  // A part of the separator may be at the end: the search goes on from there, not from the beginning.
  request.searched = data.size() + 1 - request.separator.size();
  return over || request.searched > limit;
}

Operation StreamState::start_read_wait(VoidCompletion done) {
  const auto wait = make_ref<ReadWait>(*this, std::move(done));
  read_on();  // a read that needs more than the limit gets it
  return Operation(wait);
}

std::string StreamState::finish(const ReadRequest& request) {
  require_satisfiable(request);
  std::size_t count = buffer_.size();
  if (request.kind == ReadRequest::Kind::until && request.found != std::string_view::npos) {
    count = request.found + request.separator.size();
  } else if (request.kind == ReadRequest::Kind::some || request.kind == ReadRequest::Kind::exactly) {
    count = std::min(count, request.size);
  }
  std::string taken = buffer_.take(count);
  if (buffer_.size() <= limit) read_on();
  return taken;
}

std::size_t StreamState::finish_into(const ReadRequest& request, MutableBytes target) {
  require_satisfiable(request);
  const std::size_t count = buffer_.take_into(target);
  if (buffer_.size() <= limit) read_on();
  return count;
}

/// Throws if the request, which is decided, failed.
void StreamState::require_satisfiable(const ReadRequest& request) {
  using Kind = ReadRequest::Kind;
  if (request.kind == Kind::until && request.found != std::string_view::npos) {
    if (request.found > limit) throw LimitOverrunError(describe(request), request.found);
    return;
  }
  if (request.kind == Kind::until && request.searched > limit) {
    throw LimitOverrunError(describe(request), request.searched);
  }
  const bool enough = (request.kind == Kind::some && !buffer_.empty()) ||
                      (request.kind == Kind::exactly && buffer_.size() >= request.size);
  if (enough) return;
  if (error_.failed()) throw OperationError(error_, describe(request));
  if (request.kind == Kind::exactly) {
    const std::string sentence = describe(request) + ", " + std::to_string(buffer_.size()) + " arrived";
    throw IncompleteReadError(sentence, buffer_.take(buffer_.size()), request.size);
  }
  if (request.kind == Kind::until && !request.end_will_do) {
    throw IncompleteReadError(describe(request), buffer_.take(buffer_.size()), std::nullopt);
  }
}

void StreamState::read_on() {
  if (!reading_paused_) return;
  reading_paused_ = false;
  transport.resume_reading();
}

void StreamState::rest() {
  if (reading_paused_) return;
  reading_paused_ = true;
  transport.pause_reading();
}

std::string StreamState::describe(const ReadRequest& request) const {
  std::string text = "read ";
  switch (request.kind) {
    case ReadRequest::Kind::some:
      break;
    case ReadRequest::Kind::exactly:
      text += std::to_string(request.size) + " bytes ";
      break;
    case ReadRequest::Kind::until:
      text += "until " + quote(request.separator) + " ";
      break;
    case ReadRequest::Kind::all:
      text += "to the end ";
      break;
  }
  return text + "from " + peer();
}

std::string StreamState::peer() const {
  const auto address = transport.peername();
  return address ? address->to_string() : "a peer";
}

// --- for the writer ---

Operation StreamState::start_drain_wait(VoidCompletion done) {
  const auto wait = make_ref<StreamWait>(loop, std::move(done), "drain what was written to ", transport);
  drains_.add(*wait);
  return Operation(wait);
}

Operation StreamState::start_close_wait(VoidCompletion done) {
  const auto wait =
      make_ref<StreamWait>(loop, std::move(done), "wait for the end of the connection to ", transport);
  if (lost_) {
    wait->complete_soon(close_failure());
  } else {
    closes_.add(*wait);
  }
  return Operation(wait);
}

std::exception_ptr StreamState::drain_failure() const {
  // As in asyncio, one that was ended in order, by either side, counts as reset for whoever still writes.
  const error_code reason = error_.failed() ? error_ : make_error(errc::connection_reset);
  return operation_failure(reason, "drain what was written to " + peer());
}

std::exception_ptr StreamState::close_failure() const {
  return error_.failed() ? operation_failure(error_, "close the connection to " + peer()) : nullptr;
}

}  // namespace twinwire::detail
