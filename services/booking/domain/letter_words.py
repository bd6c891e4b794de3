"""The words of a client's letter in both languages: sentences, labels, dates and numbers."""

import tomllib
from collections.abc import Iterable
from datetime import date, datetime
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

from services.booking.domain.people import Language
from shared.instruments.table import instrument
from shared.options.catalogue import catalogue
from shared.vocabulary.codes import Instrument
from shared.vocabulary.labels import vocabulary

MONTHS: dict[Language, tuple[str, ...]] = {
    "en": (
        "January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December",
    ),
    "fr": (
        "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre",
        "octobre", "novembre", "décembre",
    ),
}  # fmt: skip


class Wording:
    """How one letter speaks: its language, and the zone its dates are told in."""

    def __init__(self, language: Language, zone: ZoneInfo) -> None:
        self.language: Language = language
        self._zone = zone

    def say(self, sentence: str, **parts: object) -> str:
        """A sentence of `letter_words.toml` with its parts filled in."""
        return _sentences()[sentence][self.language].format(**parts)

    def day(self, at: str) -> str:
        """The day of an instant (RFC 3339), as people write it."""
        return self.date(datetime.fromisoformat(at).astimezone(self._zone).date())

    def date(self, day: date) -> str:
        """A day, as people write it."""
        number = "1er" if self.language == "fr" and day.day == 1 else str(day.day)
        return f"{number} {MONTHS[self.language][day.month - 1]} {day.year}"

    def number(self, value: float) -> str:
        """A number with at most one decimal."""
        text = f"{round(value, 1):g}".replace("-", "\N{MINUS SIGN}")
        return text.replace(".", ",") if self.language == "fr" else text

    def label(self, group: str, code: str) -> str:
        """What a code of the vocabulary is called within a sentence; itself where unknown."""
        found = _labels().get((group, code, self.language), code)
        # Within a sentence; abbreviations keep their capitals.
        return found if found[1:2].isupper() else found[:1].lower() + found[1:]

    def title(self, group: str, code: str) -> str:
        """What a code of the vocabulary is called at the beginning of a sentence."""
        return _labels().get((group, code, self.language), code)

    def scale(self, name: Instrument) -> str:
        """An instrument with the range of its scores and where the better end is."""
        entry = instrument(name)
        low, high = entry.answers.at_least, entry.answers.at_most
        if entry.scoring == "sum":
            low, high = low * entry.items.at_least, high * entry.items.at_most
        elif entry.scoring == "percent-of-best":
            low, high = 0, 100
        return self.say(entry.better, name=name.upper(), low=low, high=high)

    def option(self, code: str) -> str:
        """The name of an option of the catalogue; itself where unknown."""
        return _option_names().get((code, self.language), code)

    def listed(self, parts: Iterable[str], most: int, *, apart: str | None = None) -> str:
        """The first of several, and how many more there are."""
        every = list(parts)
        rest = [self.say("more", n=len(every) - most)] if len(every) > most else []
        return (apart or self.say("apart")).join([*every[:most], *rest])


@cache
def _sentences() -> dict[str, dict[str, str]]:
    text = resources.files(__package__).joinpath("letter_words.toml").read_text("utf-8")
    return tomllib.loads(text)


@cache
def _labels() -> dict[tuple[str, str, Language], str]:
    found: dict[tuple[str, str, Language], str] = {}
    for group, terms in vocabulary().groups().items():
        for term in terms:
            found[group, term.code, "en"] = term.label.en
            found[group, term.code, "fr"] = term.label.fr
    return found


@cache
def _option_names() -> dict[tuple[str, Language], str]:
    found: dict[tuple[str, Language], str] = {}
    for option in catalogue().options:
        found[option.code, "en"] = option.text.en.name
        found[option.code, "fr"] = option.text.fr.name
    return found
