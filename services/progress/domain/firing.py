"""A rule that fired: what it asks for, and why."""

from dataclasses import dataclass
from typing import Any

from shared.contracts.progress import Action, Level

LEVELS: tuple[Level, ...] = (
    "unknown", "go", "go-care", "modify", "stop", "hold", "emergency",
)  # fmt: skip
"""Mildest first; `unknown` says nothing and so yields to every other."""


def highest(*levels: Level) -> Level:
    """The level that counts when several hold; `unknown` without any."""
    return max(levels, key=LEVELS.index, default="unknown")


@dataclass(frozen=True)
class Firing:
    """A rule that fired: what it asks for, its version and the inputs it saw.

    A notice or a review has the level `unknown`: it says nothing about today.
    """

    rule: str
    version: str
    level: Level
    action: str
    code: str
    detail: str
    inputs: dict[str, Any]

    def as_stored(self) -> dict[str, Any]:
        """All of it, as it is stored and shown."""
        return dict(vars(self))

    def as_action(self) -> Action:
        """What the client is told."""
        return Action(
            rule=self.rule,
            level=self.level,
            action=self.action,
            code=self.code,
            detail=self.detail,
        )
