#!/usr/bin/env python3
"""dns-server for dig, and for dns-ask; all on 127.0.0.1.

usage: dig.py DNS_SERVER DNS_ASK
exit status: 0 it works, 1 it does not, 77 dig is not installed
"""

import re
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "common"))
from real_clients import expect, free_port, main, run, serving

ZONE = Path(__file__).resolve().parents[1] / "example.zone"


def dig(port, *words):
    status, out, err = run("dig", "@127.0.0.1", "-p", port, "+tries=1", "+time=5", *words)
    expect(f"dig {words}: exit status", (status, err), (0, ""))
    expect(f"dig {words}: warnings", re.findall("(?m)^;; (?:Warning|Got bad packet|communications error).*", out), [])
    return out


def check_dig(port):
    for words, lines in [
        ("www.example.test A", ["192.0.2.1", "192.0.2.2"]), ("WWW.Example.TEST AAAA", ["2001:db8::1"]),
        ("text.example.test TXT", [r'"one; two" "and \"three\""']), ("example.test MX", ["10 mail.example.test."]),
        ("web.example.test A", ["www.example.test.", "192.0.2.1", "192.0.2.2"]), ("nothing.example.test A", []),
        ("+noedns www.example.test A", ["192.0.2.1", "192.0.2.2"]),
        ("+tcp www.example.test A", ["192.0.2.1", "192.0.2.2"]),
    ]:
        expect(f"dig {words}", dig(port, "+short", *words.split()).splitlines(), lines)
    for words, status in [
        ("nothing.example.test", "NXDOMAIN"), ("www.example.test MX", "NOERROR"), ("far.example.test", "NOERROR"),
        ("www.elsewhere.test", "REFUSED"), ("+opcode=update www.example.test", "NOTIMP"),
        ("+edns=1 +noednsnegotiation www.example.test", "BADVERS"),
    ]:
        expect(f"dig {words}", re.findall(r"status: (\w+)", dig(port, *words.split())), [status])
    expect("dig: how long there is nothing", re.findall(r"(?m)^example\.test\.\s+(\d+)\s+IN\s+SOA",
                                                        dig(port, "nothing.example.test")), ["60"])
    out = dig(port, "large.example.test", "TXT")
    expect("dig of a large answer", (len(re.findall('"[0-9a-f]+"', out)), "(TCP)" in out), (6, True))
    out = dig(port, "+ignore", "large.example.test", "TXT")
    expect("dig of a truncated answer", re.findall("flags: (.*?);", out), ["qr aa tc rd"])


def check_ask(ask, port):
    for words, wanted in [
        ("web.example.test aaaa", (0, "web.example.test. 300 IN CNAME www.example.test.\n"
                                      "www.example.test. 300 IN AAAA 2001:db8::1\n", "")),
        ("nothing.example.test", (1, "", "dns-ask: NXDOMAIN\n")),
        ("www.example.test MX", (1, "", "dns-ask: no such record\n")),
        ("a..b", (2, "", 'dns-ask: "a..b" is no domain name\n')),
        ("a NONSENSE", (2, "", 'dns-ask: "NONSENSE" is no type that is known\n')),
        ("--server localhost a", (2, "", 'dns-ask: "localhost" is no numeric address\n')),
    ]:
        expect(f"dns-ask {words}", run(ask, "--port", port, *words.split()), wanted)
    status, out, _ = run(ask, "--port", port, "large.example.test", "TXT")
    expect("dns-ask of a large answer", (status, len(re.findall('"[0-9a-f]+"', out))), (0, 6))
    expect("dns-ask without a name: exit status", run(ask)[0], 2)


def check_mistakes(server, ask, port):
    status, _, err = run(server, "--zone", ZONE, "--port", port)
    expect("a port in use", (status, err),
           (1, f"dns-server: create a server: bind 127.0.0.1:{port}: Address already in use\n"))
    with tempfile.NamedTemporaryFile("w", suffix=".zone") as zone:
        zone.write("@ SOA a. a. 1 2 3 4 5\nx A 1.2.3\n")
        zone.flush()
        expect("a wrong zone file", run(server, "--zone", zone.name),
               (1, "", f"dns-server: {zone.name}: line 2: this is not what a record of type A has\n"))
    expect("no zone file", run(server, "--zone", "/nowhere")[::2], (1, "dns-server: /nowhere: cannot be read\n"))
    expect("an unknown option: exit status", run(server, "--nonsense")[0], 2)


def check(server, ask):
    first_line = r"^dns-server: example\.test\. on 127\.0\.0\.1:(\d+)\n"
    with serving(server, "--zone", ZONE, "--port", 0, first_line=first_line) as started:
        port = started.group(1)
        check_dig(port)
        check_ask(ask, port)
        check_mistakes(server, ask, port)
    port = free_port()
    expect("nobody there", run(ask, "--port", port, "--timeout", 1000, "--tries", 2, "www.example.test"),
           (1, "", f"dns-ask: ask 127.0.0.1:{port} for www.example.test. A: Connection refused\n"))


if __name__ == "__main__":
    sys.exit(main(check, 2, ("dig",)))
