"""What is known of a client, for the client: all of it to take away, or to be forgotten."""

import json
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel

from services.booking.api.access import CallerNow, signed_in, staff_only
from services.booking.api.writing import Answer, Writer
from services.booking.domain.people import Caller
from services.booking.handlers import erasure
from services.booking.handlers.export import whole
from services.booking.store.client_keys import ClientKeys
from shared.clock import Clock, rfc3339
from shared.postgres import Database, Transaction


class ErasureDocument(BaseModel):
    """When somebody asked to be forgotten, and by when nothing is left anywhere but in backups."""

    requested_at: str
    done_by: str


Rows = list[dict[str, Any]]


class ExportDocument(BaseModel):
    """All that is kept of somebody: rows by section."""

    profile: Rows
    bookings: Rows
    reserved_times: Rows
    series: Rows
    credits: Rows
    waitlist: Rows
    offers: Rows
    consents: Rows
    preferences: Rows
    devices: Rows
    care_team: Rows
    reports: Rows
    flares: Rows
    progress: Rows
    safety_holds: Rows
    plans_and_clearances: Rows
    looks_of_others: Rows
    messages: Rows
    sign_ins: Rows


async def export_of(db: Database, keys: ClientKeys, person_id: UUID) -> Response:
    """All that is kept of somebody, as a file to keep."""
    async with db.transaction() as tx:
        # One view of all tables: a section never speaks of what another has not yet.
        await tx.execute("set transaction isolation level repeatable read, read only")
        found = await whole(tx, person_id, keys)
    return Response(
        json.dumps(found, ensure_ascii=False, indent=1),
        media_type="application/json",
        headers={
            "Content-Disposition": 'attachment; filename="limber-export.json"',
            "Cache-Control": "no-store",
        },
    )


def routes(db: Database, clock: Clock, writer: Writer) -> APIRouter:
    """Rights of a client over their data."""
    router = APIRouter(prefix="/v1", tags=["privacy"])

    async def erase(client_id: UUID, request: Request, caller: Caller) -> Response:
        async def work(tx: Transaction) -> Answer:
            now = clock()
            done_by = await erasure.erase(tx, client_id, caller, now=now)
            return Answer(202, {"requested_at": rfc3339(now), "done_by": rfc3339(done_by)})

        # A kept answer would be kept of somebody who asked that nothing is.
        return await writer.commit(request, caller, work, keep_answer=False)

    @router.get("/me/export", response_model=ExportDocument)
    async def export(caller: CallerNow) -> Response:
        """All that is kept of oneself, as one JSON document; the same until something changes."""
        return await export_of(db, writer.keys, signed_in(caller))

    @router.delete("/me", status_code=202, response_model=ErasureDocument)
    async def erase_me(request: Request, caller: CallerNow) -> Response:
        """Be forgotten, as a client: coming sessions are cancelled and all data is erased."""
        return await erase(signed_in(caller), request, caller)

    @router.delete("/people/{person_id}", status_code=202, response_model=ErasureDocument)
    async def erase_client(person_id: UUID, request: Request, caller: CallerNow) -> Response:
        """Forget a client who asked for it by phone or letter; for staff."""
        staff_only(caller)
        return await erase(person_id, request, caller)

    return router
