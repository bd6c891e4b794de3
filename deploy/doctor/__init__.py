"""Checks of a running installation: what each found and, where it is not well, what to do."""

from dataclasses import asdict, dataclass
from typing import Literal

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Finding:
    """What one check found; `do` is empty where all is well."""

    check: str
    state: State
    found: str
    do: str = ""

    def line(self) -> str:
        """For a person."""
        told = f"{self.state:<4}  {self.check}: {self.found}"
        return f"{told}\n        {self.do}" if self.do else told

    def document(self) -> dict[str, str]:
        """For a program."""
        return asdict(self)


def ok(check: str, found: str) -> Finding:
    """It is as it should be."""
    return Finding(check, "ok", found)


def warn(check: str, found: str, do: str) -> Finding:
    """It works, and will not for ever."""
    return Finding(check, "warn", found, do)


def fail(check: str, found: str, do: str) -> Finding:
    """It does not work."""
    return Finding(check, "fail", found, do)
