// The names that a server knows.
#pragma once

#include "message.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dns {

/// One zone: its SOA record, and what is at its names and below them. Delegations and wildcards are not
/// known.
class Zone {
 public:
  /// Reads a zone file (RFC 1035, 5): one record on each line, `NAME [TTL] [IN] TYPE DATA`, `$ORIGIN`,
  /// `$TTL`, comments. Throws std::invalid_argument, naming the line, for what it does not understand, and
  /// for a file without a SOA record.
  static Zone parse(std::string_view text);

  struct Found {
    /// no_error, name_error, or refused for a name that is not of this zone.
    Rcode rcode = Rcode::no_error;
    /// In the order of the file, with the aliases (CNAME) that led to them.
    std::vector<Record> answers;
    /// The SOA record where there is no answer: how long that may be believed (RFC 2308).
    std::vector<Record> authorities;
  };
  /// What there is to say to a question.
  Found find(const Question& question) const;

  const Name& origin() const noexcept { return origin_; }

 private:
  class Parser;

  void add(Record record);
  void complete();

  Name origin_;
  /// All names, those between the origin and a record included, which have none.
  std::map<Name, std::vector<Record>> nodes_;
  std::optional<Record> soa_;
};

}  // namespace dns
