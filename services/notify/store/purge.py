"""Messages that ended long ago are forgotten, a few at a time."""

from datetime import datetime, timedelta
from uuid import UUID

from shared.postgres import Transaction

KEPT = timedelta(days=396)
"""Thirteen months: longer than the year for which somebody may ask what was sent to them and why
it was allowed; the ledger of consent itself is kept by booking."""

AT_ONCE = 500
"""Messages of one transaction: a few milliseconds, during which senders go on."""


async def forget_old(tx: Transaction, *, now: datetime) -> int:
    """Delete up to `AT_ONCE` messages, with their attempts, that ended before `KEPT`."""
    before = now - KEPT
    # Ids begin with the time they were made at, so the oldest messages are the first of the key.
    status: str = await tx.execute(
        "delete from deliveries where id in (select id from deliveries"
        " where id < $1 and updated_at < $2"
        " and state in ('sent', 'failed', 'bounced', 'cancelled', 'expired', 'unknown')"
        " order by id limit $3 for update skip locked)",
        UUID(int=int(before.timestamp() * 1000) << 80),
        before,
        AT_ONCE,
    )
    return int(status.rsplit(maxsplit=1)[-1])
