"""How every change is made: one transaction, once per idempotency key, then the relay is woken."""

import asyncio
import hashlib
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

import asyncpg
from fastapi import Request
from fastapi.responses import JSONResponse, Response

from services.booking.api import dry_run
from services.booking.domain.people import Caller
from services.booking.store import idempotency
from services.booking.store.client_keys import ClientKeys
from services.booking.store.idempotency import KeptAnswer
from shared.clock import Clock
from shared.errors import Conflict, Invalid, Malformed, Refused
from shared.outbox import Relay
from shared.postgres import Database, Transaction

TRIES = 4
"""Two changes that wait for each other are told apart by Postgres; the loser tries again."""

MAX_KEY_CHARACTERS = 255

KEY_LIVES = timedelta(hours=24)

TWIN_WAITS_S = 5.0
"""How long a repeated request waits for the first one before it is told to ask again."""


@dataclass(frozen=True)
class Answer:
    """Status and JSON body of a change; `version` becomes the ETag."""

    status: int
    body: dict[str, Any] | None = None
    version: int | None = None


class _TriedOut(Exception):  # noqa: N818 - carries the answer past the transaction's end
    """Rolls a dry run back."""

    def __init__(self, answer: "Answer | Refused") -> None:
        super().__init__()
        self.answer = answer


Work = Callable[[Transaction], Awaitable["Answer | Refused"]]
Finish = Callable[[dict[str, Any]], dict[str, Any]]


class Writer:
    """Commits changes that requests ask for."""

    def __init__(self, db: Database, relay: Relay, clock: Clock, keys: ClientKeys) -> None:
        """`keys` are there for whoever writes what somebody typed."""
        self.keys = keys
        self._db = db
        self._relay = relay
        self._clock = clock
        self._running: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    async def commit(
        self,
        request: Request,
        caller: Caller,
        work: Work,
        *,
        finish: Finish = dict,
        keep_answer: bool = True,
    ) -> Response:
        """Run `work` in one transaction and answer with what it gives, finished by `finish`.

        With an `Idempotency-Key` the answer is kept in the same transaction, and a repeated
        request gets it again, unless `keep_answer` is off because the answer is a secret. What
        `finish` adds, such as links, is never kept. A refusal that `work` raises rolls everything
        back; one that it returns is committed. With `?dry_run=true` everything is rolled back, and
        the answer says so in a header.

        Raises:
            Conflict: `idempotency-in-progress`, when the first request takes too long.
            Invalid: `idempotency-mismatch`, or a dry run where there is none.
        """
        key = _idempotency_key(request) if keep_answer else None
        if dry_run.wanted(request):
            response = _answered(await self._tried(lambda: self._tried_out(work)), finish)
            response.headers[dry_run.HEADER] = "true"
            return response
        fingerprint = _fingerprint(request, await request.body())
        async with self._alone(caller, key):
            answer = await self._tried(lambda: self._once(caller, key, fingerprint, work))
        self._relay.wake()
        return _answered(answer, finish)

    async def done(self, caller: Caller, work: Work, *, once: str | None = None) -> dict[str, Any]:
        """Run `work` in one transaction for a page; the body of its answer.

        What is asked for again under the same `once` is not done again and answers the same.

        Raises:
            Refused: also one that `work` returned, after its changes were committed.
        """
        key = None if once is None else f"page:{once}"
        async with self._alone(caller, key):
            answer = await self._tried(lambda: self._once(caller, key, b"", work))
        self._relay.wake()
        if isinstance(answer, Refused):
            raise answer
        return answer.body or {}

    @asynccontextmanager
    async def _alone(self, caller: Caller, key: str | None) -> AsyncIterator[None]:
        """Twins of one request wait here, where they hold no connection."""
        if key is None:
            yield
            return
        lock = self._running.setdefault((caller.name, key), asyncio.Lock())
        try:
            async with asyncio.timeout(TWIN_WAITS_S):
                await lock.acquire()
        except TimeoutError:
            raise _in_progress() from None
        try:
            yield
        finally:
            lock.release()

    async def _tried(self, once: Callable[[], Awaitable[Answer | Refused]]) -> Answer | Refused:
        attempt = 1
        while True:
            try:
                return await once()
            except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError):
                if attempt == TRIES:
                    raise
            await asyncio.sleep(random.random() * 0.02 * attempt)  # noqa: S311
            attempt += 1

    async def _tried_out(self, work: Work) -> Answer | Refused:
        try:
            async with self._db.transaction() as tx:
                raise _TriedOut(await work(tx))  # noqa: TRY301 - the way out that rolls back
        except _TriedOut as done:
            return done.answer

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
                raise _in_progress() from None
            if kept is not None:
                if kept.fingerprint != fingerprint:
                    raise Invalid(
                        "idempotency-mismatch",
                        "This Idempotency-Key was used for another request; use a new one.",
                    )
                return self._opened(kept, caller, key)
            answer = await work(tx)
            if isinstance(answer, Answer):
                await idempotency.keep(
                    tx,
                    caller.name,
                    key,
                    answer.status,
                    self._sealed(answer, caller, key),
                    client_id=_client_in(answer.body),
                )
            return answer

    def _sealed(self, answer: Answer, caller: Caller, key: str) -> str:
        # An answer may hold an address or a reason; the database alone shall not tell it.
        kept = json.dumps({"body": answer.body, "version": answer.version})
        return self.keys.master.seal(kept, f"{caller.name} {key}")

    def _opened(self, kept: KeptAnswer, caller: Caller, key: str) -> Answer:
        found = kept.body
        if isinstance(found, str):
            found = json.loads(self.keys.master.open(found, f"{caller.name} {key}"))
        return Answer(kept.status, found["body"], found["version"])


def _client_in(body: Any) -> UUID | None:  # noqa: ANN401 - any JSON
    """The client an answer speaks of; one answer never speaks of two."""
    if isinstance(body, list):
        return next(filter(None, map(_client_in, body)), None)
    if not isinstance(body, dict):
        return None
    if isinstance(named := body.get("client_id"), str):
        return UUID(named)
    return next(filter(None, map(_client_in, body.values())), None)


def _in_progress() -> Conflict:
    return Conflict(
        "idempotency-in-progress",
        "The first request with this Idempotency-Key is still running; ask again.",
    )


def _answered(answer: Answer | Refused, finish: Finish) -> Response:
    if isinstance(answer, Refused):
        raise answer
    if answer.body is not None:
        answer = replace(answer, body=finish(answer.body))
    return respond(answer)


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
