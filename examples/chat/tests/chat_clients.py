#!/usr/bin/env python3
"""chat-server on 127.0.0.1 and a Unix socket, for openssl s_client and socat, in one room.

usage: chat_clients.py CHAT_SERVER
exit status: 0 it works, 1 it does not, 77 openssl or socat is not installed
"""

import re
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "common"))
from real_clients import Program, expect, main, make_certificate, run


def check_talk(server, certificate, port, path):
    tls = ("openssl", "s_client", "-quiet", "-verify_quiet", "-verify_return_error", "-verify_hostname", "localhost",
           "-servername", "localhost", "-CAfile", certificate, "-connect", f"127.0.0.1:{port}")
    unix = ("socat", "-", f"UNIX-CONNECT:{path}")
    with ExitStack() as scope:
        alice = scope.enter_context(Program("alice, openssl s_client", *tls))
        alice.expect("* welcome, who are you?")
        alice.say("alice")
        alice.expect("* here: ")
        bob = scope.enter_context(Program("bob, socat", *unix))
        bob.expect("* welcome, who are you?")
        bob.say("bob")
        bob.expect("* here: alice")
        alice.expect("* bob joined")
        alice.say("hello bob")
        bob.expect("alice: hello bob")
        bob.say("hello alice, \033[2J grüße")
        alice.expect("bob: hello alice, ?[2J grüße")

        twin = scope.enter_context(Program("a second bob, s_client", *tls, "-crlf"))
        twin.expect("* welcome, who are you?")
        twin.say("bob")
        twin.expect("* goodbye: this name is taken")
        twin.expect_end(0)
        noisy = scope.enter_context(Program("noisy, socat", *unix))
        noisy.say("noisy\n" + 513 * "x")
        noisy.expect("* welcome, who are you?", "* here: alice, bob", "* goodbye: a line that is too long")
        noisy.expect_end(0)
        for peer in (alice, bob):
            peer.expect("* noisy joined", "* noisy left: a line that is too long")

        lines = [f"line {number} {'.' * (number % 400)}" for number in range(1000)]
        bob.say("\n".join(lines))
        alice.expect(*(f"bob: {line}" for line in lines))
        bob.say("/quit")
        bob.expect("* goodbye: quit")
        bob.expect_end(0)
        alice.expect("* bob left: quit")
        server.process.send_signal(signal.SIGTERM)
        alice.expect("* goodbye: the server ends")
        alice.expect_end(0)
        server.expect_end(0)


def check_wrong_use(server, folder, certificate, key):
    status, out, _ = run(server, "--help")
    expect("--help: exit status", status, 0)
    expect("--help names the options", all(name in out for name in ("--tls", "--certificate", "--key", "--unix")), True)
    expect("no options: exit status", run(server)[0], 2)
    expect("--tls alone: exit status", run(server, "--tls", "127.0.0.1:0")[0], 2)
    expect("no port", run(server, "--tls", "127.0.0.1", "--certificate", certificate, "--key", key),
           (2, "", 'chat-server: HOST:PORT is wanted, not "127.0.0.1"\n'))
    status, _, err = run(server, "--tls", "127.0.0.1:0", "--certificate", folder / "none", "--key", key)
    expect("no certificate: exit status", status, 1)
    expect("no certificate", "No such file" in err and str(folder / "none") in err, True)
    status, _, err = run(server, "--unix", folder / "no folder" / "socket")
    expect("no folder: exit status", status, 1)
    expect("no folder", "No such file" in err, True)


def check(chat_server):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        certificate, key = make_certificate(folder)
        path = folder / "room"
        command = (chat_server, "--tls", "127.0.0.1:0", "--certificate", certificate, "--key", key, "--unix", path)
        with Program("chat-server", *command) as server:
            places = sorted(server.hear() or "" for _ in range(2))
            expect("chat-server", places[0], f"chat-server: listening on {path}")
            port = re.fullmatch(r"chat-server: listening on 127\.0\.0\.1:(\d+)", places[1])
            check_talk(server, certificate, port.group(1), path)
        expect("the socket file is gone", path.exists(), False)
        check_wrong_use(chat_server, folder, certificate, key)


if __name__ == "__main__":
    sys.exit(main(check, 1, ("openssl", "socat")))
