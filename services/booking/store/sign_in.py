"""Sign-in codes and sessions: only hashes are kept."""

import hashlib
from datetime import datetime
from uuid import UUID

from services.booking.domain.people import Caller
from shared.postgres import Transaction

DECOY_LOOKS = 3
"""With the decoy's row: the round trips of storing a code, of the contact document (two) and of
the outbox."""


def token_hash(token: str) -> bytes:
    """What is stored of a bearer token; the token itself has 256 random bits."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


async def store_code(
    tx: Transaction, person_id: UUID, request_id: UUID, code_hash: bytes, *, expires_at: datetime
) -> None:
    """Keep the newest code of a person; an older one is void."""
    await tx.execute(
        "insert into sign_in_codes (person_id, request_id, code_hash, expires_at)"
        " values ($1, $2, $3, $4) on conflict (person_id) do update set request_id = $2,"
        " code_hash = $3, expires_at = $4, wrong_tries = 0",
        person_id,
        request_id,
        code_hash,
        expires_at,
    )


async def store_decoy(tx: Transaction, request_id: UUID, *, now: datetime) -> None:
    """As many statements and one durable write, like storing and telling a code, for nobody.

    The row is a counter that lets everything through; the next cleaning sweeps it.
    """
    await tx.execute(
        "insert into rate_limits (key, due_at) values ($1, $2) on conflict do nothing",
        f"decoy:{request_id}",
        now,
    )
    for _ in range(DECOY_LOOKS):
        await tx.fetch("select from bookings where client_id = $1", request_id)


async def lock_code(tx: Transaction, person_id: UUID) -> tuple[UUID, bytes, int, datetime] | None:
    """Request id, hash, wrong tries and expiry of a person's code, locked."""
    row = await tx.fetchrow(
        "select request_id, code_hash, wrong_tries, expires_at from sign_in_codes"
        " where person_id = $1 for update",
        person_id,
    )
    return tuple(row) if row else None


async def count_wrong_try(tx: Transaction, person_id: UUID) -> None:
    """One wrong try more."""
    await tx.execute(
        "update sign_in_codes set wrong_tries = wrong_tries + 1 where person_id = $1", person_id
    )


async def delete_code(tx: Transaction, person_id: UUID) -> None:
    """A code opens once."""
    await tx.execute("delete from sign_in_codes where person_id = $1", person_id)


async def add_session(
    tx: Transaction, person_id: UUID, token: str, *, now: datetime, expires_at: datetime
) -> None:
    """Open a session; ended ones are swept on the way."""
    await tx.execute("delete from sessions where expires_at < $1", now)
    await tx.execute(
        "insert into sessions (token_hash, person_id, expires_at) values ($1, $2, $3)",
        token_hash(token),
        person_id,
        expires_at,
    )


async def delete_session(tx: Transaction, token: str) -> None:
    """End a session; its token opens nothing from now on."""
    await tx.execute("delete from sessions where token_hash = $1", token_hash(token))


async def caller_of(connection: Transaction, token: str, *, now: datetime) -> Caller | None:
    """Who holds a bearer token; None when it is unknown or has run out."""
    row = await connection.fetchrow(
        "select p.id, p.role from sessions s join people p on p.id = s.person_id"
        " where s.token_hash = $1 and s.expires_at > $2",
        token_hash(token),
        now,
    )
    return Caller(person_id=row["id"], role=row["role"]) if row else None
