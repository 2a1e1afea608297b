// Threads and processes: nothing but events may run in a simulated world.
#include <twinwire/sim/fence/passage.hpp>
#include <twinwire/sim/fence/refusal.hpp>

#include <cerrno>
#include <cstdio>
#include <pthread.h>
#include <spawn.h>
#include <sys/types.h>
#include <threads.h>

namespace twinwire::sim::fence {

TWINWIRE_FENCED(int, pthread_create, pthread_t* thread, const pthread_attr_t* attributes,
                void* (*function)(void*), void* argument) {
  if (refused("pthread_create", thread_rule)) return EPERM;
  return real_pthread_create(thread, attributes, function, argument);
}

TWINWIRE_FENCED(int, thrd_create, thrd_t* thread, thrd_start_t function, void* argument) {
  if (refused("thrd_create", thread_rule)) return thrd_error;
  return real_thrd_create(thread, function, argument);
}

TWINWIRE_FENCED(pid_t, fork) {
  return refused("fork", process_rule) ? not_permitted() : real_fork();
}

TWINWIRE_FENCED(int, posix_spawn, pid_t* child, const char* path, const posix_spawn_file_actions_t* actions,
                const posix_spawnattr_t* attributes, char* const* arguments, char* const* environment) {
  if (refused("posix_spawn", process_rule)) return EPERM;
  return real_posix_spawn(child, path, actions, attributes, arguments, environment);
}

TWINWIRE_FENCED(int, posix_spawnp, pid_t* child, const char* file, const posix_spawn_file_actions_t* actions,
                const posix_spawnattr_t* attributes, char* const* arguments, char* const* environment) {
  if (refused("posix_spawnp", process_rule)) return EPERM;
  return real_posix_spawnp(child, file, actions, attributes, arguments, environment);
}

TWINWIRE_FENCED(int, system, const char* command) {
  return refused("system", process_rule) ? not_permitted() : real_system(command);
}

TWINWIRE_FENCED(FILE*, popen, const char* command, const char* mode) {
  if (!refused("popen", process_rule)) return real_popen(command, mode);
  errno = EPERM;
  return nullptr;
}

}  // namespace twinwire::sim::fence
