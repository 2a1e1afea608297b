#!/usr/bin/env python3
"""supervise with children of the real system, which it must not leave behind.

usage: children.py SUPERVISE
exit status: 0 it works, 1 it does not
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "common"))
from real_clients import SECONDS_MAX, expect, failures, main, run


@contextmanager
def supervising(supervise, configuration):
    """The process, killed if it is still there at the end."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "children.conf")
        path.write_text(configuration)
        process = subprocess.Popen([supervise, path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True, start_new_session=True)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
                failures.append(f"supervise did not end, with {configuration!r}")
            process.stdout.close()
            process.wait()


def read_until(process, wanted):
    """The lines up to one that matches."""
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip("\n"))
        if re.search(wanted, line):
            return lines
    failures.append(f"{wanted!r} did not come, but {lines!r}")
    return lines


def pids(lines):
    return {name: int(pid) for line in lines for name, pid in re.findall(r"^(\w+): started, process (\d+)$", line)}


def without_pids(lines):
    return [re.sub(r"process \d+", "process N", line) for line in lines]


def expect_gone(name, numbers):
    for number in numbers:
        try:
            os.kill(number, 0)
            failures.append(f"{name}: process {number} is still there")
        except ProcessLookupError:
            pass


def check_restarts(supervise):
    with supervising(supervise, "backoff_min = 1ms\n[a]\ncommand = sh -c 'echo out; exit 3'\nrestarts_max = 1\n") as process:
        lines = process.stdout.read().splitlines()
        expect("given up: exit status", process.wait(SECONDS_MAX), 1)
    expect("given up", without_pids(lines),
           ["a: started, process N", "a | out", "a: ended with status 3; again in 1 ms", "a: started, process N", "a | out",
            "a: ended with status 3; given up, after 1 restarts"])
    with supervising(supervise, "[a]\ncommand = sh -c 'echo err >&2; printf end'\nrestart = on-failure\n"
                                "[b]\ncommand = sh -c 'kill -9 $$'\nrestart = never\n"
                                "[c]\ncommand = /nowhere/x\nrestart = never\n") as process:
        lines = process.stdout.read().splitlines()
        expect("a mixture: exit status", process.wait(SECONDS_MAX), 1)
    for line in ["a | err", "a | end", "a: ended with status 0", "b: was ended by signal 9",
                 "c: cannot be started: run /nowhere/x: No such file or directory"]:
        expect(f"a mixture: {line}", lines.count(line), 1)
    with supervising(supervise, "[a]\ncommand = true\nrestart = on-failure\n") as process:
        process.stdout.read()
        expect("all is well: exit status", process.wait(SECONDS_MAX), 0)


SLEEPERS = """
stop_timeout = 1000s
[first]
command = sh -c 'trap "echo bye; exit 0" TERM INT; echo ready; while true; do sleep 0.05; done'
[second]
command = sleep 1000
[deaf]
command = sh -c 'trap "" TERM INT; echo ready; while true; do sleep 0.05; done'
stop_timeout = 300ms
"""


def check_stop(supervise, number):
    """The order, the patience, and that nothing is left. SIGINT comes as from a terminal: to all in its foreground."""
    with supervising(supervise, SLEEPERS) as process:
        lines = read_until(process, "deaf . ready")
        if "first | ready" not in lines:
            lines += read_until(process, "first . ready")
        if number == signal.SIGINT:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        rest = process.stdout.read().splitlines()
        expect(f"stopped by {number.name}: exit status", process.wait(SECONDS_MAX), 0)
    expect(f"stopped by {number.name}", rest,
           ["deaf: stopping", "deaf: has not stopped within 300 ms: killing it", "deaf: was ended by signal 9",
            "second: stopping", "second: was ended by signal 15", "first: stopping", "first | bye",
            "first: ended with status 0"])
    expect(f"stopped by {number.name}: children", len(pids(lines)), 3)
    expect_gone(f"stopped by {number.name}", pids(lines).values())


def check_second_signal(supervise):
    with supervising(supervise, SLEEPERS.replace("300ms", "1000s")) as process:
        lines = read_until(process, "deaf . ready")
        process.terminate()
        read_until(process, "deaf: stopping")
        process.terminate()
        process.stdout.read()
        expect("a second signal: exit status", process.wait(SECONDS_MAX), 0)
    expect_gone("a second signal", pids(lines).values())


def check_lost_output(supervise):
    """Nobody reads any more: a supervisor that went away silently would leave its children behind."""
    with supervising(supervise, "[a]\ncommand = sh -c 'while true; do echo line; sleep 0.01; done'\n") as process:
        lines = read_until(process, "line")
        process.stdout.close()
        expect("output that nobody reads: exit status", process.wait(SECONDS_MAX), 1)
    expect_gone("output that nobody reads", pids(lines).values())


def check_grandchild(supervise):
    """It holds the pipes open, and does not hold up the restart."""
    with supervising(supervise, "[a]\ncommand = sh -c 'sleep 1000 & echo $!'\nrestart = never\n") as process:
        lines = process.stdout.read().splitlines()
        expect("a grandchild: exit status", process.wait(SECONDS_MAX), 0)
    expect("a grandchild: the end", lines[-1], "a: ended with status 0")
    os.kill(int(lines[1].removeprefix("a | ")), signal.SIGKILL)


def check_mistakes(supervise):
    expect("no file", run(supervise, "/nowhere"), (1, "", "supervise: /nowhere: cannot be read\n"))
    expect("no argument: exit status", run(supervise)[0], 2)
    expect("an unknown option: exit status", run(supervise, "--nonsense")[0], 2)
    expect("--help: exit status", run(supervise, "--help")[0], 0)
    with tempfile.NamedTemporaryFile("w") as file:
        file.write("[a]\nnonsense = 1\n")
        file.flush()
        expect("a wrong file", run(supervise, file.name), (1, "", f'supervise: {file.name}: line 2: there is no key "nonsense"\n'))


def check(supervise):
    check_restarts(supervise)
    check_stop(supervise, signal.SIGTERM)
    check_stop(supervise, signal.SIGINT)
    check_second_signal(supervise)
    check_lost_output(supervise)
    check_grandchild(supervise)
    check_mistakes(supervise)


if __name__ == "__main__":
    sys.exit(main(check, 1))
