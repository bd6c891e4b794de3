"""`make audit`: secrets in tracked files, and dependencies with known holes.

`python -m deploy.audit secrets` reads every file that git tracks; `python -m deploy.audit
dependencies` has uv ask about the locked versions. Without a network the second says so and passes:
a build must not hang on somebody else's service.
"""

import json
import math
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent

ASK_WITHIN_S = 60.0
UNANSWERED = "audit: the vulnerability service does not answer; dependencies were not looked at"
UNREACHED = re.compile(r"(?i)failed to fetch|error sending request|dns error|timed out|connect")

NEVER: dict[str, re.Pattern[str]] = {
    "private key": re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    "cloud access key": re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    "token of a code host": re.compile(
        r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|glpat-[A-Za-z0-9_-]{20})\b"
    ),
    "token of a chat": re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
    "signed token": re.compile(
        r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"
    ),
    "password in an address": re.compile(r"\b[a-z]+://[^\s:/@'\"{}$<>]+:[^\s:/@'\"{}$<>]{8,}@"),
}
"""What is a secret wherever it stands."""

NAMED = re.compile(
    r"(?i)\b[a-z_]*(?:password|passwd|secret|token|api_?key|private_?key|encryption_?key)[a-z_]*"
    r"['\"]?\s*[:=]\s*b?['\"]([A-Za-z0-9+/_=-]{20,})['\"]"
)
"""A long value under a telling name; one that looks drawn at random is a secret."""

RANDOM_BITS = 3.6
"""Bits a character: 32 random bytes as base64 have about 4.9, words and names less than 3.5."""

MOST_BYTES = 2_000_000
"""Larger files are data."""

ALLOWED = Path("deploy/audit_allowed.json")
"""File to the values in it that are no secrets: examples, which a reader can see to be some."""


@dataclass(frozen=True)
class Find:
    """Something that looks like a secret; `text` is shown shortened."""

    file: str
    line: int
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.kind}: {self.text[:12]}…"


def secrets_in(file: str, text: str, allowed: frozenset[str] = frozenset()) -> Iterator[Find]:
    """What looks like a secret in a text."""
    for number, line in enumerate(text.splitlines(), start=1):
        found = [
            (kind, match.group(0))
            for kind, pattern in NEVER.items()
            for match in pattern.finditer(line)
        ]
        found += [
            ("value under a telling name", match.group(1))
            for match in NAMED.finditer(line)
            if looks_drawn(match.group(1))
        ]
        for kind, value in found:
            if value not in allowed:
                yield Find(file, number, kind, value)


def looks_drawn(value: str) -> bool:
    """Whether a value was drawn at random rather than written: it has digits among its letters."""
    return any(one.isdigit() for one in value) and bits_a_character(value) > RANDOM_BITS


def bits_a_character(text: str) -> float:
    """How little of a text can be foreseen from its letters (Shannon)."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())


def secrets_tracked() -> list[Find]:
    """What looks like a secret in the files that git tracks, less what is allowed."""
    allowed: dict[str, list[str]] = json.loads((ROOT / ALLOWED).read_text())
    listed = subprocess.run(
        ["git", "ls-files", "-z"],
        cwd=ROOT, capture_output=True, check=True, timeout=60,
    ).stdout.decode()  # fmt: skip
    found: list[Find] = []
    for name in filter(None, listed.split("\0")):
        place = ROOT / name
        if not place.is_file() or place.stat().st_size > MOST_BYTES or name == str(ALLOWED):
            continue
        text = place.read_bytes().decode("utf-8", "replace")
        found += secrets_in(name, text, frozenset(allowed.get(name, ())))
    return found


def known_holes() -> tuple[bool, str]:
    """Whether the locked dependencies are in order, and what `uv audit` said of them.

    Where the vulnerability service does not answer, nothing is known and nothing is held against
    them.
    """
    uv = Path(sys.executable).with_name("uv")
    try:
        asked = subprocess.run(
            [str(uv), "audit", "--frozen"],
            cwd=ROOT, capture_output=True, check=False, timeout=ASK_WITHIN_S, text=True,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return True, UNANSWERED
    said = asked.stdout + asked.stderr
    if asked.returncode and UNREACHED.search(said):
        return True, UNANSWERED
    return asked.returncode == 0, said.strip()


def main() -> None:
    """Say what was found; exit code 1 when something was."""
    match sys.argv[1:]:
        case ["secrets"]:
            finds = "\n".join(map(str, secrets_tracked()))
            fine, said = not finds, finds or "audit: no secret in a tracked file"
        case ["dependencies"]:
            fine, said = known_holes()
        case _:
            sys.exit("usage: python -m deploy.audit secrets|dependencies")
    print(said)
    sys.exit(not fine)


if __name__ == "__main__":
    main()
