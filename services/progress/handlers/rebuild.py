"""A client made again from the log, to the byte."""

from collections.abc import Sequence
from uuid import UUID

from services.progress.domain.decide import DECISIONS
from services.progress.domain.entries import ENTRY_TYPES
from services.progress.domain.rules import Rules
from services.progress.handlers.record import Heard, apply
from services.progress.store import clients, log
from services.progress.store.bookings import STATUS_AFTER
from shared.contracts.event import Event
from shared.postgres import Transaction


class UnknownEntryError(Exception):
    """The log holds a type that this release cannot apply."""


async def rebuild(tx: Transaction, client_id: UUID, rules: Rules) -> Sequence[Event]:
    """Make a client's state again from the log; returns the events that followed, unpublished.

    With the rules of the same version the state and the events are the same to the byte; the
    views are all among them, also those that were left out for a newer one.

    Raises:
        UnknownEntryError: the log was written by a newer release.
    """
    await clients.lock_client(tx, client_id)
    heard: list[Heard] = []
    for kind, about, at, data in await log.read_log(tx, client_id):
        entry_type = ENTRY_TYPES.get(kind)
        if entry_type is None or not (entry_type in DECISIONS or entry_type in STATUS_AFTER):
            raise UnknownEntryError(f"the log of a client holds a {kind}")
        heard.append(Heard(client_id, entry_type.model_validate(data), at, about, at))
    client = await clients.forget_state(tx, client_id)
    applied = await apply(tx, {client_id: client}, heard, rules, logged=True)
    return [event for _, outcome in applied for event in outcome.events]
