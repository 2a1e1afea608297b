#include "stub.hpp"

#include "framing.hpp"
#include "record_data.hpp"

#include <twinwire/net/asio/datagram_socket.hpp>
#include <twinwire/net/result.hpp>
#include <twinwire/net/streams.hpp>
#include <twinwire/net/timeout.hpp>

#include <array>
#include <optional>
#include <stdexcept>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>

namespace dns {

using twinwire::awaitable;
using twinwire::datagram_socket;
using twinwire::use_awaitable;

awaitable<Message> Stub::ask(Name name, Type type) {
  Message query;
  query.id = static_cast<std::uint16_t>(loop_.random());
  query.recursion_desired = true;
  query.questions.push_back({std::move(name), type, class_internet});
  query.edns = Edns{};
  Message answer = co_await ask_over_udp(query);
  if (answer.truncated) answer = co_await ask_over_tcp(query);
  co_return answer;
}

/// A socket for one question alone has a port that others have to guess.
awaitable<Message> Stub::ask_over_udp(const Message& query) {
  datagram_socket socket(loop_);
  const twinwire::Address server = twinwire::Address::of(options_.server, options_.port);
  twinwire::DatagramOptions where;
  where.family = server.family();
  if (!options_.mistakes.any_source) where.remote_addr.emplace(options_.server, options_.port);
  co_await socket.async_open(where, use_awaitable);

  const std::string bytes = encode(query);
  std::array<std::byte, safe_udp_max> space{};
  twinwire::Address sender;
  twinwire::error_code why = twinwire::make_error(twinwire::errc::timed_out);
  twinwire::Duration patience = options_.timeout;
  for (int attempt = 0; attempt < options_.tries; ++attempt, patience *= 2) {
    const twinwire::TimePoint until = twinwire::saturating_add(loop_.time(), patience);
    const auto [unsent, sent] = co_await socket.async_send_to(boost::asio::buffer(bytes), server,
                                                              boost::asio::as_tuple(use_awaitable));
    // A server that is not there now may be back before the last try.
    if (unsent) why = unsent;
    while (loop_.time() < until) {
      const auto size = co_await twinwire::as_result(twinwire::with_deadline(
          until, socket.async_receive_from(boost::asio::buffer(space), sender, use_awaitable)));
      if (!size) {
        if (size.error().code() != twinwire::errc::timed_out) why = size.error().code();
        continue;
      }
      auto answer = decode(twinwire::Bytes(space).first(*size));
      if (answer && answers(*answer, query)) co_return std::move(*answer);
    }
  }
  throw twinwire::OperationError(why, sentence(query));
}

awaitable<Message> Stub::ask_over_tcp(const Message& query) {
  const auto exchange = [&]() -> awaitable<std::string> {
    const twinwire::Stream stream = co_await twinwire::open_connection(loop_, options_.server, options_.port);
    stream.writer.write(framed(encode(query)));
    co_return co_await read_framed(stream.reader);
  };
  const std::string bytes =
      co_await twinwire::with_timeout(patience(), exchange(), sentence(query) + " over TCP");
  std::optional<Message> answer = decode(twinwire::as_bytes(bytes));
  if (!answer || !answers(*answer, query) || answer->truncated) {
    throw twinwire::OperationError(twinwire::make_error(twinwire::errc::bad_message),
                                   sentence(query) + " over TCP");
  }
  co_return std::move(*answer);
}

bool Stub::answers(const Message& answer, const Message& query) const {
  if (!answer.response || answer.opcode != query.opcode) return false;
  if (answer.id != query.id && !options_.mistakes.any_id) return false;
  return answer.questions == query.questions || options_.mistakes.any_question;
}

/// What all tries may take together.
twinwire::Duration Stub::patience() const {
  return options_.timeout * ((std::int64_t{1} << options_.tries) - 1);
}

std::string Stub::sentence(const Message& query) const {
  const Question& question = query.questions.front();
  return "ask " + twinwire::Address::of(options_.server, options_.port).to_string() + " for " +
         question.name.to_string() + " " + to_string(question.type);
}

}  // namespace dns
