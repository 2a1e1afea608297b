#!/usr/bin/env python3
"""Checks that a program of which only some object files know twinwire::asio_sim does not start, and says which."""
import subprocess
import sys
from pathlib import Path


def run(*command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60, **options)


def main(mixed, same):
    good = run(same)
    assert good.returncode == 0 and "an hour passed here" in good.stdout, good
    bad = run(mixed)
    assert bad.returncode < 0 and bad.stdout == "", bad
    assert "mixed_timers" in bad.stderr and "asio::steady_timer" in bad.stderr, bad.stderr
    # What it says to find the culprit with finds it, and nothing else.
    command = bad.stderr.splitlines()[-1]
    found = run("sh", "-c", command, cwd=Path(mixed).parent).stdout
    files = {line.split(":")[0] for line in found.splitlines()}
    assert files and all("timer_without.dir/" in file for file in files), (command, files)
    print("caught:", *files)


if __name__ == "__main__":
    main(*sys.argv[1:])
