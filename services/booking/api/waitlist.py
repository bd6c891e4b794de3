"""The waitlist over HTTP."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from services.booking.api.access import CallerNow, signed_in
from services.booking.api.documents import TrainerDocument
from services.booking.api.fields import Day, ModeName, PostalCode, ServiceCode
from services.booking.api.wishes import ClientFields, ConsentFields
from services.booking.api.writing import Answer, Writer
from services.booking.domain.links import LinkSigner
from services.booking.domain.people import Caller
from services.booking.domain.waitlist import Status
from services.booking.handlers import waitlist
from services.booking.handlers.clients import ClientWish
from services.booking.handlers.waitlist import WaitWish
from services.booking.queries import waitlist as queries
from services.booking.queries.waitlist import Named, OfferRow, WaitingRow
from shared.clock import Clock, rfc3339
from shared.errors import Forbidden
from shared.fields import Body
from shared.paging import PageDocument, PageNow
from shared.postgres import Database, Transaction


class WaitFields(Body):
    """What somebody waits for: dates where the client is. Signed in, leave `client` out."""

    service: ServiceCode
    mode: ModeName
    first: Day = Field(alias="from")
    last: Day = Field(alias="to")
    trainer: UUID | None = None
    postal: PostalCode | None = None
    client: ClientFields | None = None
    consent: ConsentFields = ConsentFields()

    def wish(self) -> WaitWish:
        """The wish as handlers take it."""
        client = None
        if self.client is not None:
            client = ClientWish(
                name=self.client.name.strip(),
                email=self.client.email,
                phone=self.client.phone,
                tz=self.client.tz,
                language=self.client.language,
                answers=self.consent.answers(),
                source="waitlist-form",
            )
        return WaitWish(
            self.service, self.mode, self.first, self.last, self.trainer, self.postal, client
        )


class OfferDocument(BaseModel):
    """A time that is kept for who waited, until `expires_at`; book it with the hold."""

    hold: UUID
    trainer: TrainerDocument
    start: str
    end: str
    expires_at: str


class ClientDocument(BaseModel):
    """Who waits, for staff."""

    id: UUID
    name: str


class WaitingDocument(BaseModel):
    """A place on the waitlist. `trainer` null means whoever comes free; `tz` is that of the dates.

    `waitlist_token` comes with the first answer alone.
    """

    id: UUID
    status: Status
    service: str
    mode: str
    first: str = Field(alias="from")
    last: str = Field(alias="to")
    tz: str
    trainer: TrainerDocument | None
    offer: OfferDocument | None
    client: ClientDocument | None = None
    waitlist_token: str | None = None


def routes(db: Database, clock: Clock, writer: Writer, signer: LinkSigner) -> APIRouter:
    """Joining, looking and leaving; the list for staff."""
    router = APIRouter(prefix="/v1", tags=["waitlist"])

    @router.post("/waitlist", status_code=201, response_model=WaitingDocument)
    async def join(body: WaitFields, request: Request, caller: CallerNow) -> Response:
        """Wait for a time: what comes free is offered by mail, and held for 30 minutes."""

        async def work(tx: Transaction) -> Answer:
            entry = await waitlist.join(tx, body.wish(), caller, signer=signer, now=clock())
            return Answer(201, _shown(await queries.find(tx, entry.id), caller))

        def with_token(answer: dict[str, Any]) -> dict[str, Any]:
            return answer | {"waitlist_token": signer.token("waitlist", UUID(answer["id"]))}

        return await writer.commit(request, caller, work, finish=with_token)

    @router.get("/waitlist/{waitlist_id}", response_model=WaitingDocument)
    async def read(waitlist_id: UUID, caller: CallerNow) -> Response:
        """A place on the waitlist and its open offer, for the client and staff."""
        async with db.reading() as connection:
            row = await queries.find(connection, waitlist_id)
        waitlist.check_may_see(caller, waitlist_id, row.client.id if row else None)
        return JSONResponse(_shown(row, caller))

    @router.delete("/waitlist/{waitlist_id}", status_code=204, response_class=Response)
    async def leave(waitlist_id: UUID, request: Request, caller: CallerNow) -> Response:
        """Leave the waitlist; an open offer goes to who waits next."""

        async def work(tx: Transaction) -> Answer:
            await waitlist.leave(tx, waitlist_id, caller, now=clock())
            return Answer(204)

        return await writer.commit(request, caller, work)

    @router.get("/waitlist", response_model=PageDocument[WaitingDocument])
    async def listed(page: PageNow, caller: CallerNow, status: Status | None = None) -> Response:
        """Who waits, the longest wait first; for staff."""
        signed_in(caller)
        if not caller.works_here:
            raise Forbidden("staff-only", "Only staff can see who waits.")
        after = page.after(datetime, UUID)
        async with db.reading() as connection:
            rows = await queries.listed(
                connection,
                status=status,
                after=None if after is None else (after[0], after[1]),
                limit=page.limit + 1,
            )
        return JSONResponse(
            page.answer(
                rows,
                key=lambda row: (row.created_at, row.id),
                show=lambda row: _shown(row, caller),
            )
        )

    return router


def _shown(row: WaitingRow | None, caller: Caller) -> dict[str, Any]:
    if row is None:
        raise waitlist.not_waiting()
    body: dict[str, Any] = {
        "id": str(row.id),
        "status": row.status,
        "service": row.service,
        "mode": row.mode,
        "from": row.first_day.isoformat(),
        "to": row.last_day.isoformat(),
        "tz": row.tz,
        "trainer": row.trainer and _named(row.trainer),
        "offer": row.offer and _offer(row.offer),
    }
    return body | {"client": _named(row.client)} if caller.works_here else body


def _named(somebody: Named) -> dict[str, str]:
    return {"id": str(somebody.id), "name": somebody.name}


def _offer(offer: OfferRow) -> dict[str, Any]:
    return {
        "hold": str(offer.hold_id),
        "trainer": _named(offer.trainer),
        "start": rfc3339(offer.start),
        "end": rfc3339(offer.end),
        "expires_at": rfc3339(offer.expires_at),
    }
