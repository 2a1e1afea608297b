#!/usr/bin/env python3
"""Checks that README.md and docs/asio.md show the programs of this folder, and what they really print."""
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
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "examples" / "common"))
from real_clients import free_port

PAGES = {ROOT / "README.md": 4, ROOT / "docs" / "asio.md": 4}  # and how many blocks of each are from here
BLOCK = re.compile(r"(<!-- (.*?) -->\n```\w+\n)(.*?)(```\n)", re.DOTALL)
COMMANDS = {"line_lengths_test": (["lines"], 1), "websocket_echo_test": (["echo"], 0)}  # and how they end


def report(program):
    """The session of somebody who runs the test in its own folder."""
    arguments, status = COMMANDS[program.name]
    with tempfile.TemporaryDirectory() as folder:
        os.symlink(program.resolve(), Path(folder, program.name))
        command = ["./" + program.name, *arguments]
        process = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True, timeout=300)
        if process.returncode != status:
            sys.exit(f"{program} ended with status {process.returncode}, and not with {status}")
        return "$ " + " ".join(command) + "\n" + process.stdout


def without_times(text):
    """How long a sweep took is different each time."""
    return re.sub(r"[0-9.]+ s$", "N s", text, flags=re.MULTILINE)


def wanted(source, tests):
    if source.startswith("output of "):
        return report(tests[source.removeprefix("output of ")])
    return (ROOT / source).read_text()


def answers_lines(client):
    client.sendall(b"hello\r\n")
    return client.makefile("rb").readline() == b"5\r\n"


def answers_websocket(client):
    """RFC 6455, 1.3 has this key, and what is to be answered."""
    client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
    answer = client.makefile("rb")
    lines = [answer.readline() for _ in range(4)]
    return any(b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in line for line in lines)


def serves(server, answers):
    """A program answers a real client."""
    port = free_port()
    process = subprocess.Popen([server, str(port)])
    try:
        for _ in range(100):
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
                    return answers(client)
            except ConnectionRefusedError:
                time.sleep(0.1)
        return False
    finally:
        process.kill()
        process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("line_lengths_test", "line_lengths_server", "websocket_echo_test", "websocket_echo_server"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--update", action="store_true", help="put the programs and their output into the pages")
    arguments = parser.parse_args()
    tests = {name: getattr(arguments, name) for name in COMMANDS}
    failures = 0
    for page, count in PAGES.items():
        text = page.read_text()
        if arguments.update:
            page.write_text(BLOCK.sub(lambda found: found[1] + wanted(found[2], tests) + found[4], text))
            continue
        blocks = BLOCK.findall(text)
        if len(blocks) != count:
            print(f"{page.name} has {len(blocks)} blocks from here, and not {count}")
            failures += 1
        for _, source, shown, _ in blocks:
            actual = wanted(source, tests)
            if without_times(shown) != without_times(actual):
                print(f"{page.name} shows another {source} (see --update). It is:\n{actual}")
                failures += 1
    if arguments.update:
        return 0
    for server, answers in ((arguments.line_lengths_server, answers_lines),
                            (arguments.websocket_echo_server, answers_websocket)):
        if not serves(server, answers):
            print(f"{server} does not answer")
            failures += 1
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
