"""Invitations by the clock: after a session, on the morning after it, and once more that day."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from services.progress.domain.misses import given_kinds, took_place
from services.progress.domain.model import Booking, Client
from services.progress.domain.next_step import next_morning
from services.progress.domain.outcome import Step
from services.progress.domain.rules import Rules
from shared.contracts.conclusions import CheckInInvited
from shared.contracts.submissions import CheckInKind


@dataclass(frozen=True)
class _Asking:
    """A check-in that is asked for at an instant, unless it was given."""

    at: datetime
    booking: Booking
    kind: CheckInKind
    reminder: bool = False


def due_invitation(client: Client, rules: Rules) -> datetime | None:
    """When somebody is asked next."""
    return min((asking.at for asking in _askings(client, rules)), default=None)


def invitation_passed(client: Client, at: datetime, rules: Rules) -> Step:
    """Ask for what was not given; `until` says when A4 no longer waits for it."""
    waited = rules.by_id["A4"].hours("hours")
    due = (asking for asking in _askings(client, rules) if asking.at <= at)
    invited = tuple(
        CheckInInvited(
            client_id=client.id,
            booking_id=asking.booking.id,
            kind=asking.kind,
            reminder=asking.reminder,
            until=asking.booking.end_at + waited,
            at=asking.at,
        )
        for asking in sorted(due, key=lambda one: (one.at, one.booking.id, one.kind))
    )
    care = client.care.model_copy(update={"invited_at": at})
    return Step(replace(client, care=care), invited)


def _askings(client: Client, rules: Rules) -> Iterator[_Asking]:
    figures, since = rules.invitations, client.care.invited_at
    waited = rules.by_id["A4"].hours("hours")
    for booking in client.bookings:
        if not took_place(booking):
            continue
        given = given_kinds(client.reports, booking)
        if "next-morning" in given:
            continue
        morning = next_morning(booking)
        for asking in (
            _Asking(booking.end_at + figures.after_session, booking, "post"),
            _Asking(morning, booking, "next-morning"),
            _Asking(morning + figures.after_morning, booking, "next-morning", reminder=True),
        ):
            new = since is None or asking.at > since
            if new and asking.kind not in given and asking.at < booking.end_at + waited:
                yield asking
