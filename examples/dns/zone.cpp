#include "zone.hpp"

#include "cursor.hpp"
#include "record_data.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <span>
#include <stdexcept>
#include <utility>

namespace dns {
namespace {

constexpr std::uint32_t default_ttl_s = 3600;
/// Longer chains, circles among them, are cut off there: who asked can ask for the rest.
constexpr int aliases_max = 8;

bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\r';
}

std::optional<std::uint32_t> seconds_of(std::string_view word) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  // RFC 2181, 8: the upper bit is none of the number.
  if (error != std::errc{} || end != word.data() + word.size() || value > INT32_MAX) return std::nullopt;
  return value;
}

}  // namespace

/// Reads a file line by line.
class Zone::Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Zone parse() {
    while (!text_.empty()) {
      const std::size_t end = std::min(text_.find('\n'), text_.size());
      ++number_;
      line(text_.substr(0, end));
      text_.remove_prefix(std::min(end + 1, text_.size()));
    }
    if (!zone_.soa_) throw std::invalid_argument("there is no SOA record");
    zone_.complete();
    return std::move(zone_);
  }

 private:
  [[noreturn]] void fail(const std::string& why) const {
    throw std::invalid_argument("line " + std::to_string(number_) + ": " + why);
  }

  /// Words end at blanks, but for those in quotes, of which `"` and backslash are escaped.
  std::vector<std::string> split(std::string_view line) const {
    std::vector<std::string> words;
    for (std::size_t at = 0; at < line.size() && line[at] != ';';) {
      if (is_blank(line[at])) {
        ++at;
        continue;
      }
      std::string& word = words.emplace_back();
      if (line[at] != '"') {
        while (at < line.size() && !is_blank(line[at]) && line[at] != ';') word += line[at++];
        continue;
      }
      for (++at; at < line.size() && line[at] != '"'; ++at) {
        if (line[at] == '\\') ++at;
        if (at < line.size()) word += line[at];
      }
      if (at >= line.size()) fail("a quotation does not end");
      ++at;
    }
    return words;
  }

  void line(std::string_view line) {
    std::vector<std::string> words = split(line);
    if (words.empty()) return;
    if (words[0].starts_with('$')) return directive(words);
    // A line that begins with a blank goes on with the name of the one before.
    std::span<const std::string> rest(words);
    if (!is_blank(line[0])) {
      const std::optional<Name> name = complete_name(words[0], origin_);
      if (!name) fail("\"" + words[0] + "\" is no name");
      name_ = *name;
      rest = rest.subspan(1);
    }
    record(rest);
  }

  void directive(const std::vector<std::string>& words) {
    const std::string argument = words.size() == 2 ? words[1] : "";
    if (words[0] == "$ORIGIN") {
      const std::optional<Name> origin = complete_name(argument, origin_);
      if (!origin) fail("$ORIGIN takes a name");
      origin_ = name_ = *origin;
    } else if (words[0] == "$TTL") {
      const auto ttl = seconds_of(argument);
      if (!ttl) fail("$TTL takes a number of seconds");
      ttl_s_ = *ttl;
    } else {
      fail("there is no " + words[0] + " here");
    }
  }

  void record(std::span<const std::string> words) {
    Record record;
    record.name = name_;
    record.ttl_s = ttl_s_;
    const auto take = [&] { words = words.subspan(1); };
    // The class and the TTL come in either order.
    for (bool more = true; more && !words.empty();) {
      const std::optional<std::uint32_t> ttl = seconds_of(words[0]);
      if (ttl) record.ttl_s = *ttl;
      more = ttl || words[0] == "IN";
      if (more) take();
    }
    const std::optional<Type> type = words.empty() ? std::nullopt : type_of(words[0]);
    if (!type) fail(words.empty() ? "a record has a type" : "there is no type \"" + words[0] + "\" here");
    take();
    const std::optional<std::string> data = data_of(*type, words, origin_);
    if (!data) fail("this is not what a record of type " + to_string(*type) + " has");
    record.type = *type;
    record.data = *data;
    if (*type == Type::soa && zone_.soa_) fail("there is a SOA record already");
    zone_.add(std::move(record));
  }

  std::string_view text_;
  std::size_t number_ = 0;
  Zone zone_;
  Name origin_;
  Name name_;
  std::uint32_t ttl_s_ = default_ttl_s;
};

Zone Zone::parse(std::string_view text) {
  return Parser(text).parse();
}

void Zone::add(Record record) {
  if (record.type == Type::soa) {
    soa_ = record;
    origin_ = record.name;
    // RFC 2308, 3: as a part of an answer that there is nothing, it lasts as long as its last number says.
    Cursor minimum(twinwire::as_bytes(record.data).last(4));
    soa_->ttl_s = std::min(record.ttl_s, minimum.u32());
  }
  nodes_[record.name].push_back(std::move(record));
}

/// Checks what no line can tell alone, and adds the names without records: a name exists, too, if there is
/// something below it (RFC 8020).
void Zone::complete() {
  std::set<Name> between;
  for (const auto& [name, records] : nodes_) {
    // RFC 1034, 3.6.2.
    if (records.size() > 1 && std::ranges::find(records, Type::cname, &Record::type) != records.end()) {
      throw std::invalid_argument(name.to_string() + " is an alias, and has other records");
    }
    if (!name.is_within(origin_)) throw std::invalid_argument(name.to_string() + " is not in the zone");
    for (Name above = name; above != origin_; above = above.parent()) between.insert(above);
  }
  for (const Name& name : between) nodes_[name];
}

Zone::Found Zone::find(const Question& question) const {
  Found found;
  Name name = question.name;
  if (!name.is_within(origin_) || question.klass != class_internet) {
    found.rcode = Rcode::refused;
    return found;
  }
  bool answered = false;
  for (int aliases = 0; !answered && aliases <= aliases_max; ++aliases) {
    const auto node = nodes_.find(name);
    if (node == nodes_.end()) {
      found.rcode = Rcode::name_error;
      break;
    }
    const Record* alias = nullptr;
    for (const Record& record : node->second) {
      if (record.type == Type::cname) alias = &record;
      if (record.type != question.type && question.type != Type::any) continue;
      found.answers.push_back(record);
      answered = true;
    }
    if (answered || !alias) break;
    found.answers.push_back(*alias);
    name = name_in(*alias);
    // What is elsewhere others have to tell.
    answered = !name.is_within(origin_);
  }
  if (!answered) found.authorities.push_back(*soa_);
  return found;
}

}  // namespace dns
