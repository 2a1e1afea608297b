"""What the tests of the examples with real clients share."""

import os
import random
import re
import select
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress

SECONDS_MAX = 30
NOT_INSTALLED = 77
failures = []


def expect(name, seen, wanted):
    if seen != wanted:
        failures.append(f"{name}: expected {wanted!r}, saw {seen!r}")


def run(*command, seconds=SECONDS_MAX):
    """The exit status, and what was printed to stdout and to stderr."""
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=seconds)
    return done.returncode, done.stdout, done.stderr


def free_port(host="127.0.0.1"):
    """A port that nobody has, below the range from which the system gives ports to others meanwhile."""
    for _ in range(1000):
        port = random.randrange(20000, 30000)
        with socket.socket() as stream, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                stream.bind((host, port))
                datagrams.bind((host, port))
                return port
    raise RuntimeError("no free port")


@contextmanager
def serving(*command, first_line=None):
    """What the first line of a server says, if one is expected. It must end in order on SIGTERM."""
    process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)
    try:
        line = process.stdout.readline() if first_line else ""
        started = re.search(first_line, line) if first_line else None
        if first_line and not started:
            raise RuntimeError(f"{command[0]} says {line!r}")
        yield started
    finally:
        process.terminate()
        try:
            expect(f"{command[0]} on SIGTERM", process.wait(SECONDS_MAX), 0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            failures.append(f"{command[0]} does not end on SIGTERM")
        process.stdout.close()


class Program:
    """A process that is talked to in lines. It is killed if it does not end by itself."""

    def __init__(self, name, *command):
        self.name = name
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.received = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def say(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def hear(self):
        """The next line; None at the end, or when nothing comes."""
        deadline = time.monotonic() + SECONDS_MAX
        while b"\n" not in self.received:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0.0, deadline - time.monotonic()))
            data = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            if not data:
                return None
            self.received += data
        line, self.received = self.received.split(b"\n", 1)
        return line.decode().rstrip("\r")

    def expect(self, *lines):
        for line in lines:
            expect(self.name, self.hear(), line)

    def expect_end(self, status):
        expect(f"{self.name} at its end", self.hear(), None)
        expect(f"{self.name}: exit status", self.process.wait(SECONDS_MAX), status)


def make_certificate(folder):
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    status, _, err = run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                      "-keyout", key, "-out", certificate, "-days", 2, "-subj", "/CN=localhost", "-addext",
                      "subjectAltName=DNS:localhost")
    if status != 0:
        raise RuntimeError(f"openssl req: {err}")
    return certificate, key


def main(check, arguments, programs=()):
    """Runs `check` with the arguments of the command line. The exit status of the test: 77 if a program is missing."""
    missing = [name for name in programs if not shutil.which(name)]
    if missing:
        print(f"not installed: {', '.join(missing)}")
        return NOT_INSTALLED
    if len(sys.argv) != 1 + arguments:
        print(f"{arguments} arguments are wanted")
        return 2
    check(*sys.argv[1:])
    print("\n".join(failures) or "all as expected")
    return 1 if failures else 0
