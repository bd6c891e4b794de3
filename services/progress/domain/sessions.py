"""Which reports speak of the same session, and what they say of it together."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from services.progress.domain.model import Booking, Report

LASTS = timedelta(hours=1)
"""A session's length where neither its booking nor a report after it is known."""

APART = timedelta(days=4)
"""Reports further apart speak of no common session: nobody is asked for longer than two days."""


def same_session(one: Report, other: Report) -> bool:
    """Whether two reports pair: by booking where both name one, else by the session's local day."""
    if "daily" in {one.kind, other.kind}:
        return False
    if one.booking_id is not None and other.booking_id is not None:
        return one.booking_id == other.booking_id
    return one.session_day == other.session_day


def about(report: Report, reports: Iterable[Report]) -> list[Report]:
    """The reports of one session, newest first; `report` itself where it is among them."""
    first, last = report.at - APART, report.at + APART
    found = [one for one in reports if first <= one.at <= last and same_session(report, one)]
    return sorted(found, key=lambda one: one.place, reverse=True)


def by_session(reports: Iterable[Report]) -> Iterator[list[Report]]:
    """The reports by session, each in one of them only."""
    left = [report for report in reports if report.kind != "daily"]
    while left:
        session = about(left[0], left)
        yield session
        taken = {report.id for report in session}
        left = [report for report in left if report.id not in taken]


def opening(session: Iterable[Report]) -> Report | None:
    """What was said before a session, by its reports newest first."""
    return next((report for report in session if report.kind == "pre"), None)


def pain_before(report: Report, earlier: Iterable[Report]) -> int | None:
    """Pain before the session a report speaks of, paired by booking, else by local day."""
    before = report if report.kind == "pre" else opening(about(report, earlier))
    return None if before is None else before.pain


def mornings(session: Iterable[Report]) -> list[Report]:
    """What was said on the morning after a session."""
    return [report for report in session if report.kind == "next-morning"]


def done_options(session: Iterable[Report]) -> tuple[str, ...]:
    """The options that were done in a session, in the order in which they were told."""
    return tuple(
        dict.fromkeys(
            exercise.option for report in session for exercise in report.exercises if exercise.done
        )
    )


def ended_at(session: Sequence[Report], bookings: Iterable[Booking]) -> datetime | None:
    """When a session was over: by its booking, else by what was told after it, or before it."""
    named = {report.booking_id for report in session} - {None}
    ends = [booking.end_at for booking in bookings if booking.id in named]
    if ends:
        return max(ends)
    posts = [report.at for report in session if report.kind == "post"]
    if posts:
        return max(posts)
    pres = [report.at + LASTS for report in session if report.kind == "pre"]
    return max(pres, default=None)
