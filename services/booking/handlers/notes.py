"""Notes as they were typed: opened with the client's key, for who may read them."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.booking.domain import notes
from services.booking.domain.notes import Note, NoteKind
from services.booking.queries import notes as reports
from services.booking.queries.notes import Place, SealedReport
from shared.postgres import Transaction
from shared.sealing import Sealer

MOST_OPENED = 400
"""Reports opened for one page: of those from before the mark `typed` most hold no note. A page
that ends by it has fewer notes and a next one."""


@dataclass(frozen=True)
class NotesPage:
    """Notes, the newest first; `next` is the place to go on from, None at the end."""

    notes: Sequence[Note]
    next: Place | None


async def newest(
    connection: Transaction,
    sealer: Sealer | None,
    client_id: UUID,
    kinds: Collection[NoteKind],
    *,
    before: Place | None = None,
    limit: int,
) -> NotesPage:
    """A page of a client's notes of these kinds; empty without what opens them.

    Raises:
        UnreadableError: the master key is another one.
    """
    found: list[Note] = []
    opened = 0
    while sealer is not None and opened < MOST_OPENED:
        rows = await reports.newest(connection, client_id, kinds, before=before, limit=limit + 1)
        for place, row in enumerate(rows):
            before, opened = (row.at, row.id), opened + 1
            found += _opened([row], sealer)
            if len(found) == limit:
                return NotesPage(found, before if place + 1 < len(rows) else None)
        if len(rows) <= limit:
            return NotesPage(found, None)
    return NotesPage(found, before if sealer is not None else None)


async def of_reports(
    connection: Transaction,
    sealer: Sealer | None,
    client_id: UUID,
    kinds: Collection[NoteKind],
    ids: Collection[UUID],
) -> dict[UUID, Note]:
    """The notes in these reports, by report; none without what opens them.

    Raises:
        UnreadableError: the master key is another one.
    """
    if sealer is None or not ids:
        return {}
    rows = await reports.of_ids(connection, client_id, kinds, ids)
    return {note.id: note for note in _opened(rows, sealer)}


def _opened(rows: Sequence[SealedReport], sealer: Sealer) -> list[Note]:
    found = []
    for row in rows:
        report = json.loads(sealer.open(row.report))
        if texts := notes.texts(row.kind, report):
            found.append(
                Note(
                    id=row.id,
                    kind=row.kind,
                    at=row.at,
                    by=row.by,
                    by_name=row.by_name,
                    by_role=row.by_role,
                    status=row.status,
                    of=notes.subject(report),
                    texts=texts,
                )
            )
    return found
