"""Who hears of a client's safety, at once and when nobody looks; and what a trainer should see."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from services.notify.domain.planned import Planned
from services.notify.domain.templates import (
    ALERTED_FOR,
    SAFETY_ALERT,
    SAFETY_ESCALATION,
    TRAINER_NOTICE,
)
from shared.contracts.conclusions import CheckInMissed, FlareSuspected, SupportSuggested
from shared.contracts.progress import Level, RuleFired, SafetyHoldPlaced, SafetyLevelChanged

ALARMING: frozenset[Level] = frozenset({"stop", "emergency"})
"""Levels at which a person is told at once."""

NOTICED_FOR = timedelta(days=3)
"""A notice is of use until about the next session."""

TRAINER_FOR = timedelta(days=90)
"""Who trained a client within this time, or will, hears of a hold that names no trainer."""

_NAMES = UUID("6b0c1f5e-3f0a-5c0e-9d5f-2f7f8c1f6a10")


@dataclass(frozen=True)
class Step:
    """A step of the ladder: `after` so long without a word, these roles are called."""

    after: timedelta
    roles: frozenset[str]


_LEADS, _EVERYBODY = frozenset({"lead"}), frozenset({"lead", "staff"})

LADDER: tuple[Step, ...] = (
    Step(timedelta(minutes=15), _LEADS),
    Step(timedelta(minutes=45), _EVERYBODY),
)
EMERGENCY_LADDER: tuple[Step, ...] = (
    Step(timedelta(minutes=5), _LEADS),
    Step(timedelta(minutes=15), _EVERYBODY),
)
"""Minutes since the alert: a trainer in a session looks within a quarter of an hour; in an
emergency nobody waits so long. Design values."""


@dataclass(frozen=True)
class Alert:
    """Something about a client that people must hear of at once.

    `for_leads`: leads hear of it with the trainers, not only when nobody looks.
    """

    id: UUID
    client_id: UUID
    level: Level
    at: datetime
    rule: str | None = None
    for_leads: bool = False

    @property
    def ladder(self) -> tuple[Step, ...]:
        """Whom it is taken to when nobody looks."""
        return EMERGENCY_LADDER if self.level == "emergency" else LADDER


def alert_from(fact: SafetyLevelChanged | SafetyHoldPlaced) -> Alert | None:
    """The alert an event calls for, if it calls for one.

    A level and the hold that comes with it are one alert: same client, same moment.
    """
    if isinstance(fact, SafetyLevelChanged) and fact.level not in ALARMING:
        return None
    return Alert(
        id=uuid5(_NAMES, f"{fact.client_id} {fact.at.isoformat()}"),
        client_id=fact.client_id,
        level=fact.level,
        at=fact.at,
        rule=fact.rule if isinstance(fact, SafetyHoldPlaced) else next(iter(fact.rules), None),
        for_leads=fact.level == "emergency"
        or (isinstance(fact, SafetyHoldPlaced) and "lead" in fact.notify),
    )


def alerts(alert: Alert, recipients: Iterable[UUID], *, now: datetime) -> list[Planned]:
    """One message to each person who must hear of it, unless it is too old to help."""
    expires = alert.at + ALERTED_FOR
    if expires <= now:
        return []
    return [
        Planned(
            template=SAFETY_ALERT,
            subject_id=alert.id,
            subject_version=0,
            recipient_id=recipient,
            nominal_at=now,
            due_at=now,
            expires_at=expires,
            detail=_detail(alert),
        )
        for recipient in sorted(set(recipients))
    ]


def escalations(
    alert: Alert, on_call: Mapping[UUID, str], *, told_at: datetime, now: datetime
) -> list[Planned]:
    """The steps of the ladder for people on call (id to role); called off by a word from anybody.

    Steps count from when the first were told. Of those that are past only the last is taken.
    """
    found = []
    for person, role in sorted(on_call.items()):
        steps = [
            (number, step)
            for number, step in enumerate(alert.ladder, start=1)
            if role in step.roles
        ]
        past = [one for one in steps if told_at + one[1].after <= now]
        found += [
            _escalation(alert, number, step, person, told_at, now)
            for number, step in (*past[-1:], *steps[len(past) :])
        ]
    return [planned for planned in found if planned.due_at < planned.expires_at]


def for_newcomer(alert: Alert, person: UUID, role: str, *, now: datetime) -> list[Planned]:
    """What somebody on call hears of an alert that was there before they were known."""
    told = alerts(alert, [person], now=now) if role == "lead" and alert.for_leads else []
    return [*told, *escalations(alert, {person: role}, told_at=alert.at, now=now)]


def notices(
    fact: RuleFired | FlareSuspected | CheckInMissed | SupportSuggested,
    recipients: Collection[UUID],
    *,
    now: datetime,
) -> list[Planned]:
    """What those who care for a client should look at, without haste."""
    what, rule = _what(fact)
    expires = fact.at + NOTICED_FOR
    if expires <= now:
        return []
    about = uuid5(_NAMES, f"{what} {rule} {fact.client_id} {fact.at.isoformat()}")
    detail = {"client_id": str(fact.client_id), "what": what, "rule": rule}
    return [
        Planned(
            template=TRAINER_NOTICE,
            subject_id=about,
            subject_version=0,
            recipient_id=recipient,
            nominal_at=now,
            due_at=now,
            expires_at=expires,
            detail=detail,
        )
        for recipient in sorted(set(recipients))
    ]


def _escalation(
    alert: Alert, number: int, step: Step, person: UUID, told_at: datetime, now: datetime
) -> Planned:
    due = told_at + step.after
    return Planned(
        template=SAFETY_ESCALATION,
        subject_id=alert.id,
        subject_version=number,
        recipient_id=person,
        nominal_at=due,
        due_at=max(due, now),
        expires_at=alert.at + ALERTED_FOR,
        detail=_detail(alert) | {"minutes": int(step.after / timedelta(minutes=1))},
    )


def _what(
    fact: RuleFired | FlareSuspected | CheckInMissed | SupportSuggested,
) -> tuple[str, str | None]:
    match fact:
        case RuleFired():
            return "rule", fact.rule
        case FlareSuspected():
            return "flare", None
        case CheckInMissed():
            return "missed", None
        case SupportSuggested():
            return "support", fact.rule


def _detail(alert: Alert) -> dict[str, str | None]:
    return {
        "client_id": str(alert.client_id),
        "level": alert.level,
        "at": alert.at.isoformat(),
        "rule": alert.rule,
    }
