#!/usr/bin/env python3
"""Checks that README.md shows the programs of this folder, and what they really print."""
import argparse
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
README = HERE.parents[1] / "README.md"
BLOCK = re.compile(r"(<!-- (.*?) -->\n```\w+\n)(.*?)(```\n)", re.DOTALL)
COMMAND = ["./line_lengths_test", "lines"]


def report(program):
    """The session of somebody who runs the test in its own folder."""
    with tempfile.TemporaryDirectory() as folder:
        os.symlink(program.resolve(), Path(folder, "line_lengths_test"))
        process = subprocess.run(COMMAND, cwd=folder, stdout=subprocess.PIPE, text=True, timeout=300)
        if process.returncode != 1:
            sys.exit(f"{program} ended with status {process.returncode}, and not with 1")
        return "$ " + " ".join(COMMAND) + "\n" + process.stdout


def without_times(text):
    """How long a sweep took is different each time."""
    return re.sub(r"[0-9.]+ s$", "N s", text, flags=re.MULTILINE)


def wanted(source, program):
    if source == "output of line_lengths_test":
        return report(program)
    return (HERE.parents[1] / source).read_text()


def serves(server):
    """The third program answers a real client."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([server, str(port)])
    try:
        for _ in range(100):
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
                    client.sendall(b"hello\r\n")
                    return client.makefile("rb").readline() == b"5\r\n"
            except ConnectionRefusedError:
                time.sleep(0.1)
        return False
    finally:
        process.kill()
        process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("test", type=Path, help="line_lengths_test")
    parser.add_argument("server", type=Path, help="line_lengths_server")
    parser.add_argument("--update", action="store_true", help="put the programs and their output into README.md")
    arguments = parser.parse_args()
    text = README.read_text()
    if arguments.update:
        README.write_text(BLOCK.sub(lambda found: found[1] + wanted(found[2], arguments.test) + found[4], text))
        return 0
    failures = 0
    blocks = BLOCK.findall(text)
    if len(blocks) != 4:
        print(f"README.md has {len(blocks)} blocks from here, and not 4")
        failures += 1
    for _, source, shown, _ in blocks:
        actual = wanted(source, arguments.test)
        if without_times(shown) != without_times(actual):
            print(f"README.md shows another {source} (see --update). It is:\n{actual}")
            failures += 1
    if not serves(arguments.server):
        print(f"{arguments.server} does not answer")
        failures += 1
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
