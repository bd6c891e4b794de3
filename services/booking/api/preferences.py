"""What one agreed to be sent and when it may come, over HTTP, and the trail of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, get_args

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import AfterValidator, BaseModel, Field

from services.booking.api.access import CallerNow, signed_in
from services.booking.api.fields import LanguageCode, PhoneNumber, TimeZoneName
from services.booking.api.writing import Answer, Writer, expected_version
from services.booking.domain.consents import KINDS, Kind, allows
from services.booking.domain.links import LinkSigner
from services.booking.handlers import preferences
from services.booking.handlers.preferences import Settings
from services.booking.queries.consents import TrailRow, trail
from shared.clock import Clock, rfc3339
from shared.contracts.contacts import (
    Basis,
    Channel,
    MessageClass,
    Preferences,
    QuietTime,
    Window,
)
from shared.fields import Body
from shared.paging import PageDocument, PageNow
from shared.postgres import Database, Transaction

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = get_args(Day)

WallTime = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
"""A time of the day in the person's zone."""

MOST_WINDOWS = 21
"""Three a day: morning, noon and evening."""

MOST_PER_DAY = 20
"""The company sends fewer; a larger figure would say nothing."""

ANSWERED_TWICE = "names the same class and channel twice"


class QuietFields(Body):
    """Between these wall times nothing comes; an end before the start is on the next day."""

    start: WallTime
    end: WallTime

    def quiet(self) -> QuietTime:
        """The quiet time as it is told."""
        return QuietTime(start=self.start, end=self.end)


class WindowFields(Body):
    """A weekly time when messages are welcome; an end at or before the start is the next day's."""

    day: Day
    start: WallTime
    end: WallTime

    def window(self) -> Window:
        """The window as it is told."""
        return Window(day=DAYS.index(self.day), start=self.start, end=self.end)


class GrantFields(Body):
    """Whether messages of a class may come by a channel."""

    message_class: MessageClass
    channel: Channel
    granted: Annotated[bool, Field(strict=True)]


def _each_once(grants: tuple[GrantFields, ...]) -> tuple[GrantFields, ...]:
    if len({(one.message_class, one.channel) for one in grants}) < len(grants):
        raise ValueError(ANSWERED_TWICE)
    return grants


class PreferencesFields(Body):
    """What one wants to be sent, and when. A class and channel that is not named stays as it is.

    Without `quiet` and `per_day` it is as the company has it; without `windows` at any time of the
    week. `language`, `tz` and `phone` stay where they are left out; null forgets the number.
    """

    grants: Annotated[
        tuple[GrantFields, ...], Field(max_length=len(KINDS)), AfterValidator(_each_once)
    ]
    quiet: QuietFields | None = None
    windows: Annotated[tuple[WindowFields, ...], Field(max_length=MOST_WINDOWS)] = ()
    digest: Annotated[bool, Field(strict=True)]
    per_day: Annotated[int, Field(ge=1, le=MOST_PER_DAY, strict=True)] | None = None
    # Defaults that are never used: only what was sent is read.
    language: LanguageCode = Field(default_factory=lambda: "en")
    tz: TimeZoneName = Field(default_factory=str)
    phone: PhoneNumber | None = None

    def changes(self) -> dict[str, Any]:
        """The fields of the person that were sent."""
        return self.model_dump(exclude_unset=True, include={"language", "tz", "phone"})

    def answers(self) -> dict[Kind, bool]:
        """What was said about messages."""
        return {(one.message_class, one.channel): one.granted for one in self.grants}

    def preferences(self) -> Preferences:
        """When messages may come, as it is told."""
        return Preferences(
            quiet=self.quiet.quiet() if self.quiet else None,
            windows=tuple(one.window() for one in self.windows),
            digest=self.digest,
            per_day=self.per_day,
        )


class GrantDocument(BaseModel):
    """How one class and channel stands: `granted` now, on which ground, and until when."""

    message_class: MessageClass
    channel: Channel
    granted: bool
    basis: Basis | None
    at: str | None
    expires_at: str | None


class QuietDocument(BaseModel):
    """Wall times between which nothing comes."""

    start: str
    end: str


class WindowDocument(BaseModel):
    """A weekly time when messages are welcome."""

    day: Day
    start: str
    end: str


class PreferencesDocument(BaseModel):
    """What one agreed to be sent, and when. Confirmations, changes and safety come in any case."""

    grants: list[GrantDocument]
    quiet: QuietDocument | None
    windows: list[WindowDocument]
    digest: bool
    per_day: int | None
    language: LanguageCode
    tz: str
    phone: str | None
    version: int


class TrailDocument(BaseModel):
    """One line of the ledger: what was granted or withdrawn, and how we know."""

    at: str
    message_class: MessageClass
    channel: Channel
    granted: bool
    basis: Basis
    source: str
    evidence: str
    expires_at: str | None


def routes(db: Database, clock: Clock, writer: Writer, signer: LinkSigner) -> APIRouter:
    """One's own preferences and consents."""
    router = APIRouter(prefix="/v1/me", tags=["preferences"])

    @router.get("/preferences", response_model=PreferencesDocument)
    async def read(caller: CallerNow) -> Response:
        """What one agreed to be sent, and when it may come."""
        person_id = signed_in(caller)
        async with db.reading() as connection:
            found = await preferences.read(connection, person_id)
        etag = f'"{found.person.contact_version}"'
        return JSONResponse(_shown(found, clock()), headers={"ETag": etag})

    @router.put("/preferences", response_model=PreferencesDocument)
    async def save(body: PreferencesFields, request: Request, caller: CallerNow) -> Response:
        """Say what one wants to be sent, and when; it counts for the very next message."""
        person_id, version = signed_in(caller), expected_version(request)

        async def work(tx: Transaction) -> Answer:
            now = clock()
            found = await preferences.change(
                tx,
                person_id,
                changes=body.changes(),
                answers=body.answers(),
                preferences=body.preferences(),
                version=version,
                signer=signer,
                now=now,
            )
            return Answer(200, _shown(found, now), found.person.contact_version)

        return await writer.commit(request, caller, work)

    @router.get("/consents", response_model=PageDocument[TrailDocument])
    async def consents(caller: CallerNow, page: PageNow) -> dict[str, Any]:
        """All that one ever agreed to be sent or said no to, the newest first."""
        person_id, before = signed_in(caller), page.after(int)
        async with db.reading() as connection:
            found: Sequence[TrailRow] = await trail(
                connection, person_id, before=before[0] if before else None, limit=page.limit + 1
            )
        return page.answer(found, key=lambda one: (one.id,), show=_line)

    return router


def _shown(found: Settings, now: datetime) -> dict[str, Any]:
    kept, person = found.preferences, found.person
    return {
        "grants": [_grant(found, kind, now) for kind in KINDS],
        "quiet": kept.quiet.model_dump() if kept.quiet else None,
        "windows": [one.model_dump() | {"day": DAYS[one.day]} for one in kept.windows],
        "digest": kept.digest,
        "per_day": kept.per_day,
        "language": person.language,
        "tz": person.tz,
        "phone": person.phone,
        "version": person.contact_version,
    }


def _grant(found: Settings, kind: Kind, now: datetime) -> dict[str, Any]:
    line = found.standing.get(kind)
    return {
        "message_class": kind[0],
        "channel": kind[1],
        "granted": allows(found.standing, kind, now),
        "basis": line.basis if line else None,
        "at": rfc3339(line.at) if line else None,
        "expires_at": rfc3339(line.expires_at) if line and line.expires_at else None,
    }


def _line(row: TrailRow) -> dict[str, Any]:
    return {
        "at": rfc3339(row.at),
        "message_class": row.message_class,
        "channel": row.channel,
        "granted": row.granted,
        "basis": row.basis,
        "source": row.source,
        "evidence": row.evidence,
        "expires_at": rfc3339(row.expires_at) if row.expires_at else None,
    }
