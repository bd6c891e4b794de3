"""A client's live stream over HTTP: what changes, for as long as the caller may see it."""

import hashlib
import json
import re
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from sse_starlette import EventSourceResponse, ServerSentEvent

from services.booking.api import documents
from services.booking.api.access import Access, CallerNow, Sight, let_in, seeing
from services.booking.queries import bookings, progress
from services.booking.queries.bookings import BookingRow
from services.booking.streams import Wakeups, Watch
from shared.clock import Clock
from shared.errors import Forbidden, Unauthorised
from shared.postgres import Database, Transaction

LOOK_AGAIN_S = 15.0
"""A stream that was not woken looks for itself, and its comment keeps proxies from closing it."""

STOPS_WITHIN_S = 2.0
"""A stream ends by itself when the process stops; less than the server waits for it."""

MOST_RESENT = 50
"""Bookings sent to a page that comes back, those changed last: nobody is away for longer."""

MARK_CHARACTERS = 12

_POSITION = re.compile("([0-9]{1,9})[.]([0-9a-f]*)", re.ASCII)


@dataclass(frozen=True)
class Position:
    """Where a stream stands: the view's version, and a mark of all else that was sent."""

    version: int
    mark: str

    def __str__(self) -> str:
        return f"{self.version}.{self.mark}"


NOWHERE = Position(-1, "")


def routes(db: Database, clock: Clock, access: Access, wakeups: Wakeups) -> APIRouter:
    """The stream of a client's page."""
    router = APIRouter(prefix="/v1/clients/{client_id}", tags=["client"])

    @router.get("/stream", response_class=EventSourceResponse)
    async def stream(client_id: UUID, request: Request, caller: CallerNow) -> EventSourceResponse:
        """Follow a client: `progress` and `booking` events as they happen.

        It ends when the session does, or when the right to see the client is withdrawn.
        `Last-Event-ID` continues where an earlier stream broke off.
        """
        async with seeing(db, caller, client_id, "stream", now=clock()):
            watch = Watch()
        answer = EventSourceResponse(
            follow(request, client_id, watch),
            ping=int(LOOK_AGAIN_S),
            # All that is done with it is to call `set`, which wakes the watch as well.
            shutdown_event=watch,  # type: ignore[arg-type]
            shutdown_grace_period=STOPS_WITHIN_S,
        )
        # A stream ends when the process stops. A connection that looks as if it could be used again
        # would take the page's next request to where nobody answers any more.
        answer.headers["Connection"] = "close"
        return answer

    async def follow(
        request: Request, client_id: UUID, watch: Watch
    ) -> AsyncIterator[ServerSentEvent]:
        stands = _position(request.headers.get("last-event-id"))
        known: dict[UUID, int] | None = None
        with wakeups.watching(client_id, watch):
            async for _ in watch.ticks(every_s=LOOK_AGAIN_S):
                try:
                    caller = await access(request)
                    async with db.reading() as connection:
                        sight = await let_in(connection, caller, client_id, "stream", now=clock())
                        document = await progress.view(connection, client_id)
                        known, changed, mark = await _news(
                            connection, sight, known, stands or NOWHERE
                        )
                except (Unauthorised, Forbidden):
                    return
                before = stands or Position(-1, mark)
                stands = Position(document["version"], mark)
                events: list[tuple[str, dict[str, Any]]] = [
                    ("booking", documents.booking(row)) for row in changed
                ]
                other_share = sight.share is not None and mark != before.mark
                if stands.version != before.version or other_share:
                    events.insert(0, ("progress", sight.view(document)))
                for name, body in events[:-1]:
                    # Whoever loses the rest is given it again.
                    yield _event(name, body, Position(stands.version, before.mark))
                for name, body in events[-1:]:
                    yield _event(name, body, stands)

    return router


async def _news(
    connection: Transaction, sight: Sight, known: dict[UUID, int] | None, stands: Position
) -> tuple[dict[UUID, int] | None, list[BookingRow], str]:
    """The versions of a client's bookings now, the bookings to send, and the mark of it all.

    The care team is sent no bookings: they hold addresses and links. What is shared with them is
    the mark, so that they are sent the view again when that changes.
    """
    if sight.share is not None:
        return None, [], _mark(sight.share)
    # By version, not by time: what was decided first may well be committed last.
    current = await bookings.versions(connection, sight.client_id)
    mark = _mark(f"{booking_id}-{version}" for booking_id, version in sorted(current.items()))
    if known is not None:
        news = [one for one, version in current.items() if known.get(one) != version]
    elif stands is not NOWHERE and stands.mark != mark:
        news = list(current)[-MOST_RESENT:]
    else:
        news = []
    rows = [row for one in news if (row := await bookings.find(connection, one)) is not None]
    return current | {row.id: row.version for row in rows}, rows, mark


def _mark(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:MARK_CHARACTERS]


def _position(last_event_id: str | None) -> Position | None:
    found = _POSITION.fullmatch(last_event_id or "")
    return Position(int(found[1]), found[2]) if found else None


def _event(name: str, body: dict[str, Any], stands: Position) -> ServerSentEvent:
    return ServerSentEvent(data=json.dumps(body), event=name, id=str(stands))
