"""Putting a change on its way: the client's contact and the events, in one outbox statement."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from services.booking.domain.links import LinkSigner
from services.booking.store import contacts, progress
from services.booking.store.contacts import ErasedError
from shared import outbox
from shared.contracts.event import Event
from shared.postgres import Transaction


async def tell(
    tx: Transaction,
    client_id: UUID,
    events: Sequence[Event],
    signer: LinkSigner,
    *,
    now: datetime,
) -> None:
    """Put a change on its way: the contact first, so that notify usually knows it by then.

    Of an erased client the events alone go out, of bookings that were and are counted.
    """
    with suppress(ErasedError):
        contact = await contacts.contact_changed(tx, client_id, signer=signer, now=now)
        events = [contact, *events]
    await outbox.add(tx, events, now=now)
    await progress.wake_streams(tx, client_id)
