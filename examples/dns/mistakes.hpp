// Checks of the stub that can be left out, to see that the search notices.
#pragma once

namespace dns {

/// Which checks are left out. None by default.
struct Mistakes {
  /// An answer may come from any address: the socket is not connected to the server's.
  bool any_source = false;
  /// An answer may have any id.
  bool any_id = false;
  /// An answer may be to another question.
  bool any_question = false;
};

}  // namespace dns
