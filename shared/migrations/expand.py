"""Old and new releases run side by side on one schema, so a migration only ever adds to it.

What takes something away comes a release later, when nothing that runs needs it, and says so with
a line `-- contract: released in 0.3`, naming the release that no longer needs it.
"""

import re
from collections.abc import Iterator

from shared.migrations import Migration

FIRST_HELD = {"kit": 2, "booking": 13, "notify": 8, "progress": 3}
"""The first migration of each set that the rule holds for; nothing was released before."""

CONTRACT = re.compile(r"^--\s*contract: released in \S+", re.MULTILINE)

_COMMENTS = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_BODIES = re.compile(r"\$(\w*)\$.*?\$\1\$|'(?:[^']|'')*'", re.DOTALL)
_SPACE = re.compile(r"\s+")
_MADE = re.compile(r"create (?:unlogged )?table (?:if not exists )?([\w.]+)")
_ALTERED = re.compile(r"alter table (?:if exists )?(?:only )?([\w.]+) (.*)")

_TAKES_AWAY = (
    (re.compile(r"\bdrop (?:column )?(?!constraint\b|not\b|default\b|expression\b|identity\b)"),
     "drops a column"),
    (re.compile(r"\brename\b"), "renames"),
    (re.compile(r"\balter (?:column )?\w+ (?:set data )?type\b"), "gives a column another type"),
    (re.compile(r"\bset not null\b"), "demands a value that the old release may not write"),
)  # fmt: skip
_ADDS = re.compile(
    r"\badd (?:column )?(?:if not exists )?"
    r"(?!constraint\b|check\b|unique\b|primary\b|foreign\b|exclude\b)(\w+)(.*)"
)
_DROPS = re.compile(r"drop (table|view|type|schema|function|sequence) ")


def breaks(migration: Migration) -> list[str]:
    """How a migration would break a release that runs beside it; empty when it only adds."""
    number = int(migration.name[:4])
    if number < FIRST_HELD.get(migration.set, 1) or CONTRACT.search(migration.sql):
        return []
    made: set[str] = set()
    found: list[str] = []
    for statement in _statements(migration.sql):
        if new := _MADE.match(statement):
            made.add(new[1])
        elif gone := _DROPS.match(statement):
            found.append(f"drops a {gone[1]}")
        elif (altered := _ALTERED.match(statement)) and altered[1] not in made:
            found += _alterations(altered[2])
    return found


def _alterations(actions: str) -> Iterator[str]:
    for action in _parts(actions):
        yield from (what for pattern, what in _TAKES_AWAY if pattern.search(action))
        if (added := _ADDS.match(action)) and _demands(added[2]):
            yield f"adds {added[1]} without a default, which the old release does not write"


def _demands(definition: str) -> bool:
    return "not null" in definition and not re.search(r"\bdefault\b|\bgenerated\b", definition)


def _statements(sql: str) -> Iterator[str]:
    bare = _BODIES.sub("''", _COMMENTS.sub(" ", sql))
    for statement in bare.split(";"):
        if text := _SPACE.sub(" ", statement).strip().lower():
            yield text


def _parts(actions: str) -> Iterator[str]:
    """The actions of one `alter table`, split at commas outside of brackets."""
    depth, begun = 0, 0
    for place, sign in enumerate(actions):
        depth += (sign == "(") - (sign == ")")
        if sign == "," and depth == 0:
            yield actions[begun:place].strip()
            begun = place + 1
    yield actions[begun:].strip()
