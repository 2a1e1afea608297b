// Mistakes that a supervisor is easily made with, and that the search finds.
#pragma once

namespace supervisor {

/// Which mistakes are in. None by default.
struct Mistakes {
  /// A child that ends while others are being stopped is started again, when nobody will stop it any more.
  bool restarts_while_stopping = false;
  /// When a process has ended, its pipes are closed at once, with what it wrote last still in them.
  bool drops_last_words = false;
};

}  // namespace supervisor
