#include "expectations.hpp"

#include "integer.hpp"

namespace resp {
namespace {

using Kind = Operation::Kind;

[[noreturn]] void wrong(const Operation& operation, const Reply& reply, const std::string& expected) {
  throw WrongReply(operation.name() + " was answered with " + describe(reply) + " instead of " + expected);
}

void require(const Operation& operation, const Reply& reply, const Reply& expected) {
  if (reply != expected) wrong(operation, reply, describe(expected));
}

}  // namespace

void Expectations::check(const Operation& operation, const Answer& answer, std::int64_t now_ms) {
  switch (answer.fate) {
    case Answer::Fate::replied:
      return check_reply(operation, answer.reply, now_ms);
    case Answer::Fate::not_sent:
      return;
    case Answer::Fate::in_doubt:
      return unknown_outcome(operation);
    case Answer::Fate::refused:
      break;
  }
  throw WrongReply(operation.name() + " was not answered before the server ended the connection in order");
}

bool Expectations::is_doubtful(const std::string& key) const {
  const auto found = keys_.find(key);
  return found != keys_.end() && found->second.doubtful;
}

void Expectations::check_reply(const Operation& operation, const Reply& reply, std::int64_t now_ms) {
  switch (operation.kind) {
    case Kind::ping:
      return require(operation, reply, Reply::status("PONG"));
    case Kind::quit:
      return require(operation, reply, Reply::status("OK"));
    case Kind::echo:
      return require(operation, reply, Reply::bulk(operation.value));
    case Kind::get:
      return check_read(operation, reply, now_ms);
    case Kind::pttl:
      return check_time_to_live(operation, reply, now_ms);
    case Kind::incr:
      return check_increment(operation, reply);
    default:
      break;
  }
  Key& key = keys_[operation.key];
  if (operation.kind == Kind::set || operation.kind == Kind::set_with_expiry) {
    require(operation, reply, Reply::status("OK"));
    key.value = operation.value;
    key.possible.insert(operation.value);
    key.expires_from_ms.reset();
    if (operation.kind == Kind::set_with_expiry) {
      key.expires_from_ms = operation.issued_ms + operation.lifetime_ms;
      key.expires_until_ms = now_ms + operation.lifetime_ms;
    }
    return;
  }
  const Reply expected = Reply::number(key.value ? 1 : 0);
  if (!key.doubtful || reply != Reply::number(key.value ? 0 : 1)) require(operation, reply, expected);
  if (operation.kind == Kind::del) key.value.reset();
}

void Expectations::check_read(const Operation& operation, const Reply& reply, std::int64_t now_ms) {
  const Key& key = keys_[operation.key];
  const bool is_null = reply.kind == Reply::Kind::null;
  if (key.doubtful) {
    if (is_null || (reply.kind == Reply::Kind::bulk && (key.counts || key.possible.contains(reply.text))))
      return;
    wrong(operation, reply, "one of " + std::to_string(key.possible.size()) + " possible values");
  }
  const bool may_be_gone = key.expires_from_ms && now_ms >= *key.expires_from_ms;
  const bool must_be_gone = key.expires_from_ms && operation.issued_ms >= key.expires_until_ms;
  if (!key.value || must_be_gone) return require(operation, reply, Reply::null());
  if (!(may_be_gone && is_null)) require(operation, reply, Reply::bulk(*key.value));
}

void Expectations::check_time_to_live(const Operation& operation, const Reply& reply, std::int64_t now_ms) {
  const Key& key = keys_[operation.key];
  if (reply.kind != Reply::Kind::integer) wrong(operation, reply, "an integer");
  if (key.doubtful) return;
  constexpr std::int64_t no_such_key = -2;
  if (!key.value || operation.issued_ms >= key.expires_until_ms) {
    return require(operation, reply, Reply::number(no_such_key));
  }
  if (reply.integer == no_such_key && now_ms >= *key.expires_from_ms) return;
  if (reply.integer <= 0 || reply.integer > key.expires_until_ms - operation.issued_ms) {
    wrong(operation, reply, "the time that is left");
  }
}

void Expectations::check_increment(const Operation& operation, const Reply& reply) {
  Key& key = keys_[operation.key];
  if (reply.kind != Reply::Kind::integer) wrong(operation, reply, "an integer");
  const std::int64_t before = key.value ? parse_integer(*key.value).value_or(0) : 0;
  if (!key.doubtful) require(operation, reply, Reply::number(before + 1));
  key.value = std::to_string(reply.integer);
}

/// It may have been executed, or may be yet.
void Expectations::unknown_outcome(const Operation& operation) {
  if (operation.repeatable() || operation.kind == Kind::quit) return;
  Key& key = keys_[operation.key];
  if (key.value) key.possible.insert(*key.value);
  key.doubtful = true;
  if (operation.kind == Kind::incr) {
    key.counts = true;
  } else if (operation.kind != Kind::del) {
    key.possible.insert(operation.value);
  }
}

}  // namespace resp
