#include <twinwire/sim/host.hpp>
#include <twinwire/sim/udp/udp_socket.hpp>
#include <twinwire/sim/udp/udp_stack.hpp>
#include <twinwire/sim/udp/udp_wire.hpp>
#include <twinwire/sim/world.hpp>

#include <algorithm>
#include <optional>
#include <stdexcept>

namespace twinwire::sim {
namespace {

/// The most that one is overtaken by, in latencies.
constexpr std::uint64_t overtaken_max = 16;

std::size_t header_size(const Address& to) {
  return to.family() == Family::ipv4 ? 20 + 8 : 40 + 8;
}

}  // namespace

/// A datagram on its way, or the news of its refusal on the way back.
class UdpStack::Flight final : public detail::Event {
 public:
  explicit Flight(UdpStack& sender) : sender_(sender) {}

  void fire() override {
    World& world = sender_.host_.world();
    if (refusal) {
      world.set_current(sender_.host_, "datagram refused");
      world.fingerprint_state().add(flow->key(), ordinal * 2 + 1);
      sender_.refused(from, to);
    } else {
      world.set_current(*receiver, "datagram");
      world.fingerprint_state().add(flow->key(), ordinal * 2);
      world.fingerprint_state().add(Bytes(data));
      const bool taken = receiver->udp().deliver(*this);
      world.publish(*receiver, taken ? "datagram" : "datagram refused", flow->name(), ordinal, data);
      if (!taken && !is_broadcast(to)) {
        refusal = true;
        world.schedule(*this, world.time() + world.link(*receiver, sender_.host_).options.latency);
        return;
      }
    }
    sender_.free_flights_.push_back(this);
  }

  /// Becomes the like of another one that has just been made.
  void repeat(const Flight& other) {
    receiver = other.receiver;
    flow = other.flow;
    ordinal = other.ordinal;
    from = other.from;
    to = other.to;
    data = other.data;
    refusal = other.refusal;
  }

  Host* receiver = nullptr;
  UdpFlow* flow = nullptr;
  std::uint64_t ordinal = 0;
  Address from;
  Address to;
  std::vector<std::byte> data;
  bool refusal = false;

 private:
  UdpStack& sender_;
};

UdpStack::UdpStack(Host& host) : host_(host) {}

UdpStack::~UdpStack() = default;

bool UdpStack::is_broadcast(const Address& address) noexcept {
  if (address.family() != Family::ipv4) return false;
  const auto& bytes = address.bytes();
  const bool first = bytes[0] == 255 || bytes[0] == 127 || bytes[0] == 10;
  return first && bytes[1] == 255 && bytes[2] == 255 && bytes[3] == 255;
}

// --- sockets ---

std::unique_ptr<DatagramWire> UdpStack::open(const detail::DatagramSocketOptions& options,
                                             error_code& error) {
  UdpBinding binding;
  binding.family = options.family;
  binding.reuse_port = options.reuse_port;
  binding.allow_broadcast = options.allow_broadcast;
  const Address any = Address::of(options.family == Family::ipv6 ? "::" : "0.0.0.0", 0);
  binding.local = any;
  if (options.local) error = bind(binding, *options.local);
  if (!error.failed() && options.remote) {
    if (options.remote->port() == 0) {
      error = make_error(errc::invalid_argument);
    } else if (is_broadcast(*options.remote) && !options.allow_broadcast) {
      error = make_error(errc::permission_denied);
    } else {
      binding.remote = *options.remote;
      error = bind_for(binding, *options.remote);
    }
  }
  if (error.failed()) return nullptr;
  const NativeHandle handle = host_.open_descriptor(error);
  if (!handle) return nullptr;
  return std::make_unique<UdpWire>(detail::make_ref<UdpSocket>(host_, binding, handle));
}

bool UdpStack::port_taken(const Address& address, bool reuse_port) const {
  return std::ranges::any_of(sockets_at(address.port()), [&](const UdpSocket* other) {
    return overlap(other->binding().local, address) && !(reuse_port && other->binding().reuse_port);
  });
}

error_code UdpStack::bind(UdpBinding& binding, Address address) {
  if (!host_.has(address) && !is_broadcast(address)) return make_error(errc::address_not_available);
  if (address.port() == 0) {
    address = address.with_port(
        ports_.next([&](std::uint16_t port) { return port_taken(address.with_port(port), false); }));
  }
  if (address.port() == 0 || port_taken(address, binding.reuse_port)) return make_error(errc::address_in_use);
  binding.local = address;
  return {};
}

error_code UdpStack::bind_for(UdpBinding& binding, const Address& remote) {
  const bool connecting = binding.remote && binding.local.is_unspecified();
  if (binding.local.port() != 0 && !connecting) return {};
  Address local = binding.local;
  if (connecting) {
    // A connected socket has the address that its datagrams come from.
    error_code error;
    const std::optional<Address> own = host_.source_address(remote, error);
    if (!own) return error;
    local = own->with_port(local.port());
    if (local.port() != 0) {
      binding.local = local;
      return {};
    }
  }
  return bind(binding, local);
}

void UdpStack::join(UdpSocket& socket) {
  sockets_[socket.binding().local.port()].push_back(&socket);
}

void UdpStack::leave(UdpSocket& socket) noexcept {
  const auto found = sockets_.find(socket.binding().local.port());
  if (found == sockets_.end()) return;
  std::erase(found->second, &socket);
  if (found->second.empty()) sockets_.erase(found);
}

const std::vector<UdpSocket*>& UdpStack::sockets_at(std::uint16_t port) const noexcept {
  static const std::vector<UdpSocket*> none;
  const auto found = sockets_.find(port);
  return found == sockets_.end() ? none : found->second;
}

// --- sending ---

/// No two addresses have the same name, unlike World::name_of, to which all of a host's own may be one.
std::string UdpStack::name_of(const Address& address) const {
  const bool one_of_ours = host_.has(address) && !address.is_unspecified() &&
                           (address.is_loopback() || host_.options().addresses.size() > 1);
  if (one_of_ours) return host_.name() + "@" + address.to_string();
  return address.is_unspecified() ? host_.name() + ":" + std::to_string(address.port())
                                  : host_.world().name_of(address, host_);
}

UdpFlow& UdpStack::flow(const Address& from, const Address& to, bool forged) {
  auto& flow = flows_[{from, to}];
  if (!flow) {
    World& world = host_.world();
    const std::string sender = forged ? host_.name() + " as " + world.name_of(from, host_) : name_of(from);
    flow = std::make_unique<UdpFlow>(world.choices(), sender + ">" + name_of(to) + "/udp");
  }
  return *flow;
}

TimePoint UdpStack::send(const UdpBinding& binding, const Address& to, Bytes data) {
  World& world = host_.world();
  Address target = to;
  if (target.is_unspecified()) {
    // "This host", as Linux takes it.
    target = Address::of(to.family() == Family::ipv4 ? "127.0.0.1" : "::1", to.port());
  }
  Address from = binding.local;
  if (from.is_unspecified()) {
    error_code no_way;
    from = host_.source_address(target, no_way).value_or(from).with_port(from.port());
  }
  UdpFlow& sent = flow(from, target);
  if (!is_broadcast(target)) {
    Host* receiver = world.host_at(target, host_);
    // What goes to an address that no host has is never heard of again.
    return receiver ? send_to(*receiver, sent, from, target, data) : world.time();
  }
  TimePoint last = world.time();
  for (const auto& receiver : world.hosts()) {
    if (target.is_loopback() && receiver.get() != &host_) continue;
    last = std::max(last, send_to(*receiver, sent, from, target, data));
  }
  return last;
}

void UdpStack::forge(const Address& from, const Address& to, Bytes data) {
  if (from.family() != to.family() || from.port() == 0 || to.port() == 0) {
    throw std::invalid_argument("a forged datagram needs two addresses of one family, with ports");
  }
  Host* receiver = host_.world().host_at(to, host_);
  if (receiver) send_to(*receiver, flow(from, to, !host_.has(from)), from, to, data);
}

TimePoint UdpStack::send_to(Host& receiver, UdpFlow& flow, const Address& from, const Address& to,
                            Bytes data) {
  World& world = host_.world();
  Choices& choices = world.choices();
  Link& link = world.link(host_, receiver);
  const LinkOptions& options = link.options;
  const std::uint64_t ordinal = flow.next();
  Flight& flight = take_flight();
  flight.receiver = &receiver;
  flight.flow = &flow;
  flight.ordinal = ordinal;
  flight.from = from;
  flight.to = to;
  flight.refusal = false;
  flight.data.assign(data.begin(), data.end());
  const std::size_t fits = options.mtu - header_size(to);
  if (data.size() > fits && options.truncate.numerator != 0 &&
      choices.draw_rare(flow.truncate, ordinal, options.truncate, 1) != 0) {
    flight.data.resize(fits);
  }
  if (!flight.data.empty() && options.corrupt.numerator != 0) {
    const std::uint64_t bit =
        choices.draw_rare(flow.corrupt, ordinal, options.corrupt, flight.data.size() * 8);
    if (bit != 0) flight.data[(bit - 1) / 8] ^= std::byte{1} << ((bit - 1) % 8);
  }
  const TimePoint departure = link.departure(world.time(), data.size() + header_size(to));
  const bool twice = options.duplicate.numerator != 0 &&
                     choices.draw_rare(flow.duplicate, ordinal, options.duplicate, 1) != 0;
  Flight* const second = twice ? &take_flight() : nullptr;
  if (second) second->repeat(flight);
  launch(link, flight, 0, departure);
  if (second) launch(link, *second, 1, departure);
  return departure;
}

/// Lets it go, unless it is lost.
void UdpStack::launch(Link& link, Flight& flight, std::uint64_t copy, TimePoint departure) {
  World& world = host_.world();
  Choices& choices = world.choices();
  const UdpFlow& flow = *flight.flow;
  const std::uint64_t ordinal = paired_ordinal(flight.ordinal, copy);
  if (link.loses(choices, flow.loss, ordinal)) {
    world.publish(host_, "datagram lost", flow.name(), flight.ordinal, flight.data);
    free_flights_.push_back(&flight);
    return;
  }
  Duration delay = link.delay(choices, flow.jitter, ordinal);
  if (link.options.overtaken.numerator != 0) {
    delay += link.options.latency * static_cast<std::int64_t>(choices.draw_rare(
                                        flow.overtaken, ordinal, link.options.overtaken, overtaken_max));
  }
  world.schedule(flight, departure + delay);
}

UdpStack::Flight& UdpStack::take_flight() {
  if (free_flights_.empty()) {
    flights_.push_back(std::make_unique<Flight>(*this));
    free_flights_.push_back(flights_.back().get());
  }
  Flight& flight = *free_flights_.back();
  free_flights_.pop_back();
  return flight;
}

// --- receiving ---

/// Who gets it: those connected to the sender before those that are not, the exact address before any.
std::vector<UdpSocket*> UdpStack::receivers(const Flight& flight) const {
  const auto fitness = [&](const UdpSocket& socket) {
    const UdpBinding& binding = socket.binding();
    if (!overlap(binding.local, flight.to) && !is_broadcast(flight.to)) return 0;
    if (binding.remote && *binding.remote != flight.from) return 0;
    return 1 + (binding.remote ? 2 : 0) + (binding.local.is_unspecified() ? 0 : 1);
  };
  int best = 0;
  std::vector<UdpSocket*> found;
  for (UdpSocket* socket : sockets_at(flight.to.port())) {
    const int fits = fitness(*socket);
    if (fits == 0) continue;
    if (fits > best && !is_broadcast(flight.to)) found.clear();
    if (fits >= best || is_broadcast(flight.to)) found.push_back(socket);
    best = std::max(best, fits);
  }
  return found;
}

bool UdpStack::deliver(const Flight& flight) {
  std::vector<UdpSocket*> found = receivers(flight);
  if (found.empty()) return false;
  if (found.size() > 1 && !is_broadcast(flight.to)) {
    // All datagrams of a flow go to the same one.
    const std::uint64_t chosen = host_.world().choices().draw(flight.flow->listener, 0, found.size());
    found = {found[chosen]};
  }
  for (UdpSocket* socket : found) {
    // The one before may have made its user close this one.
    const std::vector<UdpSocket*>& open = sockets_at(flight.to.port());
    if (std::ranges::find(open, socket) != open.end()) socket->deliver(flight.from, flight.data);
  }
  return true;
}

void UdpStack::refused(const Address& local, const Address& remote) {
  const std::vector<UdpSocket*>& sockets = sockets_at(local.port());
  const auto found = std::ranges::find_if(sockets, [&](const UdpSocket* socket) {
    return socket->binding().local == local && socket->binding().remote == remote;
  });
  if (found != sockets.end()) (*found)->note_error(make_error(errc::connection_refused));
}

}  // namespace twinwire::sim
