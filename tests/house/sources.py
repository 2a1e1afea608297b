"""What the checkers of this folder share: the sources of the parts, their lines, and how findings are told."""
import argparse
import re
import sys
from pathlib import Path

PARTS = ("net", "sim", "real", "traces")
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')
COMMENT_OR_TEXT = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)


def files(root, parts=PARTS, suffixes=(".hpp", ".cpp")):
    """The sources of these parts, as paths relative to the root, in order."""
    return [path.relative_to(root) for part in parts
            for path in sorted((root / part).rglob("*")) if path.suffix in suffixes]


def includes(root, file):
    """(line number, what is included) for each #include line, whatever #if it stands in."""
    for number, line in enumerate((root / file).read_text().splitlines(), 1):
        if found := INCLUDE.match(line):
            yield number, found.group(1)


def own_include(included):
    """The path below the root for <twinwire/...>, else None."""
    return included.removeprefix("twinwire/") if included.startswith("twinwire/") else None


def code(root, file):
    """The text without comments and string literals; its lines keep their numbers."""
    def blank(found):
        text = found.group(0)
        return '""' if text.startswith('"') else "\n" * text.count("\n")
    return COMMENT_OR_TEXT.sub(blank, (root / file).read_text())


def main(description, check):
    """Runs a checker: `check(root)` yields findings as sentences. Exit status 1 if there are any."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("root", type=Path, nargs="?", default=Path(__file__).resolve().parents[2],
                        help="the top folder of the sources (default: of this project)")
    root = parser.parse_args().root
    if not files(root):
        print(f"there are no sources in {root}", file=sys.stderr)
        return 2
    findings = list(check(root))
    for finding in findings:
        print(finding)
    print(f"{len(findings)} findings in {len(files(root))} files")
    return 1 if findings else 0
