"""The processes of the benchmark: servers and the load generator, pinned, bounded in time, never left behind."""
import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples" / "common"))
from real_clients import free_port

STARTUP_SECONDS_MAX, LOAD_SECONDS_MAX, STOP_SECONDS_MAX = 30, 120, 5
PR_SET_PDEATHSIG = 1


class Failure(Exception):
    """Ends the script with its message."""


class Processes:
    """Starts servers and the load generator: where the programs are, and which CPU each side has."""

    def __init__(self, build):
        self.directory = find_programs(build)
        self.server_cpu, self.load_cpu = pick_cpus()
        self.libc = ctypes.CDLL(None)

    def child_setup(self, cpu):
        def setup():  # runs in the child, before the program: it never outlives this script
            self.libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if cpu is not None:
                os.sched_setaffinity(0, {cpu})
        return setup

    @contextlib.contextmanager
    def server(self, command, wrapper=(), environment=None):
        """A running server, as (process, port); ended by its own pid."""
        program, *arguments = command
        port = free_port()
        command = [*wrapper, self.directory / program, *arguments, "--port", str(port)]
        process = subprocess.Popen(command, env={**os.environ, **(environment or {})}, stdout=subprocess.DEVNULL,
                                   preexec_fn=self.child_setup(self.server_cpu))
        try:
            wait_until_listening(program, process, port)
            yield process, port
            if process.poll() is not None:
                raise Failure(f"{program} ended by itself, status {process.returncode}")
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def load(self, server, arguments):
        """One run of the load generator against (process, port): what it measured."""
        process, port = server
        command = [self.directory / "load", "--port", str(port), "--pid", str(process.pid), *map(str, arguments)]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=LOAD_SECONDS_MAX, preexec_fn=self.child_setup(self.load_cpu))
        if done.returncode != 0:
            raise Failure(f"load ended with status {done.returncode}: {done.stderr.strip()}")
        return json.loads(done.stdout)


def find_programs(build):
    for directory in (build, build / "bench" / "real"):
        if (directory / "load").exists():
            return directory.resolve()
    raise Failure(f"no programs in {build}: build them, or say where they are with --build")


def pick_cpus():
    cpus = sorted(os.sched_getaffinity(0))
    return (cpus[0], cpus[1]) if len(cpus) > 1 else (None, None)


def wait_until_listening(program, process, port):
    end = time.monotonic() + STARTUP_SECONDS_MAX
    while time.monotonic() < end:
        if process.poll() is not None:
            raise Failure(f"{program} did not start, status {process.returncode}")
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.02)
    raise Failure(f"{program} did not listen within {STARTUP_SECONDS_MAX} s")
