"""Golden scenarios: a history, what is told then, and all that must follow from it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.progress.domain import decide, view
from services.progress.domain.care import Care
from services.progress.domain.entries import TimePassed
from services.progress.domain.model import Booking, Client, Report
from services.progress.domain.outcome import Outcome
from services.progress.domain.passing import next_due
from services.progress.domain.rules import Rules
from shared.contracts.conclusions import (
    CheckInInvited,
    CheckInMissed,
    FlareResolved,
    FlareSuspected,
)
from shared.contracts.event import Event
from shared.contracts.progress import RuleFired, SafetyHoldPlaced, SubmissionAnswered
from shared.contracts.submissions import CheckInSubmitted
from tests.unit.progress.builders import CLIENT, NOW, TZ, a_check_in

Run = Callable[[Rules], object]


@dataclass(frozen=True)
class Scenario:
    """What is done with the rules, and what must come of it. The name begins with the rule."""

    name: str
    run: Run
    expected: object


def ago(days: float = 0, hours: float = 0) -> datetime:
    """An instant before now."""
    return NOW - timedelta(days=days, hours=hours)


def past(kind: str, pain: int, at: datetime, **more: Any) -> Report:
    """A report that was given before; its id and version come with the history."""
    values = {"id": UUID(int=1), "version": 0, "tz": TZ, "booking_id": None} | more
    return Report(kind=kind, pain=pain, at=at, **values)  # type: ignore[arg-type]


def a_client(
    reports: Iterable[Report] = (), *, bookings: Sequence[Booking] = (), **care: Any
) -> Client:
    """A client with that history."""
    ordered = sorted(reports, key=lambda report: report.at)
    known = [
        replace(report, id=UUID(int=5000 + number), version=number)
        for number, report in enumerate(ordered, start=1)
    ]
    return Client(
        CLIENT,
        version=len(known),
        as_of=known[-1].at if known else None,
        reports=tuple(reversed(known)),
        bookings=tuple(bookings),
        care=Care(**care),
    )


def tell(client: Client, entries: Iterable[Event], rules: Rules) -> Outcome:
    """What the last of these entries does, after the others."""
    for entry in entries:
        outcome = decide.decide(client, entry, rules)
        client = outcome.client
    return outcome


def summary(outcome: Outcome) -> str:
    """Level, what is asked for, and what is told: one line."""
    answers = [one for one in outcome.events if isinstance(one, SubmissionAnswered)]
    if answers:
        asked = [f"{action.rule}:{action.code}" for action in answers[0].actions]
        level = answers[0].level
    else:
        asked = [f"{one.rule}:{one.code}" for one in view.in_force(outcome.client)]
        level = outcome.client.level
    said = [text for event in outcome.events if (text := _said(event)) is not None]
    return " | ".join(filter(None, (level, " ".join(asked), *said)))


def _said(event: Event) -> str | None:
    text: str | None = None
    match event:
        case SafetyHoldPlaced():
            text = " ".join(filter(None, ("hold", event.kind, event.option)))
        case CheckInMissed():
            text = f"missed {event.misses}{' told' if event.trainer_ids else ''}"
        case CheckInInvited():
            text = f"{'reminded' if event.reminder else 'asked'} {event.kind}"
        case FlareSuspected():
            text = f"flare by {event.by}"
        case FlareResolved():
            text = f"flare over after {event.days}"
        case RuleFired():
            text = f"{event.rule} begins {' '.join(event.codes)}"
        case _:
            pass
    return text


def hears(
    name: str, expected: str, client: Client, *entries: CheckInSubmitted | TimePassed
) -> Scenario:
    """A scenario about the last entry."""
    return Scenario(name, lambda rules: summary(tell(client, entries, rules)), expected)


def waits(
    name: str, expected: timedelta | None, client: Client, *entries: CheckInSubmitted | TimePassed
) -> Scenario:
    """A scenario about when time alone changes something next, counted from now."""

    def run(rules: Rules) -> timedelta | None:
        after = tell(client, entries, rules).client if entries else client
        due = next_due(after, rules)
        return None if due is None else due - NOW

    return Scenario(name, run, expected)


def says(kind: str, pain: int, number: int = 1, **more: Any) -> CheckInSubmitted:
    """A check-in told now, or `at`."""
    return a_check_in(number, kind, pain, **more)


def time(at: datetime) -> TimePassed:
    """Time alone."""
    return TimePassed(client_id=CLIENT, at=at)


def dailies(pain: int, count: int = 7, *, before: datetime = NOW) -> list[Report]:
    """A daily report a day, of the same pain."""
    return [past("daily", pain, before - timedelta(days=day)) for day in range(1, count + 1)]
