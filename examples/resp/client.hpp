// A client that keeps its connection alive: pipelined requests, each with a timeout, over a connection that
// is made again, with growing pauses, when it is lost.
#pragma once

#include "limits.hpp"
#include "mistakes.hpp"
#include "reply.hpp"

#include <twinwire/net/loop.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace resp {

class Link;

struct ClientOptions {
  std::string host;
  twinwire::Port port;
  /// Whom decisions about pauses belong to.
  std::string name = "client";
  /// What a reply may take once its request was sent, and what a connection attempt may take.
  twinwire::Duration timeout = std::chrono::seconds(5);
  /// How often a repeatable request is sent at most.
  int tries_max = 4;
  /// Connection attempts in a row after which the requests in line are given up.
  int attempts_max = 4;
  /// The pause before the second attempt; each further one is twice as long, up to the maximum, and then up
  /// to a quarter longer, so that many clients do not come back at the same moment.
  twinwire::Duration pause_min = std::chrono::milliseconds(50);
  twinwire::Duration pause_max = std::chrono::seconds(2);
  /// Requests on their way at once.
  std::size_t pipeline_max = 1024;
  ParserLimits limits;
};

/// What became of a request.
struct Answer {
  enum class Fate : std::uint8_t {
    replied,   ///< `reply` is the server's
    not_sent,  ///< it was certainly not executed
    in_doubt,  ///< it was sent; whether it was executed is not known
    refused,   ///< the server ended the connection in order instead of answering
  };
  Fate fate = Fate::not_sent;
  Reply reply;
  /// Why there is no reply.
  std::string reason;
};

/// Loop thread only. Completions are called from the loop, in the order of the requests as far as they were
/// answered. Destroying it drops everything without a word; not from a completion.
class Client {
 public:
  using Done = twinwire::UniqueFunction<void(Answer)>;

  Client(twinwire::Loop& loop, ClientOptions options, const Mistakes& mistakes = {});
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  /// Puts a command in line. `repeatable`: executing it twice does no harm and gives an equal reply, so it is
  /// sent again if its reply was lost. Throws std::logic_error after finish().
  void request(std::vector<std::string> arguments, bool repeatable, Done done);
  /// No more requests. Ends the sending direction behind the last one; `done` is called when all are answered
  /// and the connection is gone.
  void finish(twinwire::Callback done);

  /// Requests that have no answer yet.
  std::size_t pending() const noexcept { return waiting_.size() + sent_.size(); }

 private:
  friend class Link;
  struct Request {
    std::string bytes;
    Done done;
    bool repeatable = false;
    int tries = 0;
    twinwire::Handle timer;
  };
  /// By number, which is the order in which they were made.
  using Requests = std::map<std::uint64_t, Request>;

  // From the link.
  void link_made();
  void link_replied(Link& link, Reply reply);
  void link_lost(Link& link, bool in_order, const std::string& reason);

  void wake();
  void proceed();
  void connect();
  void abandon_link();
  void link_gone(bool in_order, const std::string& reason);
  twinwire::Duration next_pause();
  void send_waiting();
  const Request& move_to_sent();
  void requeue_sent(bool in_order, const std::string& reason);
  bool may_repeat(const Request& request) const noexcept;
  void give_up_waiting(const std::string& reason);
  static void complete(Requests& requests, Requests::iterator position, Answer answer);

  twinwire::Loop& loop_;
  ClientOptions options_;
  Mistakes mistakes_;
  Requests waiting_;
  Requests sent_;
  std::uint64_t last_number_ = 0;
  std::shared_ptr<Link> link_;
  /// Connections that were given up, but may still have something to say. Only with that mistake.
  std::vector<std::shared_ptr<Link>> old_links_;
  twinwire::Operation connecting_;
  /// Ends an attempt to connect that takes too long, or a connection that the server does not end.
  twinwire::Handle link_timer_;
  twinwire::Handle pause_timer_;
  twinwire::Handle wake_call_;
  std::uint64_t attempts_ = 0;  ///< ever
  int failed_in_a_row_ = 0;
  bool pausing_ = false;
  bool woken_ = false;
  bool finishing_ = false;
  bool half_closed_ = false;
  twinwire::Callback finished_;
};

}  // namespace resp
