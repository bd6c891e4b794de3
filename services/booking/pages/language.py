"""The language of a page: its words, and how it says days and times."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from gettext import NullTranslations
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from fastapi import Request

from services.booking.domain.people import Language
from shared.catalogues import Texts
from shared.vocabulary.labels import vocabulary

LANGUAGES: tuple[Language, ...] = ("en", "fr")

REMEMBERED_IN = "limber_language"
"""The cookie that holds what was chosen."""

TEXTS = Texts(Path(__file__).parent)

LOCALES: dict[Language, Locale] = {"en": Locale("en", "CA"), "fr": Locale("fr", "CA")}


@dataclass(frozen=True)
class Tongue:
    """One language: `_` of a text, labels of codes, dates and times.

    Dates of another year than `year` are said with theirs; where it is None, none are.
    """

    language: Language
    translations: NullTranslations
    year: int | None = None

    def label(self, group: str, code: str) -> str:
        """What people call a code; the code itself when the vocabulary has no word for it."""
        return _labels(self.language).get((group, code), code)

    def labels(self, group: str) -> list[tuple[str, str]]:
        """The codes of a group with their labels, in the order in which people should read them."""
        terms = vocabulary().groups()[group]
        return [(term.code, self.label(group, term.code)) for term in terms]

    def day(self, on: date) -> str:
        """A date in full, such as Tuesday, November 24."""
        return self._date(on, "EEEE d MMMM" if self.language == "fr" else "EEEE, MMMM d")

    def weekday(self, on: date) -> str:
        """A weekday in short, such as Tue."""
        return format_date(on, "EEE", LOCALES[self.language]).rstrip(".")

    def day_of_month(self, on: date) -> str:
        """Day and month in short, such as Nov 24."""
        return self._date(on, "d MMM" if self.language == "fr" else "MMM d")

    def time(self, at: datetime, rules: ZoneInfo) -> str:
        """The time of day in a zone, such as 10:00 a.m. or 10 h 00."""
        pattern = "H\u00a0'h'\u00a0mm" if self.language == "fr" else "h:mm\u00a0a"
        return format_time(at, pattern, rules, LOCALES[self.language])

    def moment(self, at: datetime, rules: ZoneInfo) -> str:
        """Day and time in a zone, with the zone's abbreviation."""
        local = at.astimezone(rules)
        return f"{self.day(local.date())}, {self.time(at, rules)} {local.tzname()}"

    def _date(self, on: date, pattern: str) -> str:
        if self.year is not None and on.year != self.year:
            pattern += " y" if self.language == "fr" else ", y"
        return format_date(on, pattern, LOCALES[self.language])


def language_of(request: Request, *, remembered: bool = True) -> Language:
    """The language asked for, else the one remembered, else the first one the browser knows."""
    cookie = request.cookies.get(REMEMBERED_IN) if remembered else None
    for wanted in (request.query_params.get("lang"), cookie):
        for language in LANGUAGES:
            if wanted == language:
                return language
    for part in request.headers.get("accept-language", "").split(","):
        code = part.partition(";")[0].strip().lower()[:2]
        for language in LANGUAGES:
            if code == language:
                return language
    return "en"


@lru_cache(maxsize=len(LANGUAGES))
def tongue(language: Language) -> Tongue:
    """A language with its catalogue; English texts are their own keys.

    Raises:
        OSError: the catalogue is not there.
    """
    if language == "en":
        return Tongue(language, NullTranslations())
    return Tongue(language, TEXTS.translations())


@lru_cache(maxsize=len(LANGUAGES))
def _labels(language: Language) -> dict[tuple[str, str], str]:
    return {
        (group, term.code): getattr(term.label, language)
        for group, terms in vocabulary().groups().items()
        for term in terms
    }
