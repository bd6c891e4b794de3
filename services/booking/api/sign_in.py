"""Sign-in by a mailed code, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from services.booking.api.access import CallerNow
from services.booking.api.fields import EmailAddress
from services.booking.api.limits import Limits
from services.booking.api.writing import Answer, Writer
from services.booking.domain import limits as figures
from services.booking.domain.links import LinkSigner
from services.booking.domain.people import email_key
from services.booking.handlers import sign_in
from shared.clock import Clock, rfc3339
from shared.errors import Unauthorised
from shared.fields import Body
from shared.postgres import Transaction


class EmailFields(Body):
    """Whose code."""

    email: EmailAddress


class CodeFields(EmailFields):
    """The six digits from the mail."""

    code: Annotated[str, Field(pattern=r"^[0-9]{6}$")]


class SessionDocument(BaseModel):
    """A bearer token and whose it is."""

    token: str
    person_id: UUID
    role: str
    expires_at: str


def routes(clock: Clock, writer: Writer, signer: LinkSigner, limits: Limits) -> APIRouter:
    """Asking for a code and signing in with it."""
    router = APIRouter(prefix="/v1/sign-in", tags=["sign-in"])

    @router.post("", status_code=202, response_class=Response)
    async def ask(body: EmailFields, request: Request, caller: CallerNow) -> Response:
        """Mail a code, if the address is known; the answer never tells."""
        await limits.check(
            request,
            (figures.SIGN_IN_CODES_PER_ORIGIN, limits.origin(request)),
            (figures.SIGN_IN_CODES_PER_ADDRESS, email_key(body.email)),
        )

        async def work(tx: Transaction) -> Answer:
            await sign_in.ask_for_code(tx, body.email, signer=signer, now=clock())
            return Answer(202, {"detail": "If we know this address, a code is on its way."})

        return await writer.commit(request, caller, work)

    @router.post("/verify", response_model=SessionDocument)
    async def verify(body: CodeFields, request: Request, caller: CallerNow) -> Response:
        """Sign in with the code; five wrong tries void it."""
        wrong = figures.WRONG_CODES_PER_ADDRESS, email_key(body.email)
        # Counted first and taken back when right, so that tries made at once count as well.
        await limits.check(request, (figures.CODE_TRIES_PER_ORIGIN, limits.origin(request)), wrong)

        async def work(tx: Transaction) -> Answer | Unauthorised:
            session = await sign_in.verify_code(
                tx, body.email, body.code, signer=signer, now=clock()
            )
            if isinstance(session, Unauthorised):
                return session
            return Answer(
                200,
                {
                    "token": session.token,
                    "person_id": str(session.person_id),
                    "role": session.role,
                    "expires_at": rfc3339(session.expires_at),
                },
            )

        response = await writer.commit(request, caller, work, keep_answer=False)
        await limits.forgive(request, *wrong)
        return response

    return router
