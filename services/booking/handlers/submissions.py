"""Reports from clients and trainers: checked at the door, then handed to progress."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.booking.domain.notes import texts
from services.booking.domain.people import Caller
from services.booking.store import bookings, people, progress
from services.booking.store.client_keys import ClientKeys
from shared import outbox
from shared.contracts.booking import SafetyAcknowledged
from shared.contracts.care import GoalsSubmitted
from shared.contracts.submissions import (
    CheckIn,
    CheckInSubmitted,
    HoldLiftSubmitted,
    Submission,
)
from shared.errors import Invalid, NotFound
from shared.identifiers import new_id
from shared.postgres import Transaction
from shared.sealing import Sealer

LATEST_REPORT = timedelta(hours=48)
"""A report may be this late; what is older would no longer change the next session."""

_IN_COLUMNS = {"submission_id", "client_id", "submitted_by", "submitted_at"}
"""What of a report stands beside its sealed copy."""


async def submit_check_in(
    tx: Transaction,
    keys: ClientKeys,
    client_id: UUID,
    caller_id: UUID,
    check_in: CheckIn,
    *,
    now: datetime,
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
        tx, keys, CheckInSubmitted, client_id, caller_id, now=now, check_in=check_in
    )
    if check_in.flare:
        await people.add_flare(tx, client_id, check_in.at)
    return submission_id


async def submit_hold_lift(
    tx: Transaction,
    keys: ClientKeys,
    client_id: UUID,
    caller: Caller,
    hold_id: UUID,
    reason: str,
    *,
    now: datetime,
) -> UUID:
    """Ask progress to lift a safety hold; returns the id to wait on.

    Raises:
        NotFound: no such hold on this client.
    """
    if caller.person_id is None or not await progress.safety_hold_is_known(tx, client_id, hold_id):
        raise NotFound("no-such-hold", "There is no such safety hold on this client.")
    return await submit(
        tx,
        keys,
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
    keys: ClientKeys,
    of: type[Submission],
    client_id: UUID,
    caller_id: UUID,
    *,
    now: datetime,
    **content: Any,  # noqa: ANN401 - the fields of `of`, which it checks
) -> UUID:
    """Hand a report of that type to progress; returns the id to wait on.

    What somebody typed leaves sealed with the client's key; a whole copy stays here, sealed too.

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
    sealer = await keys.sealer(tx, client_id, now=now)
    report = submission.model_dump(mode="json", exclude=_IN_COLUMNS, exclude_none=True)
    kind = _kind(of)
    await progress.add_submission(
        tx, submission, kind, sealer.seal(json.dumps(report)), typed=bool(texts(kind, report))
    )
    await outbox.add(tx, [sealer.seal_typed(_marked(submission, sealer))], now=now)
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


def _marked(submission: Submission, sealer: Sealer) -> Submission:
    """Sealed names of activities can still be told apart: the rules compare them."""
    if not isinstance(submission, GoalsSubmitted):
        return submission
    activities = tuple(
        one.model_copy(update={"mark": sealer.mark(one.same_as)}) for one in submission.activities
    )
    return submission.model_copy(update={"activities": activities})


def _kind(of: type[Submission]) -> str:
    return of.type.partition(".")[0]
