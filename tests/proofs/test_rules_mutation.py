"""Each number of the rules, altered by one step, makes a golden scenario fail."""

import copy
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from typing import Any

import pytest
from pydantic import ValidationError

from services.progress import domain
from services.progress.domain.rules import Rules
from tests.unit.progress.test_golden import SCENARIOS

pytestmark = pytest.mark.proof

FILE: dict[str, Any] = tomllib.loads(
    resources.files(domain).joinpath("rules.toml").read_text("utf-8")
)


OTHERS = {"gates", "mask", "plan", "dose", "milestones"}
"""Tables that no rule of safety reads; their figures have scenarios where they are used."""


@dataclass(frozen=True)
class Figure:
    """A number of the file: where it stands, and the rule or table it belongs to."""

    owner: str
    path: tuple[str | int, ...]
    value: int | float

    def __str__(self) -> str:
        return f"{self.owner} {'.'.join(map(str, self.path[1:]))} = {self.value}"


def figures() -> Iterator[Figure]:
    """Every number of the file."""

    def below(owner: str, path: tuple[str | int, ...], found: Any) -> Iterator[Figure]:
        if isinstance(found, dict):
            for name, inner in found.items():
                yield from below(owner, (*path, name), inner)
        elif isinstance(found, list):
            for number, inner in enumerate(found):
                yield from below(owner, (*path, number), inner)
        elif isinstance(found, int | float) and not isinstance(found, bool):
            yield Figure(owner, path, found)

    for name, table in FILE.items():
        if name == "rules":
            for number, rule in enumerate(table):
                yield from below(rule["id"], (name, number), rule)
        else:
            yield from below(name, (name,), table)


def altered(figure: Figure) -> Iterator[tuple[float, Rules]]:
    """The rules with the number one step up, and one step down where the schema allows it."""
    for step in (1, -1):
        value = figure.value + step if isinstance(figure.value, int) else figure.value + step / 10
        data = copy.deepcopy(FILE)
        place: Any = data
        for key in figure.path[:-1]:
            place = place[key]
        place[figure.path[-1]] = value
        try:
            yield value, Rules.model_validate(data)
        except ValidationError:
            continue


def notices(rules: Rules, owner: str) -> bool:
    """Whether a golden scenario fails; those of the rule come first."""
    for scenario in sorted(SCENARIOS, key=lambda one: one.name.split()[0] != owner):
        try:
            if scenario.run(rules) != scenario.expected:
                return True
        except (ArithmeticError, AssertionError, LookupError, ValueError):
            return True
    return False


@pytest.mark.parametrize("figure", figures(), ids=str)
def test_no_number_can_be_altered_unnoticed(figure: Figure) -> None:
    survivors = [value for value, rules in altered(figure) if not notices(rules, figure.owner)]

    assert [] == survivors
