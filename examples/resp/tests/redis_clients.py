#!/usr/bin/env python3
"""resp-server for redis-cli and redis-benchmark, resp-client for redis-server; all on 127.0.0.1.

usage: redis_clients.py RESP_SERVER RESP_CLIENT
exit status: 0 it works, 1 it does not, 77 redis-cli, redis-benchmark or redis-server is not installed
"""

import re
import socket
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "common"))
from real_clients import SECONDS_MAX, expect, free_port, main, run, serving


def wait_until_connectable(port):
    deadline = time.monotonic() + SECONDS_MAX
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.05)  # another program's start-up cannot be waited for otherwise
    raise TimeoutError(f"nobody listens on port {port}")


def check_server(server):
    with serving(server, "--port", 0, first_line=r"listening on 127\.0\.0\.1:(\d+)") as started:
        port = started.group(1)
        for words, answer in [
            ("PING", "PONG"), ("ECHO hello", '"hello"'), ("SET greeting hello", "OK"), ("GET greeting", '"hello"'),
            ("GET nothing", "(nil)"), ("INCR visits", "(integer) 1"), ("INCR visits", "(integer) 2"),
            ("EXPIRE greeting 100", "(integer) 1"), ("DEL greeting visits", "(integer) 2"),
            ("INCR", "(error) ERR wrong number of arguments for 'incr' command"),
            ("NONSENSE", "(error) ERR unknown command 'NONSENSE', with args beginning with: "),
        ]:
            _, out, _ = run("redis-cli", "--no-raw", "-p", port, *words.split())
            expect(f"redis-cli {words}", out.rstrip("\n"), answer)
        for words in ("SET passing x", "EXPIRE passing 100", "TTL passing"):
            _, out, _ = run("redis-cli", "-p", port, *words.split())
        expect(f"redis-cli TTL, at once: {out!r}", 40 < int(out) <= 100, True)
        for depth in (1, 16):
            status, out, err = run("redis-benchmark", "-p", port, "-n", 20000, "-P", depth, "-t", "ping,set,get,incr",
                                   "-q", seconds=600)
            expect(f"redis-benchmark -P {depth}: exit status", status, 0)
            expect(f"redis-benchmark -P {depth}: tests", len(re.findall("requests per second", out)), 5)
            expect(f"redis-benchmark -P {depth}: errors", re.findall("(?i)error.*", out + err), [])
        status, _, err = run(server, "--port", port)
        expect("a port in use: exit status", status, 1)
        expect("a port in use", err.strip(),
               f"resp-server: create a server: bind 127.0.0.1:{port}: Address already in use")
    expect("a port out of range: exit status", run(server, "--port", 70000)[0], 2)


def check_client(client):
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        command = ["redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        with serving(*command):
            wait_until_connectable(port)
            for words, answer in [("SET key value", (0, "OK\n")), ("GET key", (0, "value\n")),
                                  ("INCR key", (1, "ERR value is not an integer or out of range\n\n"))]:
                status, out, _ = run(client, "--port", port, *words.split())
                expect(f"resp-client {words}", (status, out), answer)
    status, _, err = run(client, "--port", free_port(), "PING")
    expect("nobody there: exit status", status, 1)
    expect("nobody there", err.strip().split(": ")[-1], "Connection refused")
    expect("an unknown option: exit status", run(client, "--nonsense")[0], 2)


def check(server, client):
    check_server(server)
    check_client(client)


if __name__ == "__main__":
    sys.exit(main(check, 2, ("redis-cli", "redis-benchmark", "redis-server")))
