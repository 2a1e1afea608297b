#include <twinwire/real/pipe_wire.hpp>
#include <twinwire/real/spawn.hpp>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <spawn.h>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace twinwire::real {
namespace {

constexpr int first_other = 3;

/// What the child gets, and what is to be closed here once it has it.
struct Streams {
  std::array<Descriptor, 3> child;  ///< none where the stream is inherited, or stderr goes to stdout
  std::array<Descriptor, 3> parent;
};

/// A copy that is none of the standard streams, so that making one of these in the child destroys no other.
Descriptor copy_above(int descriptor) {
  return Descriptor(::fcntl(descriptor, F_DUPFD_CLOEXEC, first_other));
}

error_code make_pipe(bool child_reads, Descriptor& child, Descriptor& parent) {
  error_code error;
  const PipeEnds ends = open_pipe(error);
  if (error.failed()) return error;
  child = Descriptor(child_reads ? ends.reading.value : ends.writing.value);
  parent = Descriptor(child_reads ? ends.writing.value : ends.reading.value);
  return prepare_descriptor(parent.get());
}

error_code open_stream(int number, const Redirect& redirect, Descriptor& child, Descriptor& parent) {
  switch (redirect.kind()) {
    case Redirect::Kind::inherit:
    case Redirect::Kind::to_stdout:
      return {};
    case Redirect::Kind::pipe:
      if (const error_code error = make_pipe(number == 0, child, parent); error.failed()) return error;
      break;
    case Redirect::Kind::null:
      child = Descriptor(::open("/dev/null", O_RDWR | O_CLOEXEC));
      break;
    case Redirect::Kind::handle:
      child = copy_above(redirect.native_handle().value);
      break;
  }
  if (child && child.get() < first_other) child = copy_above(child.get());
  return child ? error_code{} : last_error();
}

error_code open_streams(const SubprocessOptions& options, Streams& streams) {
  const std::array<const Redirect*, 3> redirects{&options.stdin_stream, &options.stdout_stream,
                                                 &options.stderr_stream};
  for (std::size_t i = 0; i < redirects.size(); ++i) {
    const error_code error =
        open_stream(static_cast<int>(i), *redirects[i], streams.child[i], streams.parent[i]);
    if (error.failed()) return error;
  }
  return {};
}

/// posix_spawn's lists of things to do in the child.
class Plan {
 public:
  Plan() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
  }
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;
  ~Plan() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }

  void set_streams(const Streams& streams, const Redirect& stderr_stream) {
    for (int i = 0; i < first_other; ++i) {
      const Descriptor& stream = streams.child[static_cast<std::size_t>(i)];
      if (stream) note(::posix_spawn_file_actions_adddup2(&actions_, stream.get(), i));
    }
    if (stderr_stream.kind() == Redirect::Kind::to_stdout) {
      note(::posix_spawn_file_actions_adddup2(&actions_, STDOUT_FILENO, STDERR_FILENO));
    }
    note(::posix_spawn_file_actions_addclosefrom_np(&actions_, first_other));
  }
  void set_directory(const std::string& directory) {
    if (!directory.empty()) note(::posix_spawn_file_actions_addchdir_np(&actions_, directory.c_str()));
  }
  void set_signals(bool new_session) {
    sigset_t all;
    sigset_t none;
    ::sigfillset(&all);
    ::sigemptyset(&none);
    note(::posix_spawnattr_setsigdefault(&attributes_, &all));
    note(::posix_spawnattr_setsigmask(&attributes_, &none));
    const int session = new_session ? POSIX_SPAWN_SETSID : 0;
    note(::posix_spawnattr_setflags(
        &attributes_, static_cast<short>(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | session)));
  }

  /// The errno of what could not be planned.
  int failure() const noexcept { return failure_; }
  const posix_spawn_file_actions_t* actions() const noexcept { return &actions_; }
  const posix_spawnattr_t* attributes() const noexcept { return &attributes_; }

 private:
  void note(int result) noexcept {
    if (failure_ == 0) failure_ = result;
  }

  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
  int failure_ = 0;
};

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> all;
  all.reserve(strings.size() + 1);
  for (std::string& text : strings) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

/// Where to look for a program that is named without a folder, in order.
std::vector<std::string> candidates(const SubprocessOptions& options) {
  if (options.program.find('/') != std::string::npos) return {options.program};
  std::string_view path = "/usr/local/bin:/usr/bin:/bin";
  if (!options.env) {
    if (const char* own = ::getenv("PATH")) path = own;
  } else if (const auto given = options.env->find("PATH"); given != options.env->end()) {
    path = given->second;
  }
  std::vector<std::string> all;
  while (true) {
    const std::size_t end = path.find(':');
    const std::string_view folder = path.substr(0, end);
    all.push_back((folder.empty() ? "." : std::string(folder)) + "/" + options.program);
    if (end == std::string_view::npos) return all;
    path.remove_prefix(end + 1);
  }
}

/// The first candidate that can be started is. As execvp(3): what is not allowed is told only if nothing else
/// is found.
int spawn_first(const SubprocessOptions& options, const Plan& plan, int& failure) {
  std::vector<std::string> arguments{options.program};
  arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
  std::vector<std::string> variables;
  if (options.env) {
    for (const auto& [name, value] : *options.env) variables.push_back(name + "=" + value);
  }
  const std::vector<char*> argument_pointers = pointers(arguments);
  const std::vector<char*> variable_pointers = pointers(variables);
  char* const* environment = options.env ? variable_pointers.data() : environ;
  failure = ENOENT;
  for (const std::string& program : candidates(options)) {
    // Without a folder to start in, asking costs less than a child that finds out. With one it is the child's
    // folder that counts.
    if (options.cwd.empty() && ::access(program.c_str(), X_OK) < 0) {
      if (errno != ENOENT && errno != ENOTDIR) failure = errno;
      continue;
    }
    pid_t pid = -1;
    const int result = ::posix_spawn(&pid, program.c_str(), plan.actions(), plan.attributes(),
                                     argument_pointers.data(), environment);
    if (result == 0) return pid;
    if (result != ENOENT && result != ENOTDIR) failure = result;
    if (result != ENOENT && result != ENOTDIR && result != EACCES) break;
  }
  return -1;
}

}  // namespace

int spawn(const SubprocessOptions& options, std::array<Descriptor, 3>& pipes, error_code& error) {
  Streams streams;
  error = open_streams(options, streams);
  if (error.failed()) return -1;
  Plan plan;
  plan.set_streams(streams, options.stderr_stream);
  plan.set_directory(options.cwd);
  plan.set_signals(options.start_new_session);
  int failure = plan.failure();
  const int pid = failure == 0 ? spawn_first(options, plan, failure) : -1;
  if (pid < 0) {
    error = system_code(failure);
    return -1;
  }
  pipes = std::move(streams.parent);
  return pid;
}

}  // namespace twinwire::real
