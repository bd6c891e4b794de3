"""A client is erased: log, state and page; what comes late finds nobody."""

from datetime import datetime

from services.progress.store import clients
from shared import erased, outbox
from shared.contracts.booking import ClientErased
from shared.contracts.event import Envelope
from shared.contracts.progress import ViewUpdated
from shared.postgres import Transaction


async def erase(tx: Transaction, event: Envelope[ClientErased]) -> None:
    """Delete all that is known of a client, and have their page forgotten."""
    fact = event.data
    await clients.erase(tx, fact.client_id, at=fact.at)
    await erased.note(tx, fact.client_id, now=fact.at)
    await outbox.add_tombstone(tx, ViewUpdated.topic, str(fact.client_id), now=fact.at)


async def tell_again(tx: Transaction, *, now: datetime) -> None:
    """Have the pages of those erased lately forgotten once more.

    Kafka closes a file that it may compact when something is written to it, and to a quiet
    partition nobody else writes.
    """
    for client_id in await erased.lately(tx, now=now):
        await outbox.add_tombstone(tx, ViewUpdated.topic, str(client_id), now=now)
