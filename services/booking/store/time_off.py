"""Time off of trainers. The caller holds the trainer's lock to add or remove any."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.postgres import Transaction


@dataclass(frozen=True)
class TimeOff:
    """Time in which a trainer takes no session."""

    id: UUID
    trainer_id: UUID
    start: datetime
    end: datetime
    reason: str | None


_SELECT = (
    'select id, trainer_id, lower(during) as start, upper(during) as "end", reason from time_off'
)


async def add_time_off(tx: Transaction, off: TimeOff, *, created_by: UUID, now: datetime) -> None:
    """Store time off."""
    await tx.execute(
        "insert into time_off (id, trainer_id, during, reason, created_by, created_at)"
        " values ($1, $2, tstzrange($3, $4), $5, $6, $7)",
        off.id,
        off.trainer_id,
        off.start,
        off.end,
        off.reason,
        created_by,
        now,
    )


async def count_coming(tx: Transaction, trainer_id: UUID, *, now: datetime) -> int:
    """How many times off of a trainer have not passed."""
    count: int = await tx.fetchval(
        "select count(*) from time_off where trainer_id = $1 and during && tstzrange($2, null)",
        trainer_id,
        now,
    )
    return count


async def remove_time_off(tx: Transaction, trainer_id: UUID, off_id: UUID) -> TimeOff | None:
    """Remove time off and return it; None when the trainer has none of that id."""
    row = await tx.fetchrow(
        "delete from time_off where id = $1 and trainer_id = $2 returning id, trainer_id,"
        ' lower(during) as start, upper(during) as "end", reason',
        off_id,
        trainer_id,
    )
    return TimeOff(**row) if row else None


async def list_time_off(
    connection: Transaction,
    trainer_id: UUID,
    since: datetime,
    until: datetime,
    *,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[TimeOff]:
    """A trainer's time off that meets a range, by start and id, after that key."""
    rows = await connection.fetch(
        f"{_SELECT} where trainer_id = $1 and during && tstzrange($2, $3)"
        " and ($4::timestamptz is null or (lower(during), id) > ($4, $5))"
        " order by lower(during), id limit $6",
        trainer_id,
        since,
        until,
        *(after or (None, None)),
        limit,
    )
    return [TimeOff(**row) for row in rows]
