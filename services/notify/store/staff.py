"""Staff: whose token it is, and the log of what they looked at and did."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.postgres import Transaction


@dataclass(frozen=True)
class Noted:
    """One line of the log; `why` in their own words."""

    actor_id: UUID
    actor_role: str
    what: str
    client_id: UUID | None = None
    subject_id: UUID | None = None
    why: str | None = None


async def holder(
    connection: Transaction, token_hash: str, *, now: datetime
) -> tuple[UUID, str] | None:
    """Id and role of whose open session has a token of this hash (SHA-256, hex)."""
    row = await connection.fetchrow(
        "select c.person_id, c.role from contacts c, jsonb_array_elements(c.passes) as p"
        " where c.role in ('staff', 'lead') and c.passes @> $1"
        " and p ->> 'token_hash' = $2 and (p ->> 'expires_at')::timestamptz > $3",
        [{"token_hash": token_hash}],
        token_hash,
        now,
    )
    return None if row is None else (row["person_id"], row["role"])


async def note(tx: Transaction, noted: Noted, *, now: datetime) -> None:
    """Add a line to the log."""
    await tx.execute(
        "insert into staff_log (at, actor_id, actor_role, what, client_id, subject_id, why)"
        " values ($1, $2, $3, $4, $5, $6, $7)",
        now,
        noted.actor_id,
        noted.actor_role,
        noted.what,
        noted.client_id,
        noted.subject_id,
        noted.why,
    )
