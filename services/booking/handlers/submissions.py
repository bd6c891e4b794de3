"""Reports from clients and trainers: checked at the door, then handed to progress."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.booking.domain.people import Caller
from services.booking.store import bookings, people, progress
from shared import outbox
from shared.contracts.booking import SafetyAcknowledged
from shared.contracts.submissions import (
    CheckIn,
    CheckInSubmitted,
    HoldLiftSubmitted,
    Submission,
)
from shared.errors import Invalid, NotFound
from shared.identifiers import new_id
from shared.postgres import Transaction

LATEST_REPORT = timedelta(hours=48)
"""A report may be this late; what is older would no longer change the next session."""


async def submit_check_in(
    tx: Transaction, client_id: UUID, caller_id: UUID, check_in: CheckIn, *, now: datetime
) -> UUID:
    """Hand a check-in to progress; returns the id to wait on.

    Raises:
        NotFound: no such client.
        Invalid: a time out of range, or a booking that is not this client's.
    """
    if check_in.at > now:
        raise Invalid.field("at", "lies in the future")
    if check_in.at < now - LATEST_REPORT:
        raise Invalid.field("at", "is more than 48 hours ago, too late to count")
    if check_in.booking is not None:
        booking = await bookings.find_booking(tx, check_in.booking)
        if booking is None or booking.client_id != client_id:
            raise Invalid.field("booking", "is not a booking of this client")
    submission_id = await submit(
        tx, CheckInSubmitted, client_id, caller_id, now=now, check_in=check_in
    )
    if check_in.flare:
        await people.add_flare(tx, client_id, check_in.at)
    return submission_id


async def submit_hold_lift(
    tx: Transaction, client_id: UUID, caller: Caller, hold_id: UUID, reason: str, *, now: datetime
) -> UUID:
    """Ask progress to lift a safety hold; returns the id to wait on.

    Raises:
        NotFound: no such hold on this client.
    """
    if caller.person_id is None or not await progress.safety_hold_is_known(tx, client_id, hold_id):
        raise NotFound("no-such-hold", "There is no such safety hold on this client.")
    return await submit(
        tx,
        HoldLiftSubmitted,
        client_id,
        caller.person_id,
        now=now,
        hold_id=hold_id,
        reason=reason,
    )


async def acknowledge(tx: Transaction, client_id: UUID, caller_id: UUID, *, now: datetime) -> None:
    """Tell that somebody looks after a client's alert.

    Raises:
        NotFound: no such client.
    """
    if await people.lock_person(tx, client_id) is None:
        raise NotFound("no-such-client", "There is no such client.")
    seen = SafetyAcknowledged(client_id=client_id, acknowledged_by=caller_id, at=now)
    await outbox.add(tx, [seen], now=now)


async def submit(
    tx: Transaction,
    of: type[Submission],
    client_id: UUID,
    caller_id: UUID,
    *,
    now: datetime,
    **content: Any,  # noqa: ANN401 - the fields of `of`, which it checks
) -> UUID:
    """Hand a report of that type to progress; returns the id to wait on.

    Raises:
        NotFound: no such client.
    """
    submission = of(
        submission_id=new_id(),
        client_id=client_id,
        submitted_by=caller_id,
        submitted_at=now,
        tz=await zone_of(tx, client_id),
        **content,
    )
    await progress.add_submission(tx, submission, _kind(of))
    await outbox.add(tx, [submission], now=now)
    return submission.submission_id


async def zone_of(tx: Transaction, client_id: UUID) -> str:
    """The client's zone, with the row locked: reports of one client keep their order.

    Raises:
        NotFound: no such client.
    """
    client = await people.lock_person(tx, client_id)
    if client is None:
        raise NotFound("no-such-client", "There is no such client.")
    return client.tz


def _kind(of: type[Submission]) -> str:
    return of.type.partition(".")[0]
