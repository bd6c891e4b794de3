"""Words and dates that all messages share, in each language."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from shared.calendar import tz_text

Language = Literal["en", "fr"]


@dataclass(frozen=True)
class Words:
    """The fixed words of one language; leaving one out is a type error."""

    when: str
    before: str
    with_whom: str
    where: str
    online: str
    join: str
    manage: str
    calendar: str
    desk: str
    sign_in: str
    kept_until: str
    book: str
    leave: str
    someone: str
    a_client: str
    a_trainer: str
    services: dict[str, str]
    other_service: str
    many: dict[str, str]
    many_others: str
    footer: str
    service_footer: str


WORDS: dict[Language, Words] = {
    "en": Words(
        when="When",
        before="Before",
        with_whom="With",
        where="Where",
        online="Online",
        join="Join online",
        manage="Move or cancel",
        calendar="Add to my calendar",
        desk="Open the desk",
        sign_in="Sign in",
        kept_until="Kept for you until",
        book="Book this time",
        leave="Leave the waiting list",
        someone="there",
        a_client="a client",
        a_trainer="your trainer",
        services={
            "first-workout": "first workout",
            "assessment": "assessment",
            "training": "training session",
        },
        other_service="session",
        many={"assessment": "assessments", "training": "training sessions"},
        many_others="sessions",
        footer="Limber, personal training at your pace. Just reply if you need anything.",
        service_footer="You get this because you agreed to reminders. "
        "You can turn them off on your page at any time.",
    ),
    "fr": Words(
        when="Quand",
        before="Avant",
        with_whom="Avec",
        where="Où",
        online="En ligne",
        join="Rejoindre en ligne",
        manage="Déplacer ou annuler",
        calendar="Ajouter à mon calendrier",
        desk="Ouvrir le bureau",
        sign_in="Se connecter",
        kept_until="Gardé pour vous jusqu'à",
        book="Réserver cette heure",
        leave="Quitter la liste d'attente",
        someone="à vous",
        a_client="une personne",
        a_trainer="votre entraîneur",
        services={
            "first-workout": "première séance",
            "assessment": "évaluation",
            "training": "séance d'entraînement",
        },
        other_service="séance",
        many={"assessment": "évaluations", "training": "séances d'entraînement"},
        many_others="séances",
        footer="Limber, l'entraînement personnel à votre rythme. "
        "Répondez simplement si vous avez besoin de quelque chose.",
        service_footer="Vous recevez ce message parce que vous avez accepté les rappels. "
        "Vous pouvez les désactiver sur votre page en tout temps.",
    ),
}

_DAYS: dict[Language, tuple[str, ...]] = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "fr": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
}

_MONTHS: dict[Language, tuple[str, ...]] = {
    "en": (
        *("January", "February", "March", "April", "May", "June", "July"),
        *("August", "September", "October", "November", "December"),
    ),
    "fr": (
        *("janvier", "février", "mars", "avril", "mai", "juin", "juillet"),
        *("août", "septembre", "octobre", "novembre", "décembre"),
    ),
}


def day(at: datetime, rules: ZoneInfo, language: Language) -> str:
    """The local date, such as Tuesday, November 24."""
    local = at.astimezone(rules)
    weekday, month = _DAYS[language][local.weekday()], _MONTHS[language][local.month - 1]
    if language == "fr":
        return f"{weekday} {'1er' if local.day == 1 else local.day} {month}"
    return f"{weekday}, {month} {local.day}"


def clock_time(at: datetime, rules: ZoneInfo, language: Language) -> str:
    """The local time with the zone's abbreviation, such as 10:00 a.m. EST."""
    local = at.astimezone(rules)
    return f"{_hour_and_minute(local, language)} {_zone_name(local)}"


def span(start: datetime, end: datetime, rules: ZoneInfo, language: Language) -> str:
    """Date and times of a session, such as Tuesday, November 24, 10:00 a.m. to 10:45 a.m. EST."""
    first, last = start.astimezone(rules), end.astimezone(rules)
    comma, to = (", ", " to ") if language == "en" else (", ", " à ")
    begins = _hour_and_minute(first, language)
    if first.utcoffset() != last.utcoffset():
        begins += f" {_zone_name(first)}"
    return f"{day(start, rules, language)}{comma}{begins}{to}{clock_time(end, rules, language)}"


def _hour_and_minute(local: datetime, language: Language) -> str:
    if language == "fr":
        return f"{local.hour} h {local.minute:02}"
    half = "a.m." if local.hour < 12 else "p.m."
    return f"{local.hour % 12 or 12}:{local.minute:02} {half}"


def _zone_name(local: datetime) -> str:
    # Many zones have no abbreviation; the database then gives digits.
    name = local.tzname() or ""
    return name if name.isalpha() else tz_text(local.utcoffset() or timedelta(0))
