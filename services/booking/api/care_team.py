"""Over HTTP: whom a client lets look on, who looked, and whose clients a clinician sees."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from services.booking.api.access import CallerNow, let_in, signed_in
from services.booking.api.fields import EmailAddress
from services.booking.api.writing import Answer, Writer
from services.booking.domain.care_team import Member, MemberRole, Purpose
from services.booking.domain.links import LinkSigner
from services.booking.domain.people import Role
from services.booking.handlers import care_team
from services.booking.handlers.care_team import SharingWish
from services.booking.queries import access_log, people
from services.booking.queries.access_log import Look
from services.booking.queries.people import SharingClient
from shared.clock import Clock, rfc3339
from shared.fields import Body
from shared.paging import PageDocument, PageNow
from shared.postgres import Database, Transaction


class MemberFields(Body):
    """Whom to share with, and what: any of the three purposes, or none for now."""

    email: EmailAddress
    role: MemberRole
    share: Annotated[tuple[Purpose, ...], Field(max_length=3)]


class MemberDocument(BaseModel):
    """A member of the care team and what they may see."""

    id: UUID
    email: str
    role: MemberRole
    share: list[Purpose]
    since: str


class SharingClientDocument(BaseModel):
    """A client who shares with the caller."""

    id: UUID
    name: str
    role: MemberRole
    share: list[Purpose]
    since: str


class ActorDocument(BaseModel):
    """Who looked, in the role they had then."""

    id: UUID
    name: str
    role: Role


class LookDocument(BaseModel):
    """A look at a client's health data by somebody else."""

    at: str
    actor: ActorDocument
    what: str


def routes(db: Database, clock: Clock, writer: Writer, signer: LinkSigner) -> APIRouter:
    """The care team, the access log and the clinic's list."""
    router = APIRouter(prefix="/v1", tags=["care team"])

    @router.post(
        "/clients/{client_id}/care-team",
        status_code=201,
        response_model=MemberDocument,
        responses={200: {"model": MemberDocument, "description": "They were a member already."}},
    )
    async def share(
        client_id: UUID, body: MemberFields, request: Request, caller: CallerNow
    ) -> Response:
        """Let somebody look on, or change what they see."""

        async def work(tx: Transaction) -> Answer:
            now = clock()
            await let_in(tx, caller, client_id, "share", now=now)
            wish = SharingWish(body.email, body.role, body.share)
            member, is_new = await care_team.share(tx, client_id, wish, signer=signer, now=now)
            return Answer(201 if is_new else 200, _member(member))

        return await writer.commit(request, caller, work)

    @router.delete(
        "/clients/{client_id}/care-team/{member_id}", status_code=204, response_class=Response
    )
    async def remove(
        client_id: UUID, member_id: UUID, request: Request, caller: CallerNow
    ) -> Response:
        """Share nothing with a member any more, at once."""

        async def work(tx: Transaction) -> Answer:
            now = clock()
            await let_in(tx, caller, client_id, "share", now=now)
            await care_team.remove(tx, client_id, member_id, signer=signer, now=now)
            return Answer(204)

        return await writer.commit(request, caller, work)

    @router.get("/clients/{client_id}/care-team")
    async def members(client_id: UUID, caller: CallerNow) -> PageDocument[MemberDocument]:
        """Who looks on, in the order they came; all on one page."""
        async with db.reading() as connection:
            await let_in(connection, caller, client_id, "team", now=clock())
            found = await people.members(connection, client_id)
        return PageDocument(items=[MemberDocument(**_member(one)) for one in found], next=None)

    @router.get("/clients/{client_id}/access-log", response_model=PageDocument[LookDocument])
    async def looks(client_id: UUID, caller: CallerNow, page: PageNow) -> dict[str, Any]:
        """Who else looked at the client's health data, the newest first."""
        before = page.after(int)
        async with db.reading() as connection:
            await let_in(connection, caller, client_id, "log", now=clock())
            found = await access_log.looks(
                connection, client_id, before=before[0] if before else None, limit=page.limit + 1
            )
        return page.answer(found, key=lambda one: (one.id,), show=_look)

    @router.get("/clinic/clients", response_model=PageDocument[SharingClientDocument])
    async def clients(caller: CallerNow, page: PageNow) -> dict[str, Any]:
        """The clients who share with the caller, by name."""
        person_id, after = signed_in(caller), page.after(str, UUID)
        async with db.reading() as connection:
            found = await people.sharing_with(
                connection,
                person_id,
                after=(after[0], after[1]) if after else None,
                limit=page.limit + 1,
            )
        return page.answer(found, key=lambda one: (one.name, one.id), show=_client)

    return router


def _member(member: Member) -> dict[str, Any]:
    return {
        "id": str(member.id),
        "email": member.email,
        "role": member.role,
        "share": list(member.share),
        "since": rfc3339(member.since),
    }


def _client(client: SharingClient) -> dict[str, Any]:
    return {
        "id": str(client.id),
        "name": client.name,
        "role": client.role,
        "share": list(client.share),
        "since": rfc3339(client.since),
    }


def _look(look: Look) -> dict[str, Any]:
    return {
        "at": rfc3339(look.at),
        "actor": {"id": str(look.actor_id), "name": look.actor_name, "role": look.actor_role},
        "what": look.what,
    }
