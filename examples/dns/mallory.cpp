#include "mallory.hpp"

#include "message.hpp"

#include <twinwire/sim/world.hpp>

#include <optional>

namespace dns {
namespace {

using twinwire::Address;

constexpr twinwire::Purpose flaw_purpose{
    "flaw", "{entity}: forged an answer to question {ordinal} that it saw, with flaw {outcome}"};
constexpr twinwire::Odds forges{3, 4};

/// What is wrong with a forged answer.
enum Flaw : std::uint64_t {
  none_sent,
  other_id,
  other_name,
  other_type,
  other_address,
  other_port,
  no_response,
  damaged,
  flaw_end
};

std::string lie(const Message& question, std::uint64_t flaw) {
  Message answer = question;
  answer.response = flaw != no_response;
  if (flaw == other_id) ++answer.id;
  Question& asked = answer.questions.front();
  if (flaw == other_name) asked.name = Name::of("bank.example.test");
  if (flaw == other_type) asked.type = asked.type == Type::mx ? Type::ns : Type::mx;
  answer.answers.push_back({asked.name, Type::a, class_internet, 1, {6, 6, 6, 6}});
  std::string bytes = encode(answer);
  if (flaw == damaged) {
    // The first name is a pointer to itself.
    bytes[header_size] = static_cast<char>(0xc0);
    bytes[header_size + 1] = static_cast<char>(header_size);
  }
  return bytes;
}

}  // namespace

Mallory::Mallory(twinwire::sim::Host& host, const Address& server)
    : host_(host), server_(server), flaw_(host.world().choices().site(host.name(), flaw_purpose)) {}

void Mallory::saw(twinwire::Bytes question, const Address& asker) {
  const std::optional<Message> seen = decode(question);
  if (!seen || seen->questions.size() != 1) return;
  const std::uint64_t flaw = host_.world().choices().draw_rare(flaw_, seen_++, forges, flaw_end - 1);
  if (flaw == none_sent) return;
  ++forged_;
  Address sender = server_;
  if (flaw == other_address) sender = host_.address().with_port(server_.port());
  if (flaw == other_port) sender = server_.with_port(static_cast<std::uint16_t>(server_.port() + 1));
  host_.send_forged(sender, asker, twinwire::as_bytes(lie(*seen, flaw)));
}

}  // namespace dns
