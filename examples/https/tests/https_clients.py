#!/usr/bin/env python3
"""https-server on 127.0.0.1 with the site of this example, for curl and Chromium.

usage: https_clients.py HTTPS_SERVER
exit status: 0 it works, 1 it does not, 77 openssl, curl or chromium is not installed
"""

import base64
import hashlib
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "common"))
from real_clients import Program, expect, main, make_certificate, run

SITE = Path(__file__).resolve().parents[1] / "site"


def check_curl(url, certificate, folder):
    def curl(*words):
        status, out, err = run("curl", "--silent", "--show-error", "--max-time", 20, "--cacert", certificate, *words)
        return status, out + err

    for name in ("index.html", "style.css", "script.js", "words.json"):
        expect(f"curl {name}", curl(f"{url}/{name}"), (0, (SITE / name).read_text()))
    expect("curl /", curl(f"{url}/"), (0, (SITE / "index.html").read_text()))
    large = bytes(range(256)) * 20_000
    status, _ = curl("--output", folder / "large", f"{url}/large.bin")
    expect("curl a large file", (status, (folder / "large").read_bytes() == large), (0, True))

    status, out = curl("--head", f"{url}/large.bin")
    expect("curl --head", (status, out.splitlines()[0]), (0, "HTTP/1.1 200 OK"))
    expect("curl --head: the length", f"Content-Length: {len(large)}" in out.splitlines(), True)
    shows = ("--output", folder / "body", "--write-out", "%{http_code} %{num_connects} ")
    expect("one connection", curl(*shows, f"{url}/", "--next", *shows, "--cacert", certificate, f"{url}/none", "--next",
                                  *shows, "--cacert", certificate, "--data", "x", f"{url}/"),
           (0, "200 1 404 0 405 0 "))
    expect("the fields are too long", curl(*shows, "--header", "Cookie: " + 10_000 * "x", f"{url}/"), (0, "431 1 "))
    big = folder / "big"
    big.write_bytes(100_000 * b"x")
    expect("the body is too long", curl(*shows, "--header", "Expect:", "--data-binary", f"@{big}", f"{url}/"),
           (0, "413 1 "))
    expect("a folder above", curl(*shows, "--path-as-is", f"{url}/../server.cpp"), (0, "404 1 "))
    expect("HTTP/1.0", curl(*shows, "--http1.0", f"{url}/"), (0, "200 1 "))
    expect("curl, which does not trust the certificate", run("curl", "--silent", "--max-time", 20, f"{url}/")[0], 60)


def key_hash(certificate):
    """What Chromium's --ignore-certificate-errors-spki-list takes: this certificate's key alone is trusted."""
    public = subprocess.run(["openssl", "x509", "-in", certificate, "-noout", "-pubkey"], check=True,
                            capture_output=True).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "der"], input=public, check=True,
                         capture_output=True).stdout
    return base64.b64encode(hashlib.sha256(der).digest()).decode()


def check_chromium(url, certificate):
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        status, page, _ = run(
            "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            f"--user-data-dir={profile}", f"--ignore-certificate-errors-spki-list={key_hash(certificate)}",
            "--virtual-time-budget=5000", "--dump-dom", f"{url}/", seconds=120)
    expect("Chromium: exit status", status, 0)
    for what, words in (("script", "ran"), ("style", "was applied"), ("page", "was fetched")):
        expect(f"Chromium: the {what}", re.findall(f'<span id="{what}">(.*?)</span>', page), [words])


def check_wrong_use(server, folder, certificate, key):
    files = ("--certificate", certificate, "--key", key)
    expect("--help: exit status", run(server, "--help")[0], 0)
    expect("no options: exit status", run(server)[0], 2)
    expect("no port", run(server, *files, "--folder", SITE, "--listen", "localhost"),
           (2, "", 'https-server: HOST:PORT is wanted, not "localhost"\n'))
    status, _, err = run(server, *files, "--folder", folder / "none")
    expect("no folder", (status, str(folder / "none") in err and "No such file" in err), (1, True))
    expect("no key: exit status", run(server, "--certificate", certificate, "--key", certificate, "--folder", SITE)[0],
           2)


def check(https_server):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        certificate, key = make_certificate(folder)
        site = folder / "site"
        site.mkdir()
        for file in SITE.iterdir():
            (site / file.name).write_bytes(file.read_bytes())
        (site / "large.bin").write_bytes(bytes(range(256)) * 20_000)
        command = (https_server, "--listen", "127.0.0.1:0", "--certificate", certificate, "--key", key, "--folder", site)
        with Program("https-server", *command) as server:
            port = re.fullmatch(r"https-server: listening on 127\.0\.0\.1:(\d+)", server.hear() or "").group(1)
            url = f"https://localhost:{port}"
            check_curl(url, certificate, folder)
            check_chromium(url, certificate)
            expect("a port in use", run(https_server, *command[3:], "--listen", f"127.0.0.1:{port}"),
                   (1, "", f"https-server: listen on 127.0.0.1:{port}: Address already in use\n"))
            server.process.send_signal(signal.SIGTERM)
            expect("https-server on SIGTERM", server.process.wait(30), 0)
        check_wrong_use(https_server, folder, certificate, key)


if __name__ == "__main__":
    sys.exit(main(check, 1, ("openssl", "curl", "chromium")))
