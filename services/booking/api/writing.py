"""How every change is made: one transaction, once per idempotency key, then the relay is woken."""

import asyncio
import hashlib
import json
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg
from fastapi import Request
from fastapi.responses import JSONResponse, Response

from services.booking.domain.people import Caller
from services.booking.store import idempotency
from shared.clock import Clock
from shared.errors import Conflict, Invalid, Malformed, Refused
from shared.outbox import Relay
from shared.postgres import Database, Transaction

TRIES = 4
"""Two changes that wait for each other are told apart by Postgres; the loser tries again."""

MAX_KEY_CHARACTERS = 255

KEY_LIVES = timedelta(hours=24)


@dataclass(frozen=True)
class Answer:
    """Status and JSON body of a change; `version` becomes the ETag."""

    status: int
    body: dict[str, Any] | None = None
    version: int | None = None


Work = Callable[[Transaction], Awaitable["Answer | Refused"]]


class Writer:
    """Commits changes that requests ask for."""

    def __init__(self, db: Database, relay: Relay, clock: Clock) -> None:
        self._db = db
        self._relay = relay
        self._clock = clock

    async def commit(
        self, request: Request, caller: Caller, work: Work, *, keep_answer: bool = True
    ) -> Response:
        """Run `work` in one transaction and answer with what it gives.

        With an `Idempotency-Key` the answer is kept in the same transaction, and a repeated
        request gets it again, unless `keep_answer` is off because the answer is a secret. A
        refusal that `work` raises rolls everything back; one that it returns is committed.
        """
        key = _idempotency_key(request) if keep_answer else None
        fingerprint = _fingerprint(request, await request.body())
        for attempt in range(1, TRIES + 1):
            try:
                answer = await self._once(caller, key, fingerprint, work)
                break
            except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError):
                if attempt == TRIES:
                    raise
                await asyncio.sleep(random.random() * 0.02 * attempt)  # noqa: S311
        self._relay.wake()
        if isinstance(answer, Refused):
            raise answer
        return respond(answer)

    async def _once(
        self, caller: Caller, key: str | None, fingerprint: bytes, work: Work
    ) -> Answer | Refused:
        async with self._db.transaction() as tx:
            if key is None:
                return await work(tx)
            now = self._clock()
            try:
                kept = await idempotency.claim(
                    tx, caller.name, key, fingerprint, now=now, oldest=now - KEY_LIVES
                )
            except asyncpg.LockNotAvailableError:
                raise Conflict(
                    "idempotency-in-progress",
                    "The first request with this Idempotency-Key is still running; ask again.",
                ) from None
            if kept is not None:
                if kept.fingerprint != fingerprint:
                    raise Invalid(
                        "idempotency-mismatch",
                        "This Idempotency-Key was used for another request; use a new one.",
                    )
                return Answer(kept.status, kept.body["body"], kept.body["version"])
            answer = await work(tx)
            if isinstance(answer, Answer):
                await idempotency.keep(
                    tx,
                    caller.name,
                    key,
                    answer.status,
                    {"body": answer.body, "version": answer.version},
                )
            return answer


def respond(answer: Answer) -> Response:
    """An answer as a response."""
    headers = {} if answer.version is None else {"ETag": f'"{answer.version}"'}
    if answer.body is None:
        return Response(status_code=answer.status, headers=headers)
    return JSONResponse(answer.body, answer.status, headers=headers)


def expected_version(request: Request) -> int | None:
    """The version in If-Match; None when the caller does not say.

    Raises:
        Malformed: the header is not a version in quotes.
    """
    header = request.headers.get("if-match")
    if header is None or header.strip() == "*":
        return None
    text = header.strip().removeprefix("W/")
    digits = text[1:-1]
    quoted = len(text) > 2 and text[0] == text[-1] == '"'
    if not quoted or not digits.isascii() or not digits.isdigit() or len(digits) > 9:
        raise Malformed("malformed-if-match", 'If-Match should be the version in quotes: "3".')
    return int(digits)


def _idempotency_key(request: Request) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not 0 < len(key) <= MAX_KEY_CHARACTERS or not key.isascii() or not key.isprintable():
        raise Malformed(
            "malformed-idempotency-key",
            f"Idempotency-Key should be 1 to {MAX_KEY_CHARACTERS} printable ASCII characters.",
        )
    return key


def _fingerprint(request: Request, body: bytes) -> bytes:
    try:
        canonical = json.dumps(json.loads(body), sort_keys=True).encode()
    except (ValueError, RecursionError):
        canonical = body
    place = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    return hashlib.sha256(place + canonical).digest()
