#include <twinwire/net/loop.hpp>
#include <twinwire/net/operations/connect_operation.hpp>
#include <twinwire/net/operations/establish_stream.hpp>
#include <twinwire/net/operations/lookup.hpp>

#include <algorithm>
#include <stdexcept>

namespace twinwire::detail {
namespace {

/// How often a Unix socket with a full backlog is tried again, as nobody tells when there is room: doubled
/// each time up to the most. Given up after as long as TCP tries to connect.
constexpr Duration backlog_retry_min = std::chrono::milliseconds(10);
constexpr Duration backlog_retry_max = std::chrono::seconds(1);
constexpr Duration backlog_patience = std::chrono::seconds(127);

TlsPlan client_plan(const TlsClientSettings& settings) {
  return {settings.tls, tls_end(settings, /*server_side=*/false, settings.server_hostname.value_or(""))};
}

/// Resolves, then connects to one address after the other, or to several in overlap (RFC 8305).
class ConnectOperation final : public EstablishStream {
 public:
  ConnectOperation(Loop& loop, ProtocolFactory factory, ConnectOptions options, std::string target,
                   Completion<Connection> done)
      : EstablishStream(loop, "connect to " + target, std::move(factory), client_plan(options),
                        std::move(done)),
        options_(std::move(options)),
        target_(std::move(target)) {}

  /// With an address that is known already: `options` has nothing to look up.
  void start(const Address& address) {
    addresses_.push_back(address);
    timer_ = loop().call_soon([self = Ref<ConnectOperation>(this)] { self->start_next(); });
  }

  void start() {
    lookup_.start(loop(), {options_.host, options_.port.text(), options_.family, false},
                  "resolve " + describe(options_.host, options_.port.text()),
                  [self = Ref<ConnectOperation>(this)](std::exception_ptr failure, auto addresses) {
                    self->resolved(std::move(failure), std::move(addresses));
                  });
  }

 private:
  /// One socket on its way to one address.
  class Try final : public WireSink {
   public:
    Try(ConnectOperation& operation, std::size_t index) : operation_(operation), index(index) {}
    void on_readable() override {}
    void on_hang_up() override { on_writable(); }
    void on_writable() override { operation_.progressed(*this); }

   private:
    ConnectOperation& operation_;

   public:
    std::size_t index;
    std::unique_ptr<Wire> wire;
  };

  void resolved(std::exception_ptr failure, std::vector<Address> addresses) {
    if (failure) {
      complete(std::move(failure), {});
      return;
    }
    const int default_interleave = options_.happy_eyeballs_delay ? 1 : 0;
    addresses_ = interleave_families(std::move(addresses), options_.interleave.value_or(default_interleave));
    if (!options_.local_addr) {
      start_next();
      return;
    }
    const auto& [host, port] = *options_.local_addr;
    lookup_.start(loop(), {host, port.text(), options_.family, true},
                  "resolve the local address " + describe(host, port.text()),
                  [self = Ref<ConnectOperation>(this)](std::exception_ptr failure, auto locals) {
                    self->local_resolved(std::move(failure), std::move(locals));
                  });
  }

  void local_resolved(std::exception_ptr failure, std::vector<Address> locals) {
    if (failure) {
      complete(std::move(failure), {});
      return;
    }
    locals_ = std::move(locals);
    start_next();
  }

  void start_next() {
    timer_.cancel();
    while (next_ < addresses_.size()) {
      const std::size_t index = next_++;
      if (start_try(index)) {
        if (options_.happy_eyeballs_delay && next_ < addresses_.size()) {
          timer_ = loop().call_later(*options_.happy_eyeballs_delay,
                                     [self = Ref<ConnectOperation>(this)] { self->start_next(); });
        }
        return;
      }
    }
    fail_if_over();
  }

  /// Begins one attempt, from the first local address that will do. False if it failed at once.
  bool start_try(std::size_t index) {
    const Address& remote = addresses_[index];
    auto attempt = std::make_unique<Try>(*this, index);
    error_code error;
    std::optional<Address> from;
    if (locals_.empty()) {
      attempt->wire = loop().backend().connect(remote, std::nullopt, error);
    } else {
      error = make_error(errc::address_family_not_supported);
      for (const Address& local : locals_) {
        if (local.family() != remote.family()) continue;
        attempt->wire = loop().backend().connect(remote, local, error);
        if (attempt->wire) break;
        from = local;
      }
    }
    if (!attempt->wire) {
      if (retry_later(remote, error)) return true;
      note_failure(index, error, from);
      return false;
    }
    attempt->wire->set_sink(attempt.get());
    tries_.push_back(std::move(attempt));
    return true;
  }

  /// A Unix socket whose backlog is full is waited for, as TCP does by itself. False if that is not the
  /// error; timed_out when it took too long.
  bool retry_later(const Address& remote, error_code& error) {
    if (remote.family() != Family::unix_domain || error != errc::resource_unavailable_try_again) return false;
    const TimePoint now = loop().time();
    if (!give_up_) give_up_ = saturating_add(now, backlog_patience);
    if (now >= *give_up_) {
      error = make_error(errc::timed_out);
      return false;
    }
    --next_;
    timer_ = loop().call_later(backlog_retry_, [self = Ref<ConnectOperation>(this)] { self->start_next(); });
    backlog_retry_ = std::min(2 * backlog_retry_, backlog_retry_max);
    return true;
  }

  void progressed(Try& attempt) {
    if (ended() || !attempt.wire) return;
    const error_code error = attempt.wire->finish_connect();
    if (error == errc::operation_would_block) return;
    const Ref<ConnectOperation> self(this);
    attempt.wire->set_sink(nullptr);
    std::unique_ptr<Wire> wire = std::move(attempt.wire);
    if (!error.failed()) {
      release_wires();
      connected(std::move(wire));
      return;
    }
    wire->close();
    wire.reset();
    note_failure(attempt.index, error);
    // The next one waits for the latest only: an earlier one that fails late changes nothing (RFC 8305).
    if (attempt.index + 1 == next_ && next_ < addresses_.size()) {
      start_next();
    } else {
      fail_if_over();
    }
  }

  void note_failure(std::size_t index, error_code error, const std::optional<Address>& from = {}) {
    std::string target = addresses_[index].to_string();
    if (from) target += " from " + from->to_string();
    failures_.push_back({index, Attempt{std::move(target), error}});
  }

  void fail_if_over() {
    const bool alive =
        std::ranges::any_of(tries_, [](const auto& attempt) { return attempt->wire != nullptr; });
    if (alive || ended()) return;
    std::ranges::sort(failures_, {}, [](const auto& failure) { return failure.first; });
    std::vector<Attempt> attempts;
    attempts.reserve(failures_.size());
    for (auto& [index, attempt] : failures_) attempts.push_back(std::move(attempt));
    std::string sentence = description();
    if (attempts.size() == 1 && attempts.front().target != target_) {
      sentence += " (" + attempts.front().target + ")";
    }
    const error_code first = attempts.front().error;
    complete(operation_failure(first, sentence, std::move(attempts)), {});
  }

  void release_wires() noexcept override {
    lookup_.abandon();
    timer_.cancel();
    stop_securing();
    for (const auto& attempt : tries_) {
      if (attempt->wire) attempt->wire->close();
      attempt->wire.reset();
    }
    next_ = addresses_.size();
  }

  ConnectOptions options_;
  std::string target_;  ///< as it is called in sentences
  Lookup lookup_;
  std::vector<Address> addresses_;
  std::vector<Address> locals_;
  std::size_t next_ = 0;
  std::vector<std::unique_ptr<Try>> tries_;
  std::vector<std::pair<std::size_t, Attempt>> failures_;
  Handle timer_;
  Duration backlog_retry_ = backlog_retry_min;
  std::optional<TimePoint> give_up_;
};

void require_one_source(const ConnectOptions& options) {
  const bool has_address = !options.host.empty() || !options.port.text().empty();
  if (options.sock && has_address) {
    throw std::invalid_argument("create_connection: host and port cannot be combined with sock");
  }
  if (!options.sock && !has_address) {
    throw std::invalid_argument("create_connection: neither host and port nor sock was given");
  }
  if (options.happy_eyeballs_delay && *options.happy_eyeballs_delay < Duration::zero()) {
    throw std::invalid_argument("create_connection: happy_eyeballs_delay is negative");
  }
  if (options.interleave && *options.interleave < 0) {
    throw std::invalid_argument("create_connection: interleave is negative");
  }
  check_tls_client("create_connection", options, !options.host.empty());
}

}  // namespace

std::optional<Address> unix_address(Loop& loop, const char* operation, std::string path, NativeHandle sock) {
  const std::string caller(operation);
  if (sock && !path.empty()) throw std::invalid_argument(caller + ": path cannot be combined with sock");
  if (!sock && path.empty()) throw std::invalid_argument(caller + ": neither path nor sock was given");
  if (!sock) return Address::from_path(std::move(path));
  if (loop.backend().family_of(sock) != Family::unix_domain) {
    throw std::invalid_argument(caller + ": sock is not a Unix socket");
  }
  return std::nullopt;
}

std::vector<Address> interleave_families(std::vector<Address> addresses, int first_count) {
  if (first_count == 0 || addresses.empty()) return addresses;
  const Family first_family = addresses.front().family();
  std::vector<Address> first;
  std::vector<Address> second;
  for (const Address& address : addresses) {
    (address.family() == first_family ? first : second).push_back(address);
  }
  std::vector<Address> mixed;
  const std::size_t head = std::min(first.size(), static_cast<std::size_t>(first_count) - 1);
  mixed.assign(first.begin(), first.begin() + static_cast<std::ptrdiff_t>(head));
  for (std::size_t i = head, j = 0; i < first.size() || j < second.size(); ++i, ++j) {
    if (i < first.size()) mixed.push_back(first[i]);
    if (j < second.size()) mixed.push_back(second[j]);
  }
  return mixed;
}

Operation start_connect(Loop& loop, ProtocolFactory factory, ConnectOptions options,
                        Completion<Connection> done) {
  require_one_source(options);
  if (options.sock) {
    return start_adopt(loop, std::move(factory), options.sock, client_plan(options), std::move(done));
  }
  if (!options.server_hostname) options.server_hostname = options.host;
  std::string target = describe(options.host, options.port.text());
  const auto operation = make_ref<ConnectOperation>(loop, std::move(factory), std::move(options),
                                                    std::move(target), std::move(done));
  operation->start();
  return Operation(operation);
}

Operation start_unix_connect(Loop& loop, ProtocolFactory factory, UnixConnectOptions options,
                             Completion<Connection> done) {
  const auto address = unix_address(loop, "create_unix_connection", std::move(options.path), options.sock);
  check_tls_client("create_unix_connection", options, /*has_host=*/false);
  if (!address) {
    return start_adopt(loop, std::move(factory), options.sock, client_plan(options), std::move(done));
  }
  ConnectOptions common;
  static_cast<TlsClientSettings&>(common) = options;
  const auto operation = make_ref<ConnectOperation>(loop, std::move(factory), std::move(common),
                                                    address->to_string(), std::move(done));
  operation->start(*address);
  return Operation(operation);
}

}  // namespace twinwire::detail
