"""Who is calling, and what they may do with what concerns a client: decided here alone."""

from collections.abc import AsyncIterator
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Request

from services.booking.domain.care_team import MemberRole, Purpose, shared_answer, shared_view
from services.booking.domain.links import LinkSigner
from services.booking.domain.people import Caller, Role
from services.booking.queries import people
from services.booking.store import access_log, sign_in
from shared.clock import Clock
from shared.errors import Forbidden, Unauthorised
from shared.postgres import Database, Transaction

MAX_TOKEN_CHARACTERS = 200
"""Ours have under 60."""

SESSION_COOKIE = "limber_session"
"""Holds the bearer token for the pages; no script can read it."""

READING = frozenset({"GET", "HEAD"})


TRAINER_SEES = timedelta(days=180)
"""After the last session: long enough for a break between courses, and then the door closes."""

Relation = Literal["client", "trainer", "staff", "care-team"]
Action = Literal[
    "progress", "stream", "answer", "bookings", "report", "lift", "team", "share", "log",
    "coach", "comment", "clear", "letter", "fhir", "acknowledge", "notes",
]  # fmt: skip

_TREATING: frozenset[Relation] = frozenset({"client", "trainer", "staff"})

MAY: dict[Action, frozenset[Relation]] = {
    "progress": _TREATING | {"care-team"},
    "notes": _TREATING | {"care-team"},
    "stream": _TREATING | {"care-team"},
    "answer": _TREATING | {"care-team"},
    "bookings": _TREATING,
    "report": _TREATING,
    "lift": frozenset({"trainer", "staff"}),
    "acknowledge": frozenset({"trainer", "staff"}),
    "team": frozenset({"client", "staff"}),
    "share": frozenset({"client"}),
    "log": frozenset({"client", "staff"}),
    "coach": frozenset({"trainer", "staff"}),
    "comment": frozenset({"trainer", "staff", "care-team"}),
    "clear": frozenset({"care-team"}),
    "letter": frozenset({"client", "care-team"}),
    "fhir": frozenset({"client", "care-team"}),
}
"""Who may do what with a client's affairs; the care team sees only the purposes it was granted.

Of answers it sees those to its own reports.
"""

NEEDS: dict[Action, Purpose] = {"comment": "plan"}
"""What has to be shared with a member for more than a look."""

CLEARS: frozenset[MemberRole] = frozenset({"physician", "physiotherapist"})
"""Members who may say whether exercise is right; a relative who looks on may not."""

LOGGED: dict[Action, str] = {
    "progress": "progress",
    "notes": "notes",
    "stream": "stream",
    "answer": "answer",
    "letter": "letter",
    "fhir": "fhir",
}
"""Looks at health data, as the client reads of them in the access log."""

LISTED = "list"
"""A look at the list of a trainer's clients: of each the level, and why they need care."""


@dataclass(frozen=True)
class Sight:
    """Somebody who may look at a client; `share` are the purposes, None where all is open."""

    actor_id: UUID
    actor_role: Role
    client_id: UUID
    share: tuple[Purpose, ...] | None

    def view(self, document: dict[str, Any]) -> dict[str, Any]:
        """What of the client's progress view they see."""
        return document if self.share is None else shared_view(document, self.share)

    def answer(self, document: dict[str, Any]) -> dict[str, Any]:
        """What of an answer to a report they see."""
        return document if self.share is None else shared_answer(document, self.share)


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
            # Without a header a cookie may speak, but only where nothing is changed: another site
            # cannot make the browser read for it, though it could make it write.
            return await self.by_cookie(request) if request.method in READING else Caller()
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not 0 < len(token) <= MAX_TOKEN_CHARACTERS:
            raise Unauthorised("bad-token", "Send a bearer token: `Authorization: Bearer …`.")
        booking_id = self._signer.opened_by("manage", token)
        if booking_id is not None:
            return Caller(booking_id=booking_id)
        waitlist_id = self._signer.opened_by("waitlist", token)
        if waitlist_id is not None:
            return Caller(waitlist_id=waitlist_id)
        caller = await self._signed_in(token)
        if caller is None:
            raise Unauthorised("bad-token", "The token is not valid or has run out. Sign in again.")
        return caller

    async def by_cookie(self, request: Request) -> Caller:
        """The caller whose browser holds a session; a visitor when it is none, or has run out."""
        token = request.cookies.get(SESSION_COOKIE)
        if not token or len(token) > MAX_TOKEN_CHARACTERS:
            return Caller()
        return await self._signed_in(token) or Caller()

    async def _signed_in(self, token: str) -> Caller | None:
        async with self._db.reading() as connection:
            return await sign_in.caller_of(connection, token, now=self._clock())


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


def signed_in_as(caller: Caller, roles: AbstractSet[Role], refusal: Forbidden) -> UUID:
    """The id of a caller in one of these roles.

    Raises:
        Unauthorised: nobody is signed in.
        Forbidden: the refusal, for somebody in another role.
    """
    person_id = signed_in(caller)
    if caller.role not in roles:
        raise refusal
    return person_id


def staff_only(caller: Caller) -> UUID:
    """The id of a caller who is staff.

    Raises:
        Unauthorised: nobody is signed in.
        Forbidden: somebody else is.
    """
    person_id = signed_in(caller)
    if not caller.works_here:
        raise Forbidden("staff-only", "Only staff may do that.")
    return person_id


async def let_in(
    connection: Transaction, caller: Caller, client_id: UUID, action: Action, *, now: datetime
) -> Sight:
    """Let pass whoever may do that with what concerns a client; says as whom they come.

    Raises:
        Unauthorised: nobody is signed in.
        Forbidden: somebody else is.
    """
    person_id = signed_in(caller)
    share: tuple[Purpose, ...] = ()
    relations: set[Relation] = set()
    if person_id == client_id:
        relations.add("client")
    elif caller.works_here:
        relations.add("staff")
    else:
        ties = await people.ties(connection, person_id, client_id, seen_since=now - TRAINER_SEES)
        share = ties.share
        if ties.trains and caller.role == "trainer":
            relations.add("trainer")
        if share and _is_open(action, ties):
            relations.add("care-team")
    if not relations & MAY[action]:
        raise _refusal(action, relations)
    whole = relations & {"client", "staff", "trainer"}
    return Sight(person_id, caller.role or "client", client_id, None if whole else share)


@asynccontextmanager
async def seeing(
    db: Database, caller: Caller, client_id: UUID, action: Action, *, now: datetime
) -> AsyncIterator[tuple[Transaction, Sight]]:
    """A connection to read a client's health data; a look of somebody else is on record first.

    The record is committed with the block: where nothing is found, nothing was seen.

    Raises:
        Unauthorised, Forbidden: see `let_in`.
    """
    if caller.person_id == client_id:
        async with db.reading() as connection:
            yield connection, await let_in(connection, caller, client_id, action, now=now)
        return
    async with db.transaction() as tx:
        sight = await let_in(tx, caller, client_id, action, now=now)
        await access_log.note(
            tx, sight.actor_id, sight.actor_role, client_id, LOGGED[action], now=now
        )
        yield tx, sight


def _is_open(action: Action, ties: people.Ties) -> bool:
    """Whether a member of the care team comes as one for this."""
    if action == "clear":
        return ties.role in CLEARS
    return action not in NEEDS or NEEDS[action] in ties.share


def _refusal(action: Action, relations: AbstractSet[Relation]) -> Forbidden:
    if action == "lift" and "client" in relations:
        return Forbidden("trainer-only", "Only a trainer can lift a safety hold.")
    if action in {"coach", "comment", "acknowledge"} and "client" in relations:
        return Forbidden("trainer-only", "Only a trainer may do that.")
    if action == "clear":
        return Forbidden(
            "clinician-only", "Only a clinician of the client's care team decides on that."
        )
    if action == "share":
        return Forbidden("client-only", "Only the client decides who looks on.")
    if "trainer" in relations or "care-team" in relations:
        return Forbidden("not-shared", "The client has not opened that to you.")
    return Forbidden("not-your-client", "Only the client and those who care for them may do that.")


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
