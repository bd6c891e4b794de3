"""Who looked at a client's health data: written with the look, never changed."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.booking.domain.people import Role
from shared.postgres import Transaction


async def note(
    tx: Transaction, actor_id: UUID, actor_role: Role, client_id: UUID, what: str, *, now: datetime
) -> None:
    """Record that somebody sees `what` of a client."""
    await tx.execute(
        "insert into access_log (at, actor_id, actor_role, client_id, what)"
        " values ($1, $2, $3, $4, $5)",
        now,
        actor_id,
        actor_role,
        client_id,
        what,
    )


async def note_all(
    tx: Transaction,
    actor_id: UUID,
    actor_role: Role,
    clients: Sequence[UUID],
    what: str,
    *,
    now: datetime,
) -> None:
    """Record in one line that somebody sees `what` of several clients, as a list shows them."""
    await tx.execute(
        "insert into access_log (at, actor_id, actor_role, clients, what)"
        " select $1, $2, $3, $4::uuid[], $5 where cardinality($4::uuid[]) > 0",
        now,
        actor_id,
        actor_role,
        clients,
        what,
    )
