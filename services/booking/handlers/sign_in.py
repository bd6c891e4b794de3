"""Sign-in by a mailed code."""

import asyncio
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.booking.domain.links import LinkSigner
from services.booking.domain.people import Person, Role
from services.booking.store import people, sign_in
from services.booking.store.contacts import contact_changed
from shared import outbox
from shared.contracts.contacts import SignInCode
from shared.errors import Unauthorised
from shared.identifiers import new_id
from shared.postgres import Transaction

CODE_LIVES = timedelta(minutes=10)
"""Long enough for a slow mail, short enough that an old mail is worthless."""

WRONG_TRIES = 5
"""A guesser gets five of a million; then a new code must be asked for."""

SESSION_LIVES = timedelta(days=30)

NO_REQUEST = UUID(int=0)
"""Salts the hash of a code that nobody asked for."""


@dataclass(frozen=True)
class Session:
    """An open session; the token is told once."""

    token: str
    person_id: UUID
    role: Role
    expires_at: datetime


async def ask_for_code(tx: Transaction, email: str, *, signer: LinkSigner, now: datetime) -> None:
    """Mail a code to a known person; for an unknown address the same work leads nowhere.

    The time an answer takes must not tell whether somebody is known.
    """
    request_id, code = new_id(), f"{secrets.randbelow(1_000_000):06}"
    # Beside the event loop, and before anybody is locked.
    code_hash = await asyncio.to_thread(_code_hash, request_id, code)
    expires_at = now + CODE_LIVES
    person = await people.lock_person_by_email(tx, email)
    if person is None:
        await sign_in.store_decoy(tx, request_id, now=now)
        return
    await sign_in.store_code(tx, person.id, request_id, code_hash, expires_at=expires_at)
    contact = await contact_changed(
        tx,
        person.id,
        signer=signer,
        now=now,
        sign_in=SignInCode(request_id=request_id, code=code, expires_at=expires_at),
    )
    await outbox.add(tx, [contact], now=now)


async def verify_code(
    tx: Transaction, email: str, code: str, *, signer: LinkSigner, now: datetime
) -> Session | Unauthorised:
    """Open a session with a code.

    A wrong code is returned, not raised, so that the count of wrong tries is committed.
    """
    person = await people.lock_person_by_email(tx, email)
    kept = await sign_in.lock_code(tx, person.id) if person else None
    request_id, code_hash, wrong_tries, expires_at = kept or (NO_REQUEST, b"", WRONG_TRIES, now)
    # Hashed in any case: the time it takes must not tell whether a code waits.
    given = await asyncio.to_thread(_code_hash, request_id, code)
    if person is None or wrong_tries >= WRONG_TRIES or expires_at <= now:
        return _wrong_code()
    if not hmac.compare_digest(code_hash, given):
        await sign_in.count_wrong_try(tx, person.id)
        return _wrong_code()
    await sign_in.delete_code(tx, person.id)
    return await open_session(tx, person, signer=signer, now=now)


async def open_session(
    tx: Transaction, person: Person, *, signer: LinkSigner, now: datetime
) -> Session:
    """Open a session without a code; the caller has locked the person and made sure who it is.

    Staff's passes are told, for notify lets staff in as well.
    """
    token, expires_at = secrets.token_urlsafe(32), now + SESSION_LIVES
    await sign_in.add_session(tx, person.id, token, now=now, expires_at=expires_at)
    if person.works_here:
        contact = await contact_changed(tx, person.id, signer=signer, now=now)
        await outbox.add(tx, [contact], now=now)
    return Session(token, person.id, person.role, expires_at)


def _code_hash(request_id: UUID, code: str) -> bytes:
    # Salted by the request, slow enough that a stolen table does not give codes before they end;
    # so slow that it runs beside the event loop.
    return hashlib.scrypt(code.encode(), salt=request_id.bytes, n=2**12, r=8, p=1)


def _wrong_code() -> Unauthorised:
    return Unauthorised(
        "wrong-code", "That code is not valid, or no longer. Ask for a new one and try again."
    )
