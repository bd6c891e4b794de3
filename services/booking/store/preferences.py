"""When and how often somebody wants to hear of us; without a row it is as the company has it."""

from datetime import datetime
from uuid import UUID

from shared.contracts.contacts import Preferences
from shared.postgres import Transaction


async def find(connection: Transaction, person_id: UUID) -> Preferences:
    """A person's preferences."""
    row = await connection.fetchrow(
        "select quiet, windows, digest, per_day from preferences where person_id = $1", person_id
    )
    return Preferences.model_validate(dict(row)) if row else Preferences()


async def save(
    tx: Transaction, person_id: UUID, preferences: Preferences, *, now: datetime
) -> None:
    """Store a person's preferences."""
    given = preferences.model_dump(mode="json")
    await tx.execute(
        "insert into preferences (person_id, quiet, windows, digest, per_day, changed_at)"
        " values ($1, $2, $3, $4, $5, $6) on conflict (person_id) do update set quiet = $2,"
        " windows = $3, digest = $4, per_day = $5, changed_at = $6",
        person_id,
        given["quiet"],
        given["windows"],
        given["digest"],
        given["per_day"],
        now,
    )
