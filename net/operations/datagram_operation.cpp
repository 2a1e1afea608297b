// create_datagram_endpoint.
#include <twinwire/net/loop.hpp>
#include <twinwire/net/operations/connect_operation.hpp>
#include <twinwire/net/operations/establish_operation.hpp>
#include <twinwire/net/operations/lookup.hpp>
#include <twinwire/net/state/datagram_state.hpp>

#include <stdexcept>
#include <vector>

namespace twinwire::detail {
namespace {

struct DatagramKind {
  using Factory = DatagramProtocolFactory;
  using Wire = DatagramWire;
  using State = DatagramState;
  using Handle = DatagramTransport;
  using Result = DatagramEndpoint;
};

using HostAndPort = std::optional<std::pair<std::string, Port>>;

std::string in_words(const HostAndPort& address) {
  return describe(address->first, address->second.text());
}

std::string in_words(const DatagramOptions& options) {
  std::string text = "open a datagram endpoint";
  if (options.local_addr) text += " on " + in_words(options.local_addr);
  if (options.remote_addr) text += " to " + in_words(options.remote_addr);
  return text;
}

/// Resolves both addresses, then tries their combinations in order until a socket is bound and connected.
class DatagramOperation final : public EstablishOperation<DatagramKind> {
 public:
  DatagramOperation(Loop& loop, DatagramProtocolFactory factory, DatagramOptions options,
                    Completion<DatagramEndpoint> done)
      : EstablishOperation(loop, in_words(options), std::move(factory), std::move(done)),
        options_(std::move(options)) {}

  void start() {
    if (options_.sock) {
      adopt();
    } else if (!options_.local_addr && !options_.remote_addr) {
      soon_ = loop().call_soon([self = Ref<DatagramOperation>(this)] { self->open_any(); });
    } else {
      resolve(options_.local_addr, true, local_, [](DatagramOperation& self) {
        self.resolve(self.options_.remote_addr, false, self.remote_,
                     [](DatagramOperation& both) { both.open_any(); });
      });
    }
  }

 private:
  void release_wires() noexcept override {
    lookup_.abandon();
    soon_.cancel();
    wire_.reset();
  }

  void adopt() {
    error_code error;
    wire_ = loop().backend().adopt_datagram(options_.sock, error);
    if (!wire_) {
      [[maybe_unused]] const auto keep = end();
      throw std::invalid_argument("create_datagram_endpoint: sock is not a socket for datagrams");
    }
    soon_ = loop().call_soon([self = Ref<DatagramOperation>(this)] {
      if (!self->ended()) self->establish(std::move(self->wire_));
    });
  }

  /// Goes on with `next` once the addresses are known; at once if none was asked for.
  void resolve(const HostAndPort& asked, bool passive, std::vector<Address>& found,
               void (*next)(DatagramOperation&)) {
    if (!asked) {
      next(*this);
      return;
    }
    lookup_.start(loop(), {asked->first, asked->second.text(), options_.family, passive},
                  description() + ": resolve " + in_words(asked),
                  [self = Ref<DatagramOperation>(this), &found, next](std::exception_ptr failure,
                                                                      std::vector<Address> addresses) {
                    if (failure) {
                      self->complete(std::move(failure), {});
                    } else {
                      found = std::move(addresses);
                      next(*self);
                    }
                  });
  }

  /// Every remote address with every local one of its family, in their order.
  std::vector<DatagramSocketOptions> candidates() const {
    DatagramSocketOptions common;
    common.family = options_.family;
    common.reuse_port = options_.reuse_port;
    common.allow_broadcast = options_.allow_broadcast;
    std::vector<DatagramSocketOptions> all;
    const auto add = [&](const Address* local, const Address* remote) {
      if (local && remote && local->family() != remote->family()) return;
      DatagramSocketOptions candidate = common;
      if (local) candidate.local = *local;
      if (remote) candidate.remote = *remote;
      if (local || remote) candidate.family = (local ? local : remote)->family();
      all.push_back(candidate);
    };
    const auto add_locals = [&](const Address* remote) {
      if (!options_.local_addr) add(nullptr, remote);
      for (const Address& local : local_) add(&local, remote);
    };
    if (!options_.remote_addr) add_locals(nullptr);
    for (const Address& remote : remote_) add_locals(&remote);
    return all;
  }

  void open_any() {
    const Ref<DatagramOperation> self(this);
    error_code first;
    std::vector<Attempt> attempts;
    for (const DatagramSocketOptions& candidate : candidates()) {
      error_code error;
      if (auto wire = loop().backend().open_datagram(candidate, error)) {
        establish(std::move(wire));
        return;
      }
      if (!first.failed()) first = error;
      const std::optional<Address>& shown = candidate.remote ? candidate.remote : candidate.local;
      attempts.push_back({shown ? shown->to_string() : "", error});
    }
    // Without a candidate, the two addresses have no family in common.
    if (!first.failed()) first = make_error(errc::address_family_not_supported);
    complete(operation_failure(first, description(), std::move(attempts)), {});
  }

  DatagramOptions options_;
  Lookup lookup_;
  Handle soon_;
  std::vector<Address> local_;
  std::vector<Address> remote_;
  std::unique_ptr<DatagramWire> wire_;
};

}  // namespace

Operation start_datagram(Loop& loop, DatagramProtocolFactory factory, DatagramOptions options,
                         Completion<DatagramEndpoint> done) {
  const bool has_address = options.local_addr || options.remote_addr;
  if (options.sock && (has_address || options.family != Family::unspecified || options.reuse_port ||
                       options.allow_broadcast)) {
    throw std::invalid_argument("create_datagram_endpoint: sock cannot be combined with other options");
  }
  if (!options.sock && !has_address && options.family == Family::unspecified) {
    throw std::invalid_argument(
        "create_datagram_endpoint: neither an address, nor a family, nor sock was given");
  }
  const auto operation =
      make_ref<DatagramOperation>(loop, std::move(factory), std::move(options), std::move(done));
  operation->start();
  return Operation(operation);
}

}  // namespace twinwire::detail
