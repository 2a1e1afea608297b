// GET, SET and the counters.
#include "command_table.hpp"
#include "integer.hpp"
#include "options.hpp"
#include "reply.hpp"

#include <optional>

namespace resp::handlers {
namespace {

/// The options of SET.
struct SetOptions {
  bool only_new = false;       // NX
  bool only_existing = false;  // XX
  bool keep_expiry = false;    // KEEPTTL
  bool get = false;            // GET
  std::optional<std::string_view> lifetime;
  std::int64_t lifetime_unit_ms = 1;
};

/// Nothing if they contradict each other or are not known.
std::optional<SetOptions> parse_set_options(std::span<const std::string_view> words) {
  SetOptions options;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    const bool has_value = i + 1 < words.size();
    if (is_option(word, "nx") && !options.only_existing) {
      options.only_new = true;
    } else if (is_option(word, "xx") && !options.only_new) {
      options.only_existing = true;
    } else if (is_option(word, "get")) {
      options.get = true;
    } else if (is_option(word, "keepttl") && !options.lifetime) {
      options.keep_expiry = true;
    } else if ((is_option(word, "ex") || is_option(word, "px")) && has_value && !options.lifetime &&
               !options.keep_expiry) {
      options.lifetime = words[++i];
      options.lifetime_unit_ms = is_option(word, "ex") ? 1000 : 1;
    } else {
      return std::nullopt;
    }
  }
  return options;
}

void put_value(const Call& call, const std::string* value) {
  if (value) {
    put_bulk(call.out, *value);
  } else {
    put_null(call.out);
  }
}

void add(const Call& call, std::int64_t amount) {
  Store& store = call.store();
  const std::string_view key = call.arguments[1];
  std::int64_t number = 0;
  if (const std::string* value = store.get(key)) {
    const auto parsed = parse_integer(*value);
    if (!parsed) return put_error(call.out, not_an_integer);
    number = *parsed;
  }
  if (__builtin_add_overflow(number, amount, &number)) {
    return put_error(call.out, "ERR increment or decrement would overflow");
  }
  store.set(key, std::to_string(number), std::nullopt);
  put_integer(call.out, number);
}

}  // namespace

void get(const Call& call) {
  put_value(call, call.store().get(call.arguments[1]));
}

void set(const Call& call) {
  const auto options = parse_set_options(call.arguments.subspan(3));
  if (!options) return put_error(call.out, "ERR syntax error");
  Store& store = call.store();
  Store::Milliseconds expiry = Store::never;
  if (options->lifetime) {
    const auto lifetime = parse_integer(*options->lifetime);
    if (!lifetime) return put_error(call.out, not_an_integer);
    const auto moment =
        *lifetime > 0 ? moment_after(store.now(), *lifetime, options->lifetime_unit_ms) : std::nullopt;
    if (!moment) return put_error(call.out, "ERR invalid expire time in 'set' command");
    expiry = *moment;
  }
  const std::string_view key = call.arguments[1];
  const std::string* old = store.get(key);
  if (options->get) put_value(call, old);
  if ((options->only_new && old) || (options->only_existing && !old)) {
    if (!options->get) put_null(call.out);
    return;
  }
  store.set(key, call.arguments[2], options->keep_expiry ? std::nullopt : std::optional(expiry));
  if (!options->get) put_status(call.out, "OK");
}

void increment(const Call& call) {
  add(call, 1);
}

void decrement(const Call& call) {
  add(call, -1);
}

void increment_by(const Call& call) {
  const auto amount = parse_integer(call.arguments[2]);
  if (!amount) return put_error(call.out, not_an_integer);
  add(call, *amount);
}

void decrement_by(const Call& call) {
  const auto amount = parse_integer(call.arguments[2]);
  if (!amount) return put_error(call.out, not_an_integer);
  if (*amount == std::numeric_limits<std::int64_t>::min()) {
    return put_error(call.out, "ERR decrement would overflow");
  }
  add(call, -*amount);
}

}  // namespace resp::handlers
