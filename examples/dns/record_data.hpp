// The data of records: as they travel, and as zone files and people write them.
#pragma once

#include "cursor.hpp"
#include "message.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace dns {

/// Reads `size` bytes of data, with the names in them in full. Fails the cursor if they are not what a record
/// of this type has.
std::string read_data(Cursor& cursor, Type type, std::size_t size);

/// A name of a zone file: "@" is the origin, and stands behind what does not end in a dot.
std::optional<Name> complete_name(std::string_view text, const Name& origin);

/// The words of a zone file as data. Nothing if they are not what a record of this type has, or no zone file
/// can have that type.
std::optional<std::string> data_of(Type type, std::span<const std::string> words, const Name& origin);

/// As a zone file has it; of types that are not known, as RFC 3597 has it: "\# 2 0a0b".
std::string data_text(const Record& record);

/// The one name that this data is; the root if it is something else.
Name name_in(const Record& record);

/// "AAAA", in any case. Nothing for one that is not known.
std::optional<Type> type_of(std::string_view text);
/// "AAAA", "TYPE1234"
std::string to_string(Type type);
/// "NXDOMAIN"
std::string to_string(Rcode rcode);
/// The record as a line of a zone file, without the end of the line.
std::string to_string(const Record& record);

}  // namespace dns
