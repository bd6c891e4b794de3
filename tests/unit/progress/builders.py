"""Clients, reports and bookings with plain defaults."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any
from uuid import UUID

from services.progress.domain import decide
from services.progress.domain.model import Booking, Client, Exercise, Report
from services.progress.domain.outcome import Outcome
from services.progress.domain.rules import Rules, load
from shared.contracts.event import Event
from shared.contracts.progress import SubmissionAnswered, ViewUpdated
from shared.contracts.submissions import CheckIn, CheckInSubmitted, HoldLiftSubmitted

RULES: Rules = load()
NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
CLIENT, TRAINER, BOOKING = UUID(int=1), UUID(int=2), UUID(int=3)
TZ = "America/Toronto"


def a_report(kind: str = "pre", pain: int = 3, *, at: datetime = NOW, **more: Any) -> Report:
    """A report that is not judged yet."""
    values = {"id": UUID(int=100), "version": 99, "tz": TZ, "booking_id": None} | more
    return Report(kind=kind, at=at, pain=pain, **values)  # type: ignore[arg-type]


def usual(pain: int, reports: int = 7, *, before: datetime = NOW) -> tuple[Report, ...]:
    """A history of daily reports of the same pain, newest first."""
    return tuple(
        a_report("daily", pain, at=before - timedelta(days=day), version=reports + 1 - day)
        for day in range(1, reports + 1)
    )


def exercise(option: str, worst_pain: int | None, *, done: bool = True) -> Exercise:
    """One exercise of a session."""
    return Exercise(option, done, worst_pain, None)


def a_check_in(
    number: int = 1,
    kind: str = "pre",
    pain: int = 3,
    *,
    at: datetime = NOW,
    submitted_at: datetime | None = None,
    client: UUID = CLIENT,
    **more: Any,
) -> CheckInSubmitted:
    """A submitted check-in; `number` makes its id."""
    return CheckInSubmitted(
        submission_id=UUID(int=1000 + number),
        client_id=client,
        submitted_by=client,
        submitted_at=submitted_at or at,
        tz=TZ,
        check_in=CheckIn.model_validate({"kind": kind, "pain": pain, "at": at, **more}),
    )


def a_lift(
    number: int, hold: UUID, *, at: datetime = NOW, client: UUID = CLIENT
) -> HoldLiftSubmitted:
    """A trainer's wish to end a hold."""
    return HoldLiftSubmitted(
        submission_id=UUID(int=1000 + number),
        client_id=client,
        submitted_by=TRAINER,
        submitted_at=at,
        tz=TZ,
        hold_id=hold,
        reason="We spoke; the doctor has seen her.",
    )


def a_booking(**more: Any) -> Booking:
    """A session tomorrow, of one hour."""
    start = more.pop("start_at", NOW + timedelta(days=1))
    values = {
        "id": BOOKING,
        "trainer_id": TRAINER,
        "start_at": start,
        "end_at": start + timedelta(hours=1),
        "tz": TZ,
        "status": "confirmed",
        "version": 1,
    }
    return Booking(**(values | more))


def after(client: Client, entries: Iterable[Event]) -> Client:
    """The client after these entries of the log."""
    return reduce(lambda known, entry: tell(known, entry).client, entries, client)


def tell(client: Client, entry: Event) -> Outcome:
    """What one entry of the log does."""
    return decide.decide(client, entry, RULES)


def answer(events: Iterable[Event]) -> SubmissionAnswered:
    """The one answer among the events."""
    [found] = [event for event in events if isinstance(event, SubmissionAnswered)]
    return found


def view(events: Iterable[Event]) -> ViewUpdated:
    """The one view among the events."""
    [found] = [event for event in events if isinstance(event, ViewUpdated)]
    return found
