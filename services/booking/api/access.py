"""Who is calling, and what they may see."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from services.booking.domain.links import LinkSigner
from services.booking.domain.people import Caller
from services.booking.queries import progress
from services.booking.store import sign_in
from shared.clock import Clock
from shared.errors import Forbidden, Unauthorised
from shared.postgres import Database, Transaction

MAX_TOKEN_CHARACTERS = 200
"""Ours have under 60."""


class Access:
    """Reads the caller from a request's bearer token."""

    def __init__(self, db: Database, signer: LinkSigner, clock: Clock) -> None:
        self._db = db
        self._signer = signer
        self._clock = clock

    async def __call__(self, request: Request) -> Caller:
        """The caller; a visitor when no token is given.

        Raises:
            Unauthorised: a token is given and is not valid.
        """
        header = request.headers.get("authorization")
        if header is None:
            return Caller()
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not 0 < len(token) <= MAX_TOKEN_CHARACTERS:
            raise Unauthorised("bad-token", "Send a bearer token: `Authorization: Bearer …`.")
        booking_id = self._signer.opened_by("manage", token)
        if booking_id is not None:
            return Caller(booking_id=booking_id)
        waitlist_id = self._signer.opened_by("waitlist", token)
        if waitlist_id is not None:
            return Caller(waitlist_id=waitlist_id)
        async with self._db.reading() as connection:
            caller = await sign_in.caller_of(connection, token, now=self._clock())
        if caller is None:
            raise Unauthorised("bad-token", "The token is not valid or has run out. Sign in again.")
        return caller


def caller_of(request: Request) -> Caller:
    """The caller that `Access` has found for this request."""
    caller: Caller = request.state.caller
    return caller


CallerNow = Annotated[Caller, Depends(caller_of)]


def signed_in(caller: Caller) -> UUID:
    """The id of the signed-in person.

    Raises:
        Unauthorised: nobody is signed in.
    """
    if caller.person_id is None:
        raise Unauthorised("sign-in-first", "Please sign in first: POST /v1/sign-in.")
    return caller.person_id


async def may_report_for(connection: Transaction, caller: Caller, client_id: UUID) -> UUID:
    """The id of a caller who may see and report for a client: the client, their trainer, staff.

    Raises:
        Unauthorised: nobody is signed in.
        Forbidden: somebody else is.
    """
    person_id = signed_in(caller)
    allowed = (
        person_id == client_id
        or caller.works_here
        or (caller.role == "trainer" and await progress.trains(connection, person_id, client_id))
    )
    if not allowed:
        raise Forbidden("not-your-client", "Only the client and their trainer may do that.")
    return person_id


async def may_lift_holds(connection: Transaction, caller: Caller, client_id: UUID) -> None:
    """Let pass a trainer of the client, or staff.

    Raises:
        Unauthorised: nobody is signed in.
        Forbidden: somebody else is; also the client.
    """
    await may_report_for(connection, caller, client_id)
    if not (caller.works_here or caller.role == "trainer"):
        raise Forbidden("trainer-only", "Only a trainer can lift a safety hold.")


def caller_for_calendar(
    request: Request, signer: LinkSigner, booking_id: UUID, token: str | None
) -> None:
    """Let pass whoever holds the calendar link of a booking, or its manage token.

    Raises:
        Unauthorised: no token, or one of another booking.
    """
    caller = caller_of(request)
    if token is not None and len(token) <= MAX_TOKEN_CHARACTERS:
        if booking_id in {
            signer.opened_by("calendar", token),
            signer.opened_by("manage", token),
        }:
            return
    elif caller.booking_id == booking_id:
        return
    raise Unauthorised("bad-token", "Use the calendar link of this booking, or its manage token.")
