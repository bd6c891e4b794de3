"""Rule A4: a session whose next morning nobody told of."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from services.progress.domain.model import Booking, Client, Report
from services.progress.domain.next_step import speaks_of
from services.progress.domain.outcome import Step, trainers
from services.progress.domain.rules import Rule, Rules
from services.progress.domain.sessions import APART
from services.progress.domain.standing import begin, end
from shared.clock import rfc3339
from shared.contracts.conclusions import CheckInMissed
from shared.contracts.event import Event
from shared.contracts.submissions import CheckInKind

KEPT = 60
"""Missed sessions remembered: more than can be looked at again."""


def due_miss(client: Client, rules: Rules) -> datetime | None:
    """When the next answer will be missed."""
    rule = rules.by_id["A4"]
    return min((_due(booking, rule) for booking in _unanswered(client)), default=None)


def miss_passed(client: Client, at: datetime, rules: Rules) -> Step:
    """A4 for each session whose time to answer is over; the trainer hears from some misses on."""
    rule = rules.by_id["A4"]
    events: list[Event] = []
    missed = sorted(_unanswered(client), key=lambda one: (_due(one, rule), one.id))
    for booking in missed:
        due = _due(booking, rule)
        if due > at:
            break
        misses = client.care.misses + 1
        known = (*client.care.missed, booking.id)[-KEPT:]
        care = client.care.model_copy(update={"misses": misses, "missed": known})
        inputs: dict[str, object] = {"session_end": rfc3339(booking.end_at), "misses": misses}
        client = begin(replace(client, care=care), rule, rule.fire(rules.version, inputs), at=due)
        events.append(
            CheckInMissed(
                client_id=client.id,
                booking_id=booking.id,
                kind="next-morning",
                misses=misses,
                trainer_ids=trainers(client) if misses >= rule.limits["told_after"] else (),
                at=due,
            )
        )
    return Step(client, tuple(events))


def answer_heard(client: Client, report: Report, _: Rules) -> Step:
    """Any check-in says how it is now; the misses in a row end with the next morning told."""
    client = end(client, "A4")
    if report.kind == "next-morning" and client.care.misses:
        client = replace(client, care=client.care.model_copy(update={"misses": 0}))
    return Step(client)


def took_place(booking: Booking) -> bool:
    """Whether a session took place, or will."""
    return booking.status in {"confirmed", "completed"}


def given_kinds(reports: Iterable[Report], booking: Booking) -> set[CheckInKind]:
    """What was told about a session; `reports` newest first."""
    first, last = booking.start_at - APART, booking.end_at + APART
    kinds: set[CheckInKind] = set()
    for report in reports:
        if report.at < first:
            break
        new = report.at <= last and report.kind not in kinds
        if new and report.kind != "daily" and speaks_of(report, booking):
            kinds.add(report.kind)
    return kinds


def _unanswered(client: Client) -> Iterator[Booking]:
    for booking in client.bookings:
        open_still = took_place(booking) and booking.id not in client.care.missed
        if open_still and "next-morning" not in given_kinds(client.reports, booking):
            yield booking


def _due(booking: Booking, rule: Rule) -> datetime:
    return booking.end_at + rule.hours("hours")
