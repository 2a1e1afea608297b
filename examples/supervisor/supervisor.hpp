// The supervisor: all children, their beginning and their end.
#pragma once

#include "child.hpp"
#include "mistakes.hpp"
#include "settings.hpp"

#include <twinwire/net/loop.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace supervisor {

/// Starts its children, and starts those again that end, as their settings say, until it is stopped or all
/// are over. Loop thread only. Destroying it kills what still runs.
class Supervisor final : public ChildListener {
 public:
  /// `output` is called with each line for people, `finished` once, when no child runs any more, or will.
  Supervisor(twinwire::Loop& loop, std::vector<ChildSettings> children,
             std::function<void(const std::string&)> output, std::function<void()> finished,
             const Mistakes& mistakes = {});

  /// In the order of the settings.
  void start();
  /// Stops the children one after the other, the last one first, each when those behind it have ended: so a
  /// child may use those before it until its end. When it is called again, kills all that are left.
  void stop();

  /// Some child is over although it should not be, and nobody stopped it.
  bool failed() const noexcept;

 private:
  void line(const std::string& text) override { output_(text); }
  void child_over(Child& child) override;
  void stop_next();
  void finish();

  std::function<void(const std::string&)> output_;
  std::function<void()> finished_;
  Mistakes mistakes_;
  std::vector<std::unique_ptr<Child>> children_;
  bool stopping_ = false;
};

}  // namespace supervisor
