"""Who is calling: staff and leads, by the token that booking gave them."""

import hashlib
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from services.notify.store import staff
from shared.clock import Clock
from shared.errors import Unauthorised
from shared.postgres import Database, Transaction

MAX_TOKEN_CHARACTERS = 200
"""Booking's have under 60."""


@dataclass(frozen=True)
class Staff:
    """Somebody who works here."""

    id: UUID
    role: str

    async def note(
        self,
        tx: Transaction,
        what: str,
        clock: Clock,
        *,
        client_id: UUID | None = None,
        subject_id: UUID | None = None,
        why: str | None = None,
    ) -> None:
        """Put on record what they look at or do, in the transaction in which they do it."""
        await staff.note(
            tx,
            staff.Noted(self.id, self.role, what, client_id, subject_id, why),
            now=clock(),
        )


class StaffAccess:
    """Reads who calls from a request's bearer token."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def __call__(self, request: Request) -> None:
        """Let staff in.

        Raises:
            Unauthorised: no token, or none of somebody who works here.
        """
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not 0 < len(token) <= MAX_TOKEN_CHARACTERS:
            raise Unauthorised(
                "sign-in-first", "Send the token of a staff member: `Authorization: Bearer …`."
            )
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
        async with self._db.reading() as connection:
            found = await staff.holder(connection, digest, now=self._clock())
        if found is None:
            raise Unauthorised(
                "bad-token",
                "The token is not one of staff, or has run out. Sign in again at booking.",
            )
        request.state.staff = Staff(*found)


def staff_of(request: Request) -> Staff:
    """Who `StaffAccess` has let in."""
    found: Staff = request.state.staff
    return found


StaffNow = Annotated[Staff, Depends(staff_of)]
"""For routes: `staff: StaffNow`."""
