"""Sessions paid for ahead: staff record what was bought and what is withdrawn."""

from datetime import datetime
from uuid import UUID

from services.booking.domain import credits as rules
from services.booking.domain.credits import Entry
from services.booking.store import credits as paid_ahead
from services.booking.store import people
from shared.errors import NotFound
from shared.identifiers import new_id
from shared.postgres import Transaction


async def record(
    tx: Transaction,
    client_id: UUID,
    service: str,
    count: int,
    *,
    recorded_by: UUID,
    note: str | None,
    now: datetime,
) -> tuple[Entry, int]:
    """Add to a client's credits, or withdraw below zero; returns the line and what is left.

    Raises:
        NotFound: no such client.
        Invalid: a free service, or a count of 0.
        Conflict: `not-enough-credits`.
    """
    client = await people.lock_person(tx, client_id)
    if client is None or client.role != "client":
        raise NotFound("no-such-client", "There is no such client.")
    left = await paid_ahead.left(tx, client_id, service)
    entry = Entry(
        id=new_id(),
        client_id=client_id,
        service=service,
        kind=rules.recorded(service, count, left=left),
        change=count,
        booking_id=None,
        recorded_by=recorded_by,
        recorded_at=now,
        note=note,
    )
    await paid_ahead.add_entry(tx, entry)
    return entry, left + count
