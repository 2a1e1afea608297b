#!/usr/bin/env python3
"""Runs a program in two processes, and compares what it prints with itself and with a file."""
import argparse
import difflib
import subprocess
import sys
from pathlib import Path


def run(program):
    process = subprocess.run([program], stdout=subprocess.PIPE, text=True, timeout=600)
    if process.returncode != 0:
        sys.exit(f"{program} ended with status {process.returncode}")
    return process.stdout


def differ(name, wanted, other_name, found):
    """Prints what differs; true if anything does."""
    lines = list(difflib.unified_diff(wanted.splitlines(), found.splitlines(), name, other_name, "", "", 0, ""))
    print("\n".join(lines))
    return bool(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", type=Path)
    parser.add_argument("expected", type=Path)
    parser.add_argument("--update", action="store_true",
                        help="write the file anew: after a change of the model, which makes old repros stale")
    arguments = parser.parse_args()
    first, second = run(arguments.program), run(arguments.program)
    if differ("the first process", first, "the second process", second):
        return 1
    if arguments.update:
        arguments.expected.write_text(first)
        return 0
    if differ(arguments.expected.name, arguments.expected.read_text(), str(arguments.program), first):
        print("If the simulated network was changed on purpose: raise model_version in traces/repro.hpp, and\n"
              f"  {sys.argv[0]} --update {arguments.program} {arguments.expected}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
