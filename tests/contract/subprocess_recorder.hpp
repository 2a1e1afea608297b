// A protocol of a child process that writes down what happens to it.
#pragma once

#include "recorder.hpp"
#include "stage.hpp"
#include "witness.hpp"

#include <twinwire/net/subprocess.hpp>

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace twinwire::contract {

/// Events: CM, PD1:text, PD2:text, PL0, PL1:error, PX, PW, RW, CL or CL:error. What no clause allows (SUB-02,
/// SUB-03) fails the test.
class SubprocessRecorder final : public Witness,
                                 public SubprocessProtocol,
                                 public std::enable_shared_from_this<SubprocessRecorder> {
 public:
  explicit SubprocessRecorder(std::string name) : Witness(std::move(name)) {}

  SubprocessProtocolFactory factory() {
    return [self = shared_from_this()] { return self; };
  }
  std::function<void()> on_made;
  std::function<void(int, std::string_view)> on_data;
  std::function<void()> on_exit;
  void clear_hooks() override;

  SubprocessTransport transport;  ///< set by connection_made
  /// To the child's stdin.
  void write(std::string_view text) const;
  void write_eof() const;
  void close() const;
  void send_signal(int number) const;

  std::string events() const override;
  std::size_t count(std::string_view event) const;
  /// All bytes of stdout (1) or stderr (2) so far.
  const std::string& output(int fd) const { return outputs_.at(static_cast<std::size_t>(fd)); }
  bool exited() const noexcept { return exited_; }
  bool lost() const noexcept { return lost_; }
  void check_complete() const override;

 private:
  void connection_made(SubprocessTransport made) override;
  void pipe_data_received(int fd, Bytes data) override;
  void pipe_connection_lost(int fd, error_code error) override;
  void process_exited() override;
  void pause_writing() override;
  void resume_writing() override;
  void connection_lost(error_code error) override;

  void enter(const std::string& event, bool anywhere = false);
  void violation(const std::string& what) const;

  std::vector<std::string> events_;
  std::array<std::string, 3> outputs_;
  std::array<bool, 3> pipes_lost_{};
  bool made_ = false;
  bool exited_ = false;
  bool lost_ = false;
};

/// A subprocess_exec on the server's host that has begun.
struct Starting {
  Starting(Stage& stage, SubprocessOptions options,
           const std::function<void(SubprocessRecorder&)>& prepare = {});

  std::shared_ptr<SubprocessRecorder> protocol;
  std::shared_ptr<Outcome<Subprocess>> outcome = Outcome<Subprocess>::make();
  Operation operation;
};

/// A child that was started.
std::shared_ptr<SubprocessRecorder> start_child(Stage& stage, SubprocessOptions options,
                                                const std::function<void(SubprocessRecorder&)>& prepare = {});
/// The same, through the shell.
std::shared_ptr<SubprocessRecorder> start_shell(Stage& stage, const std::string& command,
                                                SubprocessOptions options = {});
void run_until_lost(Stage& stage, const SubprocessRecorder& child);
void run_until_output(Stage& stage, const SubprocessRecorder& child, int fd, std::string_view text);

}  // namespace twinwire::contract
