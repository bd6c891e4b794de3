"""What people typed about a client, over HTTP: for the client and those who care for them."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel

from services.booking.api.access import CallerNow, seeing
from services.booking.domain.notes import Note, NoteKind, kinds_shown
from services.booking.domain.people import Role
from services.booking.handlers import notes
from services.booking.store.client_keys import ClientKeys
from services.booking.store.people import find_person
from shared.clock import Clock, rfc3339
from shared.errors import NotFound
from shared.paging import PageDocument, PageNow, write_cursor
from shared.postgres import Database


class WriterDocument(BaseModel):
    """Who wrote it."""

    id: UUID
    name: str
    role: Role


class TextDocument(BaseModel):
    """One text. `about` are codes, or a trainer's own words for one; then `text` may be null."""

    about: list[str]
    text: str | None


class NoteDocument(BaseModel):
    """What somebody typed in one report, whose id this is.

    `of` is the plan or the clearance it is about; `status` is what became of the report.
    """

    id: UUID
    at: str
    kind: NoteKind
    by: WriterDocument
    of: UUID | None
    status: Literal["pending", "done", "rejected"]
    texts: list[TextDocument]


def routes(db: Database, clock: Clock, keys: ClientKeys) -> APIRouter:
    """Notes, a page at a time."""
    router = APIRouter(prefix="/v1/clients/{client_id}", tags=["client"])

    @router.get("/notes", response_model=PageDocument[NoteDocument])
    async def read(client_id: UUID, caller: CallerNow, page: PageNow) -> dict[str, Any]:
        """What was typed about a client, the newest first; the care team reads what is shared.

        With `progress` that is check-ins, goals and lifted holds, with `plan` plans, comments and
        swaps, with `assessment` screenings, assessments and clearances. A page may hold fewer notes
        than asked for and still have a `next`.
        """
        before = page.after(datetime, UUID)
        async with seeing(db, caller, client_id, "notes", now=clock()) as (connection, sight):
            if await find_person(connection, client_id) is None:
                raise NotFound("no-such-client", "There is no such client.")
            found = await notes.newest(
                connection,
                await keys.find(connection, client_id),
                client_id,
                kinds_shown(sight.share),
                before=(before[0], before[1]) if before else None,
                limit=page.limit,
            )
        return {
            "items": [_note(one) for one in found.notes],
            "next": write_cursor(*found.next) if found.next else None,
        }

    return router


def _note(note: Note) -> dict[str, Any]:
    return {
        "id": str(note.id),
        "at": rfc3339(note.at),
        "kind": note.kind,
        "by": {"id": str(note.by), "name": note.by_name, "role": note.by_role},
        "of": None if note.of is None else str(note.of),
        "status": note.status,
        "texts": [{"about": list(one.about), "text": one.text} for one in note.texts],
    }
