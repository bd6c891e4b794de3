"""Who is right for a wish, in which order, and why.

Only those are ordered who can do all that is asked for (`trainers.serves`): first the trainer whom
the client knows; then the least load, so that work is shared fairly; then name and id.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from services.booking.domain.areas import city_of
from services.booking.domain.people import Language
from services.booking.domain.trainers import Known, Trainer, Wish
from shared.vocabulary.codes import Condition

LOAD_DAYS = 14
"""How far before and after the days in question a trainer's booked time counts as load: long
enough to even out a quiet week, short enough that a newcomer catches up within a month."""

LEAST_WORK_MINUTES = 60
"""Working time of a week that load is measured by at least: who works on single dates alone has
no weekly hours, and counts as almost full."""


@dataclass(frozen=True)
class _Why:
    """The words of the sentence in one language."""

    known: dict[Known, str]
    virtual: str
    visits: str
    experience: str
    speaks: str
    joined: str
    languages: dict[Language, str]
    conditions: dict[Condition, str]


_WHY: dict[Language, _Why] = {
    "en": _Why(
        known={
            "met": "You know {} from your last session.",
            "booked": "Your coming session is with {}.",
        },
        virtual="trains virtually",
        visits="visits {}",
        experience="has experience with {}",
        speaks="speaks {}",
        joined=" and ",
        languages={"en": "English", "fr": "French"},
        conditions={
            "back-pain": "back pain",
            "neck-pain": "neck pain",
            "shoulder-pain": "shoulder pain",
            "osteoarthritis-knee": "osteoarthritis of the knee",
            "osteoarthritis-hip": "osteoarthritis of the hip",
            "rheumatoid-arthritis": "rheumatoid arthritis",
            "fibromyalgia": "fibromyalgia",
            "chronic-primary-pain": "chronic primary pain",
            "other": "other chronic conditions",
        },
    ),
    "fr": _Why(
        known={
            "met": "Vous connaissez {} de votre dernière séance.",
            "booked": "Votre prochaine séance est avec {}.",
        },
        virtual="entraîne en ligne",
        visits="se déplace à {}",
        experience="connaît bien {}",
        speaks="parle {}",
        joined=" et ",
        languages={"en": "anglais", "fr": "français"},
        conditions={
            "back-pain": "le mal de dos",
            "neck-pain": "le mal de cou",
            "shoulder-pain": "la douleur à l'épaule",
            "osteoarthritis-knee": "l'arthrose du genou",
            "osteoarthritis-hip": "l'arthrose de la hanche",
            "rheumatoid-arthritis": "la polyarthrite rhumatoïde",
            "fibromyalgia": "la fibromyalgie",
            "chronic-primary-pain": "la douleur chronique primaire",
            "other": "d'autres problèmes chroniques",
        },
    ),
}


def load(trainer: Trainer, booked_minutes: int, during: timedelta) -> int:
    """Booked time in per mille of the usual working time of a trainer."""
    weeks = during / timedelta(days=7)
    return int(booked_minutes * 1000 / (max(trainer.weekly_minutes, LEAST_WORK_MINUTES) * weeks))


def in_order(trainers: Iterable[Trainer], loads: Mapping[UUID, int]) -> list[Trainer]:
    """The trainers, the best first; `loads` are theirs, and who has none counts as free."""
    return sorted(
        trainers, key=lambda one: (one.known is None, loads.get(one.id, 0), one.name, one.id)
    )


def why(trainer: Trainer, wish: Wish, language: Language = "en") -> str:
    """A plain sentence, in a language: what makes this trainer right for the wish."""
    say = _WHY[language]
    if trainer.known is not None:
        return say.known[trainer.known].format(trainer.name.split()[0])
    parts = []
    if wish.mode == "virtual":
        parts.append(say.virtual)
    if wish.area is not None:
        parts.append(say.visits.format(city_of(wish.area)))
    if wish.conditions:
        known = say.joined.join(say.conditions[one] for one in wish.conditions)
        parts.append(say.experience.format(known))
    if wish.language is not None:
        parts.append(say.speaks.format(say.languages[wish.language]))
    *most, last = parts or [
        say.speaks.format(say.joined.join(say.languages[one] for one in trainer.languages))
    ]
    sentence = f"{', '.join(most)}{say.joined}{last}" if most else last
    return f"{sentence[0].upper()}{sentence[1:]}."
