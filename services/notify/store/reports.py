"""Reports of providers: each counts once, however often it is sent."""

from datetime import datetime, timedelta

from shared.postgres import Transaction

SEEN_FOR = timedelta(days=7)
"""Providers repeat a report for up to three days; older requests are refused by their time."""


async def first_seen(tx: Transaction, provider: str, report_id: str, *, now: datetime) -> bool:
    """Note a report; False when it was here before."""
    status: str = await tx.execute(
        "insert into callbacks_seen (provider, id, seen_at) values ($1, $2, $3)"
        " on conflict do nothing",
        provider,
        report_id,
        now,
    )
    return status != "INSERT 0 0"


async def forget_old(tx: Transaction, *, now: datetime) -> None:
    """Delete what is repeated no more."""
    await tx.execute("delete from callbacks_seen where seen_at < $1", now - SEEN_FOR)
