// Texts for programs: lines of words, in which outcomes travel and repro files are written, JSON, shell
// words.
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

/// All 16 digits.
std::string to_hex(std::uint64_t value);

/// "red, blue".
std::string join_list(const std::vector<std::string>& items);

/// Words as a shell reads them: to be pasted there.
std::string shell_words(const std::vector<std::string>& words);

/// A text as a JSON string. Bytes that are no UTF-8 are written as in C: \xff.
std::string json_string(std::string_view text);

}  // namespace twinwire::traces
