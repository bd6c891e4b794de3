"""Reports that may hold a note, sealed as they lie, with who made them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

from services.booking.domain.notes import NoteKind
from services.booking.domain.people import Role
from shared.postgres import Transaction

Place: TypeAlias = tuple[datetime, UUID]
"""Where a report stands among a client's: when it came, then its id."""

_SELECT = (
    "select s.id, s.kind, s.submitted_at as at, s.submitted_by as by, p.name as by_name,"
    " p.role as by_role, s.status, s.report from submissions s join people p on p.id ="
    " s.submitted_by where s.client_id = $1 and s.typed is not false and s.report is not null"
)


@dataclass(frozen=True)
class SealedReport:
    """A report whose text only the client's key opens."""

    id: UUID
    kind: NoteKind
    at: datetime
    by: UUID
    by_name: str
    by_role: Role
    status: Literal["pending", "done", "rejected"]
    report: str


async def newest(
    connection: Transaction,
    client_id: UUID,
    kinds: Collection[NoteKind],
    *,
    before: Place | None,
    limit: int,
) -> list[SealedReport]:
    """Reports of these kinds that may hold a note, the newest first; those before a place."""
    at, report_id = before or (None, None)
    rows = await connection.fetch(
        f"{_SELECT} and s.kind = any($2)"
        " and ($3::timestamptz is null or (s.submitted_at, s.id) < ($3, $4))"
        " order by s.submitted_at desc, s.id desc limit $5",
        client_id,
        list(kinds),
        at,
        report_id,
        limit,
    )
    return [SealedReport(**row) for row in rows]


async def of_ids(
    connection: Transaction,
    client_id: UUID,
    kinds: Collection[NoteKind],
    ids: Collection[UUID],
) -> list[SealedReport]:
    """Those of these reports that may hold a note."""
    rows = await connection.fetch(
        f"{_SELECT} and s.kind = any($2) and s.id = any($3)", client_id, list(kinds), list(ids)
    )
    return [SealedReport(**row) for row in rows]
