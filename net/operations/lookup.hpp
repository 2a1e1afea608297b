// A look-up of one name, for operations that need addresses.
#pragma once

#include <twinwire/net/loop.hpp>
#include <twinwire/net/wire/backend.hpp>

#include <memory>
#include <string>
#include <vector>

namespace twinwire::detail {

/// Asks the loop's resolver or the backend's, unless the request can be answered from its own text: a numeric
/// host with a numeric port never goes through name resolution. Destroying it abandons the look-up.
class Lookup {
 public:
  /// A failure (the sentence in it is the one that was given), or at least one address.
  using Handler = UniqueFunction<void(std::exception_ptr, std::vector<Address>)>;

  Lookup() = default;
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;
  ~Lookup() { abandon(); }

  /// `handler` is called once, later, from the loop. `sentence` says what was tried, should it fail.
  void start(Loop& loop, const ResolveRequest& request, std::string sentence, Handler handler);
  void abandon() noexcept;

 private:
  std::unique_ptr<Abandonable> pending_;
  Handle soon_;
};

/// "server:http", for messages.
std::string describe(const std::string& host, const std::string& service);

}  // namespace twinwire::detail
