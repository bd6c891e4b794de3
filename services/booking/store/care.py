"""Which client a clearance or a plan belongs to."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from shared.postgres import Transaction

CareItem = Literal["clearance", "plan"]


async def keep_item(
    tx: Transaction, item_id: UUID, kind: CareItem, client_id: UUID, *, told_at: datetime
) -> None:
    """Remember whose it is; telling it again changes nothing."""
    await tx.execute(
        "insert into care_items (id, kind, client_id, told_at) values ($1, $2, $3, $4)"
        " on conflict do nothing",
        item_id,
        kind,
        client_id,
        told_at,
    )


async def client_of(connection: Transaction, item_id: UUID, kind: CareItem) -> UUID | None:
    """Whose it is. A plan that was asked for has its id before progress has drafted it."""
    client_id: UUID | None = await connection.fetchval(
        "select client_id from care_items where id = $1 and kind = $2"
        " union all select client_id from submissions where id = $1 and kind = $2 limit 1",
        item_id,
        kind,
    )
    return client_id
