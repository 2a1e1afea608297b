// A line of words: how outcomes travel between processes, and how repro files are written.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace twinwire::traces {

/// Joins words with spaces; a word that is empty or has spaces, quotes or control characters is quoted.
std::string join_words(const std::vector<std::string>& words);

/// The words of a line, unquoted. Throws std::invalid_argument for an unbalanced quote or a bad escape.
std::vector<std::string> split_words(std::string_view line);

/// A number in full. Throws std::invalid_argument naming the word.
std::uint64_t parse_number(std::string_view word, int base = 10);

std::string to_hex(std::uint64_t value);

}  // namespace twinwire::traces
