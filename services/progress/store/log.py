"""The log: everything applied to a client, once each and in order."""

from datetime import datetime
from typing import Any
from uuid import UUID

from shared.postgres import Transaction


async def read_log(
    tx: Transaction, client_id: UUID
) -> list[tuple[str, str, datetime, dict[str, Any]]]:
    """Type, name, time and data of everything applied to a client, in order."""
    rows = await tx.fetch(
        "select type, about, at, data from log where client_id = $1 order by version", client_id
    )
    return [tuple(row) for row in rows]
