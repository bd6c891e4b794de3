"""What people are sent no more, or again: by a link, by a text, by what follows from training."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.booking.domain import consents as rules
from services.booking.domain.consents import Kind, Line, Source
from services.booking.domain.links import LinkSigner
from services.booking.domain.people import Person
from services.booking.handlers.tell import tell
from services.booking.store import consents, devices, people
from shared.contracts.booking import ConsentChanged
from shared.contracts.event import Envelope
from shared.contracts.messages import RecipientRestored, RecipientSuppressed
from shared.postgres import Transaction


async def imply(tx: Transaction, client_id: UUID, *, now: datetime) -> list[ConsentChanged]:
    """A session took place: what follows from training with us runs on; returns what to tell."""
    if await people.lock_person(tx, client_id) is None:
        return []
    standing = await consents.standing(tx, client_id)
    return await record(tx, client_id, rules.implied(standing, source="session", now=now))


async def record(tx: Transaction, person_id: UUID, lines: Sequence[Line]) -> list[ConsentChanged]:
    """Add lines to the ledger of a locked person; returns what to tell of it."""
    await consents.add_lines(tx, person_id, lines)
    return rules.changed(person_id, lines)


async def unsubscribe(
    tx: Transaction,
    person_id: UUID,
    kind: Kind,
    *,
    source: Source,
    signer: LinkSigner,
    now: datetime,
) -> Person | None:
    """End messages of one kind, as a link asks; again changes nothing. None: nobody has that id."""
    person = await people.lock_person(tx, person_id)
    if person is None:
        return None
    standing = await consents.standing(tx, person_id)
    lines = rules.withdrawn(standing, [kind], source=source, now=now)
    if lines:
        await tell(tx, person_id, await record(tx, person_id, lines), signer, now=now)
    return person


async def suppressed(
    tx: Transaction, event: Envelope[RecipientSuppressed], *, signer: LinkSigner, now: datetime
) -> None:
    """Notify has learned that an address takes nothing more.

    Who answered STOP or reported spam has said no; an address that bounces has said nothing. A
    device that is gone is forgotten.
    """
    fact = event.data
    if await people.lock_person(tx, fact.recipient_id) is None:
        return
    lines: list[Line] = []
    if fact.reason in {"stop", "complaint"}:
        source: Source = "stop" if fact.reason == "stop" else "complaint"
        standing = await consents.standing(tx, fact.recipient_id)
        lines = rules.stopped(standing, fact.channel, source=source, at=fact.at)
    is_gone = fact.device_id is not None and await devices.delete(
        tx, fact.recipient_id, fact.device_id
    )
    if lines or is_gone:
        told = await record(tx, fact.recipient_id, lines)
        await tell(tx, fact.recipient_id, told, signer, now=now)


async def restored(
    tx: Transaction, event: Envelope[RecipientRestored], *, signer: LinkSigner, now: datetime
) -> None:
    """An address is used again; only who answered START has also said yes."""
    fact = event.data
    if fact.reason != "start" or await people.lock_person(tx, fact.recipient_id) is None:
        return
    standing = await consents.standing(tx, fact.recipient_id)
    lines = rules.started_again(standing, at=fact.at)
    if lines:
        told = await record(tx, fact.recipient_id, lines)
        await tell(tx, fact.recipient_id, told, signer, now=now)
