#include "name_server.hpp"

#include "endpoints.hpp"

#include <twinwire/real/resolver.hpp>
#include <twinwire/sim/world.hpp>

#include <algorithm>
#include <netinet/in.h>
#include <resolv.h>
#include <utility>

#include <catch2/catch.hpp>

namespace twinwire::contract {
namespace {

constexpr std::size_t header_size = 12;
constexpr int type_a = 1;
constexpr int type_aaaa = 28;
constexpr int no_such_name = 3;
constexpr int server_failure = 2;

/// From now on this thread asks the server at that port of 127.0.0.1, once, for so many seconds at most.
void ask_only(std::uint16_t port, int seconds_max) {
  ::res_init();
  _res.nscount = 1;
  _res.nsaddr_list[0] = {};
  _res.nsaddr_list[0].sin_family = AF_INET;
  _res.nsaddr_list[0].sin_port = htons(port);
  _res.nsaddr_list[0].sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  _res.retrans = seconds_max;
  _res.retry = 1;
  _res.options &= ~static_cast<unsigned long>(RES_DNSRCH | RES_DEFNAMES);
}

std::string number(std::size_t value, int bytes) {
  std::string text;
  while (bytes-- > 0) text += static_cast<char>(value >> (8 * bytes));
  return text;
}

/// The labels of the name that is asked for, and the offset behind them.
std::pair<std::string, std::size_t> name_in(const std::string& question) {
  std::string name;
  std::size_t at = header_size;
  while (at < question.size() && question[at] != 0) {
    const auto length = static_cast<std::size_t>(question[at]);
    if (!name.empty()) name += '.';
    name += question.substr(at + 1, length);
    at += length + 1;
  }
  return {name, at + 1};
}

std::string record(const Address& address, int type) {
  constexpr int class_internet = 1;
  constexpr int seconds_to_live = 0;
  const std::string bytes(address.bytes().begin(), address.bytes().begin() + (type == type_a ? 4 : 16));
  return number(0xc000 + header_size, 2) + number(static_cast<std::size_t>(type), 2) +
         number(class_internet, 2) + number(seconds_to_live, 4) + number(bytes.size(), 2) + bytes;
}

}  // namespace

NameServer::NameServer(Stage& stage) : stage_(stage) {
  if (!stage.simulated()) ask_over_loopback();
}

NameServer::~NameServer() {
  if (!endpoint_) return;
  stage_.client().set_resolver(nullptr);
  endpoint_->clear_hooks();
  endpoint_->transport.abort();
}

void NameServer::ask_over_loopback() {
  DatagramOptions options;
  options.local_addr = {"127.0.0.1", 0};
  endpoint_ = stage_.open_endpoint(stage_.server(), "name server", options);
  endpoint_->on_datagram = [this](const DatagramRecorder::Received& received) {
    answer(received.data, received.sender);
  };
  const std::uint16_t port = endpoint_->transport.sockname()->port();
  Loop& loop = stage_.client();
  loop.set_resolver([this, &loop, port](const ResolveRequest& request, ResolveHandler handler) {
    using Found = std::pair<error_code, std::vector<Address>>;
    const auto entry = entries_.find(request.host);
    const bool silent = entry != entries_.end() && entry->second.saying == Saying::nothing;
    const int seconds_max = silent ? 1 : 20;  // it is waited for in vain, or else a busy system is slow
    loop.run_in_executor(
        [request, port, seconds_max] {
          ask_only(port, seconds_max);
          Found found;
          found.first = real::look_up(request, found.second);
          return found;
        },
        [handler = std::move(handler)](const std::exception_ptr&, Found found) mutable {
          handler(found.first, std::move(found.second));
        });
  });
}

void NameServer::answer(const std::string& question, const Address& sender) {
  const auto [name, end] = name_in(question);
  const auto type = static_cast<int>(static_cast<unsigned char>(question.at(end + 1)));
  const auto known = entries_.find(name);
  const Entry entry = known == entries_.end() ? Entry{} : known->second;
  if (entry.saying == Saying::nothing) return;
  std::string records;
  std::size_t count = 0;
  for (const Address& address : entry.addresses) {
    if (type != (address.family() == Family::ipv4 ? type_a : type_aaaa)) continue;
    records += record(address, type);
    ++count;
  }
  const int code = entry.saying == Saying::failure ? server_failure
                   : known == entries_.end()       ? no_such_name
                                                   : 0;
  constexpr std::size_t response_flags = 0x8180;
  endpoint_->sendto(question.substr(0, 2) + number(response_flags + static_cast<std::size_t>(code), 2) +
                        number(1, 2) + number(count, 2) + number(0, 4) +
                        question.substr(header_size, end + 4 - header_size) + records,
                    sender);
}

void NameServer::add(const std::string& name, std::vector<Address> addresses) {
  if (sim::World* const world = stage_.world()) world->names().add(name, addresses);
  entries_[name] = {Saying::addresses, std::move(addresses)};
}

void NameServer::spoil(const std::string& name, Saying saying) {
  if (sim::World* const world = stage_.world()) {
    world->names().zone(name).server =
        saying == Saying::failure ? sim::NameServer::failing : sim::NameServer::silent;
  }
  entries_[name].saying = saying;
}

std::shared_ptr<Outcome<std::vector<Address>>> NameServer::look_up(const std::string& name, const Port& port,
                                                                   Family family) {
  const auto outcome = Outcome<std::vector<Address>>::make();
  ResolveOptions options;
  options.family = family;
  as_user([&] { stage_.client().getaddrinfo(name, port, options, outcome->completion()); });
  stage_.run_until([&] { return outcome->done(); }, "the look-up");
  return outcome;
}

}  // namespace twinwire::contract
