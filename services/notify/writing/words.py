"""One language's words, dates and times, as all messages use them."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from gettext import NullTranslations
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time

from services.notify.writing.catalogue import LOCALES, Language, marked
from services.notify.writing.phrases import OTHER_SERVICE, SERVICES, ZONES, ZONES_OF, ServiceNames
from shared.calendar import tz_text

_DAY: dict[Language, str] = {"en": "EEEE, MMMM d", "fr": "EEEE d MMMM"}
_FIRST_OF_MONTH: dict[Language, str] = {"en": "EEEE, MMMM d", "fr": "EEEE '1er' MMMM"}
_TIME: dict[Language, str] = {"en": "h:mm a", "fr": "H 'h' mm"}
"""Patterns for Babel. Its own time has a narrow space in it, which many programs show as a box."""

_SPAN = marked("%(day)s, %(start)s to %(end)s")
_TIMES = marked("%(start)s to %(end)s")


class Words:
    """The words of one language."""

    def __init__(self, language: Language, catalogue: NullTranslations) -> None:
        self.language = language
        self._catalogue = catalogue

    def say(self, text: str) -> str:
        """A marked text in this language."""
        return self._catalogue.gettext(text)

    def count(self, texts: tuple[str, str], count: int) -> str:
        """Words for so many of something, such as 3 sessions."""
        return self._catalogue.ngettext(*texts, count) % {"count": count}

    def service(self, code: str) -> ServiceNames:
        """A service's names, in English; say the one that is wanted."""
        return SERVICES.get(code, OTHER_SERVICE)

    def date(self, day: date) -> str:
        """A date, such as Tuesday, November 24."""
        return _date(day, self.language)

    def day(self, at: datetime, rules: ZoneInfo) -> str:
        """The local date of an instant."""
        return self.date(at.astimezone(rules).date())

    def time(self, at: datetime, rules: ZoneInfo) -> str:
        """The local time with the zone's abbreviation, such as 10:00 a.m. EST."""
        local = at.astimezone(rules)
        return f"{self._clock(local)} {self._zone(local, rules)}"

    def moment(self, at: datetime, rules: ZoneInfo) -> str:
        """Date and time of an instant."""
        return f"{self.day(at, rules)}, {self.time(at, rules)}"

    def span(self, start: datetime, end: datetime, rules: ZoneInfo) -> str:
        """Date and times, such as Tuesday, November 24, 10:00 a.m. to 10:45 a.m. EST."""
        first, last = self._span(start, end, rules)
        return self.say(_SPAN) % {"day": self.day(start, rules), "start": first, "end": last}

    def times(self, start: datetime, end: datetime, rules: ZoneInfo) -> str:
        """Times alone, such as 10:00 a.m. to 10:45 a.m. EST."""
        first, last = self._span(start, end, rules)
        return self.say(_TIMES) % {"start": first, "end": last}

    def _span(self, start: datetime, end: datetime, rules: ZoneInfo) -> tuple[str, str]:
        first, last = start.astimezone(rules), end.astimezone(rules)
        begins = self._clock(first)
        if first.utcoffset() != last.utcoffset():
            begins += f" {self._zone(first, rules)}"
        return begins, f"{self._clock(last)} {self._zone(last, rules)}"

    def _clock(self, local: datetime) -> str:
        return _clock(local.hour, local.minute, self.language)

    def _zone(self, local: datetime, rules: ZoneInfo) -> str:
        # Many zones have no abbreviation; the database then gives digits.
        name = local.tzname() or ""
        if not name.isalpha():
            return tz_text(local.utcoffset() or timedelta(0))
        return self.say(ZONES[name]) if name in ZONES and _american(rules) else name


def _american(rules: ZoneInfo) -> bool:
    return (rules.key or "").startswith(ZONES_OF)


@lru_cache(maxsize=1024)
def _date(day: date, language: Language) -> str:
    pattern = (_FIRST_OF_MONTH if day.day == 1 else _DAY)[language]
    return format_date(day, pattern, LOCALES[language])


@lru_cache(maxsize=4096)
def _clock(hour: int, minute: int, language: Language) -> str:
    at = datetime(2000, 1, 1, hour, minute)  # noqa: DTZ001 - only its clock is written
    return format_time(at, _TIME[language], locale=LOCALES[language])
