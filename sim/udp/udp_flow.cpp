#include <twinwire/sim/udp/udp_flow.hpp>

#include <utility>

namespace twinwire::sim {
namespace {

constexpr Purpose loss_purpose{"datagram loss", "{entity}: datagram {major} was lost (copy {minor})"};
constexpr Purpose jitter_purpose{
    "datagram jitter", "{entity}: datagram {major} came {outcome}/63 of the jitter later (copy {minor})"};
constexpr Purpose duplicate_purpose{"datagram copy", "{entity}: datagram {ordinal} came twice"};
constexpr Purpose overtaken_purpose{
    "datagram order", "{entity}: datagram {major} took {outcome} latencies more, and was overtaken"};
constexpr Purpose corrupt_purpose{"datagram bits",
                                  "{entity}: a bit of datagram {ordinal} was flipped (bit {outcome} less 1)"};
constexpr Purpose truncate_purpose{"datagram length",
                                   "{entity}: datagram {ordinal} was cut to what fits into one packet"};
constexpr Purpose listener_purpose{"datagram receiver",
                                   "{entity}: went to socket {outcome} of those that share the port"};

}  // namespace

UdpFlow::UdpFlow(Choices& choices, std::string name)
    : loss(choices.site(name, loss_purpose)),
      jitter(choices.site(name, jitter_purpose)),
      duplicate(choices.site(name, duplicate_purpose)),
      overtaken(choices.site(name, overtaken_purpose)),
      corrupt(choices.site(name, corrupt_purpose)),
      truncate(choices.site(name, truncate_purpose)),
      listener(choices.site(name, listener_purpose)),
      name_(std::move(name)) {}

}  // namespace twinwire::sim
