"""The clients of a trainer, with as much of their progress as a list needs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.booking.queries.progress import empty_view
from shared.postgres import Transaction

_SELECT = """
with mine as (
 select client_id, max(start_at) filter (where end_at <= $3) as last_at,
  min(start_at) filter (where end_at > $3 and status in ('confirmed', 'frozen')) as next_at
 from bookings where trainer_id = $1 and status <> 'cancelled' and end_at > $2
 group by client_id
)
select p.id, p.name, mine.last_at, mine.next_at,
 v.document - array['questionnaires', 'goals', 'effects', 'recommendation', 'milestones',
  'check_ins'] #- '{plan,items}' #- '{plan,menu}'
  || jsonb_build_object(
   'check_ins', coalesce(jsonb_path_query_array(v.document, '$.check_ins[0]'), '[]')) as view
from mine join people p on p.id = mine.client_id
left join progress_views v on v.client_id = p.id
order by coalesce(mine.next_at, mine.last_at) desc, p.id limit $4
"""
"""A view may have 100 kB; of the parts that grow with time a list needs the newest check-in."""


@dataclass(frozen=True)
class DeskClient:
    """A client of a trainer; of `view` the long parts are empty."""

    id: UUID
    name: str
    last_at: datetime | None
    next_at: datetime | None
    view: dict[str, Any]


async def clients_of(
    connection: Transaction, trainer_id: UUID, *, since: datetime, now: datetime, limit: int
) -> list[DeskClient]:
    """Whoever has or had a session with a trainer that ended after `since`."""
    rows = await connection.fetch(_SELECT, trainer_id, since, now, limit)
    return [
        DeskClient(
            row["id"],
            row["name"],
            row["last_at"],
            row["next_at"],
            {**empty_view(row["id"]), **(row["view"] or {})},
        )
        for row in rows
    ]
