#include "responder.hpp"

#include <algorithm>

namespace dns {
namespace {

/// The beginning of an answer: what is taken over from the question.
Message answer_to(const Message& query) {
  Message answer;
  answer.id = query.id;
  answer.response = true;
  answer.opcode = query.opcode;
  answer.recursion_desired = query.recursion_desired;
  // Several are refused, and told to nobody: names that share their bytes in the query need not in the
  // answer.
  if (query.questions.size() == 1) answer.questions = query.questions;
  if (query.edns) answer.edns = Edns{};
  return answer;
}

/// Why a message that can be read is not answered from the zone.
Rcode objection(const Message& query) {
  if (query.edns && query.edns->version != 0) return Rcode::bad_version;
  if (query.opcode != 0) return Rcode::not_implemented;
  if (query.questions.size() != 1) return Rcode::format_error;
  return Rcode::no_error;
}

std::size_t size_max(const Message& query, Responder::Carrier carrier) {
  if (carrier == Responder::Carrier::stream) return UINT16_MAX;
  if (!query.edns) return plain_udp_max;
  return std::clamp<std::size_t>(query.edns->udp_max, plain_udp_max, safe_udp_max);
}

}  // namespace

std::optional<std::string> Responder::answer(twinwire::Bytes message, Carrier carrier) const {
  const std::optional<Message> header = decode_header(message);
  // To answer an answer would begin a conversation of two servers, which never ends.
  if (!header || header->response) return std::nullopt;
  const std::optional<Message> query = decode(message);
  Message answer = answer_to(query ? *query : *header);
  answer.rcode = query ? objection(*query) : Rcode::format_error;
  // Without an answer from the zone it is a header, a question and an OPT record: less than anybody can take.
  if (answer.rcode != Rcode::no_error) return encode(answer);

  Zone::Found found = zone_.find(query->questions.front());
  answer.rcode = found.rcode;
  answer.authoritative = found.rcode != Rcode::refused;
  answer.answers = std::move(found.answers);
  answer.authorities = std::move(found.authorities);
  std::string bytes = encode(answer);
  if (bytes.size() <= size_max(*query, carrier)) return bytes;
  answer.truncated = true;
  answer.answers.clear();
  answer.authorities.clear();
  return encode(answer);
}

}  // namespace dns
