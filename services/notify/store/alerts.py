"""Safety alerts, and who has looked at them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from services.notify.domain.plan_safety import Alert
from services.notify.domain.templates import ALERTED_FOR
from shared.postgres import Transaction


async def save_alert(
    tx: Transaction, alert: Alert, trainer_ids: Sequence[UUID]
) -> tuple[Alert, bool]:
    """Keep an alert; the alert as it is now known, and whether it waits for a word.

    A level and its hold are one alert: what either says counts for both. A word that was heard
    before the alert answers it.
    """
    row = await tx.fetchrow(
        "insert into safety_alerts (id, client_id, level, at, rule, trainer_ids, for_leads,"
        " acknowledged_at, acknowledged_by)"
        " select $1, $2, $3, $4, $5, $6, $7, a.at, a.acknowledged_by"
        " from (select) as one left join acknowledgements a on a.client_id = $2 and a.at >= $4"
        " on conflict (id) do update set"
        " for_leads = safety_alerts.for_leads or excluded.for_leads,"
        " rule = coalesce(safety_alerts.rule, excluded.rule)"
        " returning level, rule, for_leads, acknowledged_at is null as open",
        alert.id,
        alert.client_id,
        alert.level,
        alert.at,
        alert.rule,
        trainer_ids,
        alert.for_leads,
    )
    known = Alert(alert.id, alert.client_id, row["level"], alert.at, row["rule"], row["for_leads"])
    return known, row["open"]


async def acknowledge(tx: Transaction, client_id: UUID, by: UUID, at: datetime) -> list[UUID]:
    """Somebody has looked at a client: the alerts until then that nobody had looked at."""
    await tx.execute(
        "insert into acknowledgements (client_id, acknowledged_by, at) values ($1, $2, $3)"
        " on conflict (client_id) do update set acknowledged_by = excluded.acknowledged_by,"
        " at = excluded.at where acknowledgements.at < excluded.at",
        client_id,
        by,
        at,
    )
    rows = await tx.fetch(
        "update safety_alerts set acknowledged_at = $3, acknowledged_by = $2"
        " where client_id = $1 and at <= $3 and acknowledged_at is null returning id",
        client_id,
        by,
        at,
    )
    return [row["id"] for row in rows]


async def open_alerts(tx: Transaction, since: datetime) -> Sequence[Alert]:
    """The alerts after an instant that nobody has looked at, oldest first."""
    rows = await tx.fetch(
        "select id, client_id, level, at, rule, for_leads from safety_alerts"
        " where at > $1 and acknowledged_at is null order by at",
        since,
    )
    return [Alert(**row) for row in rows]


async def longest_wait(tx: Transaction, *, now: datetime) -> timedelta:
    """How long the oldest alert that still matters has waited for somebody to look."""
    at = await tx.fetchval(
        "select min(at) from safety_alerts where at > $1 and at <= $2 and acknowledged_at is null",
        now - ALERTED_FOR,
        now,
    )
    return timedelta(0) if at is None else now - at
