// One child: its processes, one after the other.
//
//   state     what happens              next
//   idle      start()                   starting
//   starting  its process runs          running; if it was told to stop meanwhile, stopping; if kill() was
//                                       called, it is killed
//             it cannot be started      waiting or over, as its settings say; if retired, over
//   running   its process ends          waiting or over, as its settings say; if retired, over
//             stop()                    stopping: SIGTERM, and SIGKILL when its time is over
//   waiting   the time is over          starting
//             retire()                  over
//   stopping  its process ends          over
#pragma once

#include "child_run.hpp"
#include "mistakes.hpp"
#include "restart_policy.hpp"
#include "settings.hpp"

#include <twinwire/net/loop.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace supervisor {

class Child;

/// Who is told what children do.
class ChildListener {
 public:
  virtual ~ChildListener() = default;
  /// A line for people: "web | a line of its output", "web: started, process 123".
  virtual void line(const std::string& text) = 0;
  /// It is over.
  virtual void child_over(Child& child) = 0;
};

/// Loop thread only. Destroying it kills its process.
class Child {
 public:
  Child(twinwire::Loop& loop, ChildSettings settings, ChildListener& listener, const Mistakes& mistakes);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  void start();
  /// It is not started again. The listener is not told if it is over by that.
  void retire();
  /// Retires it, and ends its process: politely, in the time that the settings give it. Once only.
  void stop();
  /// Ends its process at once, and one that is only being started as soon as it is there.
  void kill();

  /// It has a process, or is going to.
  bool is_up() const noexcept;
  bool is_over() const noexcept { return state_ == State::over; }
  /// It is over, without having been retired, because it was restarted too often, or because its last run
  /// failed and was not to be followed by another.
  bool failed() const noexcept { return failed_; }
  const std::string& name() const noexcept { return settings_.name; }

  // --- for its process ---

  void started(int pid);
  void not_started(const std::string& why);
  void said(std::string_view line);
  /// `returncode` as that of SubprocessTransport.
  void ended(int returncode);

 private:
  enum class State : std::uint8_t { idle, starting, running, waiting, stopping, over };

  void tell(const std::string& what);
  void terminate();
  void run_is_over(bool failed, const std::string& how);

  twinwire::Loop& loop_;
  ChildSettings settings_;
  ChildListener& listener_;
  Mistakes mistakes_;
  RestartPolicy policy_;
  State state_ = State::idle;
  bool retired_ = false;
  bool stop_asked_ = false;
  bool kill_asked_ = false;
  bool failed_ = false;
  std::shared_ptr<ChildRun> run_;
  twinwire::TimePoint started_{};
  twinwire::Handle timer_;
};

}  // namespace supervisor
