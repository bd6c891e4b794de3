"""Each instrument by its id, what is wrong with an answer, and the score: `instruments.toml`."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from statistics import fmean
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict

from shared.vocabulary.codes import Instrument

SCORE_DIGITS = 2
"""Means of whole numbers; more digits would pretend to more than was answered."""


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Range(_Data):
    """Both ends count."""

    at_least: int
    at_most: int

    def __contains__(self, value: int) -> bool:
        return self.at_least <= value <= self.at_most

    def __str__(self) -> str:
        if self.at_least == self.at_most:
            return str(self.at_least)
        return f"{self.at_least} to {self.at_most}"


class Meaningful(_Data):
    """The smallest change that counts; where both are given either will do."""

    points: float | None = None
    percent: float | None = None


class Entry(_Data):
    """One instrument. `recall` is the time its questions speak of."""

    id: Instrument
    items: Range
    answers: Range
    scoring: Literal["mean", "sum", "percent-of-best"]
    better: Literal["lower", "higher"]
    recall: str
    meaningful: Meaningful | None = None
    every_weeks: int
    source: str


class Physical(_Data):
    """What can be measured at all: degrees of a joint, stands from a chair in 30 seconds."""

    degrees: Range
    chair_stand: Range
    source: str


class Instruments(_Data):
    """One version of the file."""

    version: str
    instruments: tuple[Entry, ...]
    physical: Physical


@dataclass(frozen=True)
class Fault:
    """What is wrong with answers: the field and a sentence."""

    field: str
    message: str


@lru_cache(maxsize=1)
def instruments() -> Instruments:
    """The instruments of this release.

    Raises:
        ValueError: the file does not fit its schema, or an instrument is missing or there twice.
    """
    text = resources.files(__package__).joinpath("instruments.toml").read_text("utf-8")
    found = Instruments.model_validate(tomllib.loads(text))
    if sorted(entry.id for entry in found.instruments) != sorted(get_args(Instrument)):
        raise ValueError("each instrument stands in the file once")
    return found


@lru_cache(maxsize=len(get_args(Instrument)))
def instrument(name: Instrument) -> Entry:
    """The entry of an instrument."""
    return next(entry for entry in instruments().instruments if entry.id == name)


def fault(name: Instrument, answers: Sequence[int]) -> Fault | None:
    """What is wrong with answers to an instrument; None when nothing is."""
    entry = instrument(name)
    if len(answers) not in entry.items:
        noun = "answer" if entry.items.at_most == 1 else "answers"
        return Fault("answers", f"{name} takes {entry.items} {noun}, not {len(answers)}.")
    for place, answer in enumerate(answers):
        if answer not in entry.answers:
            return Fault(
                f"answers.{place}", f"Answer {place + 1} of {name} has to be {entry.answers}."
            )
    return None


def score(name: Instrument, answers: Sequence[int]) -> float:
    """The score of answers without fault."""
    entry = instrument(name)
    match entry.scoring:
        case "mean":
            found = fmean(answers)
        case "sum":
            found = float(sum(answers))
        case "percent-of-best":
            found = 100 - 100 * fmean(answers) / entry.answers.at_most
    return round(found, SCORE_DIGITS)


def gain(name: Instrument, first: float, newest: float) -> float:
    """How far a score has moved towards the better; below zero when it moved away."""
    return first - newest if instrument(name).better == "lower" else newest - first
