"""What the client should do next, as of the latest event."""

from datetime import datetime, time, timedelta
from typing import Any

from services.progress.domain.asking import questionnaire_due
from services.progress.domain.gates import closed
from services.progress.domain.model import Booking, Client, Report
from services.progress.domain.rules import Rules
from shared.clock import rfc3339
from shared.contracts.submissions import CheckInKind
from shared.zones import zone

MORNING = time(8)
"""Local time from which the next morning's check-in is asked for."""

ASKED_FOR = timedelta(hours=48)
"""After a session's end nobody is asked about it any longer than this."""


SOON = timedelta(days=1)
"""A session nearer than this comes before the questions about health."""


def next_step(client: Client, rules: Rules) -> dict[str, Any] | None:
    """`{code, booking, at}` of the earliest step that is due or coming; None when nothing is.

    Codes: `await-trainer` while a hold on sessions stands, else `pre-check-in`, `post-check-in`
    and `next-morning` of a session, `flare-follow-up`, and what opens the first closed gate:
    `screening`, `clearance`, `assessment`. The last two wait on others, and come when no session
    does; a screening comes before a session that is further away than a day. Their `at` is when
    the gate closed, null where it never was open. Last comes the `questionnaire` of an active
    plan, with its `instrument`.
    """
    held = [hold for hold in client.holds if hold.kind == "session"]
    if held:
        return {"code": "await-trainer", "booking": None, "at": rfc3339(held[0].since)}
    if client.as_of is None:
        return None
    as_of = client.as_of
    steps = [
        (step[1], str(booking.id), step[0])
        for booking in client.bookings
        if (step := _step(booking, client.reports, as_of)) is not None
    ]
    asked_at = _flare_asked_at(client)
    if asked_at is not None:
        steps.append((asked_at, "", "flare-follow-up"))
    gate = next(iter(closed(client.care, as_of, rules)), None)
    first = min(steps, default=None)
    if gate is not None and (
        first is None or (gate.task == "screening" and first[0] > as_of + SOON)
    ):
        since = None if gate.since is None else rfc3339(gate.since)
        return {"code": gate.task, "booking": None, "at": since}
    if first is None:
        return _question(client)
    at, booking_id, code = first
    return {"code": code, "booking": booking_id or None, "at": rfc3339(at)}


def _question(client: Client) -> dict[str, Any] | None:
    due = questionnaire_due(client.care)
    if due is None:
        return None
    at, name = due
    return {"code": "questionnaire", "booking": None, "at": rfc3339(at), "instrument": name}


def _step(
    booking: Booking, reports: tuple[Report, ...], as_of: datetime
) -> tuple[str, datetime] | None:
    if booking.status not in {"confirmed", "completed"} or as_of >= booking.end_at + ASKED_FOR:
        return None
    given = {report.kind for report in reports if speaks_of(report, booking)}
    morning = next_morning(booking)
    over = booking.status == "completed" or booking.end_at <= as_of
    if "next-morning" in given:
        return None
    if "post" in given or as_of >= morning:
        return "next-morning", morning
    if over or "pre" in given:
        return "post-check-in", booking.end_at
    return "pre-check-in", booking.start_at


def _flare_asked_at(client: Client) -> datetime | None:
    flare = client.care.flare
    if flare is None or flare.resolved_at is not None or flare.asked_at is None:
        return None
    answered = any(report.at >= flare.asked_at for report in client.reports)
    return None if answered else flare.asked_at


def next_morning(booking: Booking) -> datetime:
    """The morning after a session, where it took place."""
    here = zone(booking.tz)
    day = booking.end_at.astimezone(here).date() + timedelta(days=1)
    return datetime.combine(day, MORNING, here)


def speaks_of(report: Report, booking: Booking) -> bool:
    """Whether a report is about a booking's session."""
    if report.booking_id is not None:
        return report.booking_id == booking.id
    # Without a booking named, the local day decides.
    here = zone(booking.tz)
    days: dict[CheckInKind, int] = {"pre": 0, "post": 0, "next-morning": 1}
    if report.kind not in days:
        return False
    day = booking.start_at.astimezone(here).date() + timedelta(days=days[report.kind])
    return report.at.astimezone(here).date() == day
