// What can be done with keys whatever their value: delete, look for, let expire.
#include "command_table.hpp"
#include "integer.hpp"
#include "options.hpp"
#include "reply.hpp"

namespace resp::handlers {
namespace {

/// The conditions of EXPIRE.
struct ExpireOptions {
  bool only_without = false;  // NX
  bool only_with = false;     // XX
  bool only_later = false;    // GT
  bool only_sooner = false;   // LT
};

/// False: the reply, an error, was given.
bool parse_expire_options(const Call& call, ExpireOptions& options) {
  for (const std::string_view word : call.arguments.subspan(3)) {
    if (is_option(word, "nx")) {
      options.only_without = true;
    } else if (is_option(word, "xx")) {
      options.only_with = true;
    } else if (is_option(word, "gt")) {
      options.only_later = true;
    } else if (is_option(word, "lt")) {
      options.only_sooner = true;
    } else {
      put_error(call.out, "ERR Unsupported option " + std::string(word));
      return false;
    }
  }
  if (options.only_without && (options.only_with || options.only_later || options.only_sooner)) {
    put_error(call.out, "ERR NX and XX, GT or LT options at the same time are not compatible");
    return false;
  }
  if (options.only_later && options.only_sooner) {
    put_error(call.out, "ERR GT and LT options at the same time are not compatible");
    return false;
  }
  return true;
}

void expire_in_units(const Call& call, std::int64_t unit_ms, std::string_view name) {
  Store& store = call.store();
  ExpireOptions options;
  if (!parse_expire_options(call, options)) return;
  const auto amount = parse_integer(call.arguments[2]);
  if (!amount) return put_error(call.out, not_an_integer);
  const auto moment = moment_after(store.now(), *amount, unit_ms);
  if (!moment) return put_error(call.out, "ERR invalid expire time in '" + std::string(name) + "' command");
  const auto current = store.expiry(call.arguments[1]);
  const bool expires = current && *current != Store::never;
  // A key that does not expire counts as one that does so in the infinite future.
  if (!current || (options.only_without && expires) || (options.only_with && !expires) ||
      (options.only_later && *moment <= *current) || (options.only_sooner && *moment >= *current)) {
    return put_integer(call.out, 0);
  }
  store.set_expiry(call.arguments[1], *moment);
  put_integer(call.out, 1);
}

void time_to_live(const Call& call, std::int64_t unit_ms) {
  const auto expiry = call.store().expiry(call.arguments[1]);
  if (!expiry) return put_integer(call.out, -2);
  if (*expiry == Store::never) return put_integer(call.out, -1);
  const std::int64_t left_ms = *expiry - call.store().now();
  put_integer(call.out, unit_ms == 1 ? left_ms : (left_ms + unit_ms / 2) / unit_ms);
}

bool flush_option_fits(const Call& call) {
  if (call.arguments.size() == 1) return true;
  if (call.arguments.size() == 2 &&
      (is_option(call.arguments[1], "sync") || is_option(call.arguments[1], "async"))) {
    return true;
  }
  put_error(call.out, "ERR syntax error");
  return false;
}

}  // namespace

void del(const Call& call) {
  std::int64_t count = 0;
  for (const std::string_view key : call.arguments.subspan(1)) count += call.store().erase(key) ? 1 : 0;
  put_integer(call.out, count);
}

void exists(const Call& call) {
  std::int64_t count = 0;
  for (const std::string_view key : call.arguments.subspan(1)) count += call.store().contains(key) ? 1 : 0;
  put_integer(call.out, count);
}

void expire(const Call& call) {
  expire_in_units(call, 1000, "expire");
}

void pexpire(const Call& call) {
  expire_in_units(call, 1, "pexpire");
}

void ttl(const Call& call) {
  time_to_live(call, 1000);
}

void pttl(const Call& call) {
  time_to_live(call, 1);
}

void persist(const Call& call) {
  const auto expiry = call.store().expiry(call.arguments[1]);
  const bool expires = expiry && *expiry != Store::never;
  if (expires) call.store().set_expiry(call.arguments[1], Store::never);
  put_integer(call.out, expires ? 1 : 0);
}

void dbsize(const Call& call) {
  put_integer(call.out, static_cast<std::int64_t>(call.store().size()));
}

void flush(const Call& call) {
  if (!flush_option_fits(call)) return;
  call.store().clear();
  put_status(call.out, "OK");
}

void flush_all(const Call& call) {
  if (!flush_option_fits(call)) return;
  for (Store& store : call.databases) store.clear();
  put_status(call.out, "OK");
}

}  // namespace resp::handlers
