"""What no message will speak of any more is forgotten, some rows at a time."""

from datetime import datetime, timedelta

from services.notify.store.purge import KEPT
from shared.postgres import Transaction

AT_ONCE = 5000
"""Rows of one kind in one go; the next hour takes the rest."""

STAFF_LOG_KEPT = timedelta(days=2 * 365 + 1)
"""Two years, as the trigger in the database has it and as booking keeps its access log."""

_OLD = (
    (
        "delete from bookings where id in"
        " (select id from bookings where end_at < $1 order by end_at limit $2)"
    ),
    (
        "delete from safety_alerts where id in"
        " (select id from safety_alerts where at < $1 order by at limit $2)"
    ),
    (
        "delete from clearances where clearance_id in"
        " (select clearance_id from clearances where at < $1 limit $2)"
    ),
    (
        "delete from acknowledgements where client_id in"
        " (select client_id from acknowledgements where at < $1 limit $2)"
    ),
)


async def forget_old(tx: Transaction, *, now: datetime) -> None:
    """Delete what its time has passed for: a fact lives as long as the messages about it."""
    for statement in _OLD:
        await tx.execute(statement, now - KEPT, AT_ONCE)
    await tx.execute(
        "delete from staff_log where id in"
        " (select id from staff_log where at < $1 order by at limit $2)",
        now - STAFF_LOG_KEPT,
        AT_ONCE,
    )
