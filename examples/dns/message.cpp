#include "message.hpp"

#include "cursor.hpp"
#include "record_data.hpp"

#include <map>

namespace dns {
namespace {

constexpr unsigned response_bit = 1U << 15U;
constexpr unsigned authoritative_bit = 1U << 10U;
constexpr unsigned truncated_bit = 1U << 9U;
constexpr unsigned recursion_desired_bit = 1U << 8U;
constexpr unsigned recursion_available_bit = 1U << 7U;
/// The most that a pointer can reach.
constexpr std::size_t pointer_max = 0x3fff;

Message read_header(Cursor& cursor) {
  Message message;
  message.id = cursor.u16();
  const unsigned flags = cursor.u16();
  message.response = (flags & response_bit) != 0;
  message.opcode = static_cast<std::uint8_t>(flags >> 11U & 0xfU);
  message.authoritative = (flags & authoritative_bit) != 0;
  message.truncated = (flags & truncated_bit) != 0;
  message.recursion_desired = (flags & recursion_desired_bit) != 0;
  message.recursion_available = (flags & recursion_available_bit) != 0;
  message.rcode = static_cast<Rcode>(flags & 0xfU);
  return message;
}

Record read_record(Cursor& cursor) {
  Record record;
  record.name = cursor.name();
  record.type = static_cast<Type>(cursor.u16());
  record.klass = cursor.u16();
  record.ttl_s = cursor.u32();
  const std::size_t size = cursor.u16();
  record.data = read_data(cursor, record.type, size);
  return record;
}

/// Moves the OPT record, which is no record but a second header, to where it belongs.
void take_edns(Message& message, Cursor& cursor) {
  for (auto record = message.additionals.begin(); record != message.additionals.end();) {
    if (record->type != Type::opt) {
      ++record;
      continue;
    }
    if (message.edns || !record->name.is_root()) cursor.fail();
    message.edns = Edns{record->klass, static_cast<std::uint8_t>(record->ttl_s >> 16U)};
    const unsigned upper = record->ttl_s >> 24U;
    message.rcode = static_cast<Rcode>(static_cast<unsigned>(message.rcode) | upper << 4U);
    record = message.additionals.erase(record);
  }
}

/// Writes a message front to back, and remembers where names stand.
class Writer {
 public:
  void u16(std::size_t value) {
    bytes_ += static_cast<char>(value >> 8U);
    bytes_ += static_cast<char>(value);
  }
  void u32(std::uint32_t value) {
    u16(value >> 16U);
    u16(value & 0xffffU);
  }

  void name(Name name) {
    for (; !name.is_root(); name = name.parent()) {
      const std::string folded = name.folded();
      if (const auto known = places_.find(folded); known != places_.end()) {
        u16(known->second | 0xc000U);
        return;
      }
      if (bytes_.size() <= pointer_max) places_.emplace(folded, bytes_.size());
      bytes_.append(name.wire(), 0, 1 + static_cast<unsigned char>(name.wire().front()));
    }
    bytes_ += '\0';
  }

  void record(const Record& record) {
    name(record.name);
    u16(static_cast<std::uint16_t>(record.type));
    u16(record.klass);
    u32(record.ttl_s);
    u16(record.data.size());
    bytes_ += record.data;
  }

  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
  std::map<std::string, std::size_t> places_;
};

}  // namespace

std::optional<Message> decode_header(twinwire::Bytes bytes) {
  if (bytes.size() < header_size) return std::nullopt;
  Cursor cursor(bytes);
  return read_header(cursor);
}

std::optional<Message> decode(twinwire::Bytes bytes) {
  Cursor cursor(bytes);
  Message message = read_header(cursor);
  // The counts are believed only as far as there are bytes for them.
  const std::size_t questions = cursor.u16();
  const std::size_t answers = cursor.u16();
  const std::size_t authorities = cursor.u16();
  const std::size_t additionals = cursor.u16();
  for (std::size_t i = 0; i < questions && !cursor.failed(); ++i) {
    Question question;
    question.name = cursor.name();
    question.type = static_cast<Type>(cursor.u16());
    question.klass = cursor.u16();
    message.questions.push_back(std::move(question));
  }
  const auto read_section = [&](std::vector<Record>& section, std::size_t count) {
    for (std::size_t i = 0; i < count && !cursor.failed(); ++i) section.push_back(read_record(cursor));
  };
  read_section(message.answers, answers);
  read_section(message.authorities, authorities);
  read_section(message.additionals, additionals);
  take_edns(message, cursor);
  if (cursor.failed() || !cursor.at_end()) return std::nullopt;
  return message;
}

std::string encode(const Message& message) {
  const auto rcode = static_cast<unsigned>(message.rcode);
  unsigned flags = (message.opcode & 0xfU) << 11U | (rcode & 0xfU);
  if (message.response) flags |= response_bit;
  if (message.authoritative) flags |= authoritative_bit;
  if (message.truncated) flags |= truncated_bit;
  if (message.recursion_desired) flags |= recursion_desired_bit;
  if (message.recursion_available) flags |= recursion_available_bit;
  Writer writer;
  writer.u16(message.id);
  writer.u16(flags);
  writer.u16(message.questions.size());
  writer.u16(message.answers.size());
  writer.u16(message.authorities.size());
  writer.u16(message.additionals.size() + (message.edns ? 1 : 0));
  for (const Question& question : message.questions) {
    writer.name(question.name);
    writer.u16(static_cast<std::uint16_t>(question.type));
    writer.u16(question.klass);
  }
  for (const auto* section : {&message.answers, &message.authorities, &message.additionals}) {
    for (const Record& record : *section) writer.record(record);
  }
  if (message.edns) {
    const std::uint32_t upper = (rcode >> 4U) << 24U | std::uint32_t{message.edns->version} << 16U;
    writer.record({Name(), Type::opt, message.edns->udp_max, upper, {}});
  }
  return writer.take();
}

}  // namespace dns
