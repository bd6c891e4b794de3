"""Messages for staff: what went out, what will and when, how it reads, and calling it off."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.notify.api.access import StaffNow
from services.notify.api.preview import Previews
from services.notify.api.showing import plain, shown
from services.notify.domain.delivery import Access, Delivery, State
from services.notify.domain.judging import foresee
from services.notify.domain.templates import Channel
from services.notify.store import digests, history
from services.notify.store.claims import look
from services.notify.store.history import Listed, Wanted
from services.notify.store.present import complete
from services.notify.writing.messages import WritingError
from shared.clock import Clock
from shared.errors import Conflict, Forbidden, NotFound
from shared.fields import Body, NotBlank, Storable
from shared.outbox import Relay
from shared.paging import PageDocument, PageNow
from shared.postgres import Database, Transaction

HIDDEN = "hidden"
"""In place of what opens somebody's booking or page: a preview is for reading."""

Why = Annotated[str, Field(min_length=1, max_length=500), Storable, NotBlank]


class CancelFields(Body):
    """Why it should not go out; kept in the log of staff."""

    reason: Why


class MessageDocument(BaseModel):
    """A message without what it says."""

    id: UUID
    template: str
    message_class: str
    channel: str
    recipient_id: UUID
    booking_id: UUID | None
    state: str
    reason: str | None
    waits_for: str | None
    due_at: str
    expires_at: str
    created_at: str
    updated_at: str
    sent_at: str | None
    attempts: int


class AttemptDocument(BaseModel):
    """One attempt: with which provider and how it ended; `outcome` null while it is under way."""

    number: int
    provider: str
    started_at: str
    finished_at: str | None
    outcome: str | None
    code: int | None
    status: str | None
    reference: str | None


class WholeMessageDocument(MessageDocument):
    """A message with its attempts, and what will become of it as things stand now."""

    will_go_out_at: str | None
    because: str | None
    tries: list[AttemptDocument]


class PreviewDocument(BaseModel):
    """How a message reads; links in it lead nowhere."""

    language: str
    will_go_out_at: str | None
    because: str | None
    subject: str | None
    text: str | None
    html: str | None
    sms: str | None
    push: dict[str, str] | None


def routes(db: Database, clock: Clock, relay: Relay, previews: Previews) -> APIRouter:
    """What staff may see and do with messages."""
    router = APIRouter(prefix="/v1", tags=["messages"])

    @router.get("/messages", response_model=PageDocument[MessageDocument])
    async def listed(
        staff: StaffNow,
        page: PageNow,
        client: Annotated[UUID | None, Query(description="Whom it is for.")] = None,
        state: State | None = None,
        template: Annotated[str | None, Query(pattern=r"^[a-z0-9-]{1,64}$")] = None,
        channel: Channel | None = None,
    ) -> dict[str, Any]:
        """Messages, the newest first. The look is on record."""
        after = page.after(UUID)
        async with db.transaction() as tx:
            await staff.note(tx, "messages", clock, client_id=client)
            found = await history.listed(
                tx,
                Wanted(client, state, template, channel),
                after=after[0] if after else None,
                limit=page.limit + 1,
            )
        return page.answer(found, key=lambda one: (one.id,), show=shown)

    @router.get("/messages/{message_id}", response_model=WholeMessageDocument)
    async def one(message_id: UUID, staff: StaffNow) -> dict[str, Any]:
        """A message: attempts, what it waits for, when it will go out. The look is on record."""
        now = clock()
        async with db.transaction() as tx:
            message = await _found(tx, message_id)
            await staff.note(
                tx, "message", clock, client_id=message.recipient_id, subject_id=message_id
            )
            tries = await history.attempts(tx, message_id)
            delivery = await _looked_at(tx, message_id, now)
        return (
            shown(message)
            | _foreseen(message, delivery, now)
            | {"tries": [shown(one) for one in tries]}
        )

    @router.get("/messages/{message_id}/preview", response_model=PreviewDocument)
    async def read(message_id: UUID, staff: StaffNow) -> dict[str, Any]:
        """How a message reads now, in its recipient's language. The look is on record."""
        now = clock()
        async with db.transaction() as tx:
            message = await _found(tx, message_id)
            await staff.note(
                tx, "preview", clock, client_id=message.recipient_id, subject_id=message_id
            )
            delivery = await _looked_at(tx, message_id, now)
        if delivery.nature == "code":
            raise Forbidden("secret-message", "A sign-in code is shown to nobody but its owner.")
        if delivery.person is None:
            raise Conflict("no-recipient", "It is not known yet how to reach this person.")
        try:
            written = previews.of(_without_keys(delivery))
        except WritingError:
            raise Conflict(
                "not-written", "The message cannot be written as things stand; see its reason."
            ) from None
        return (
            {"language": delivery.person.language}
            | _foreseen(message, delivery, now)
            | vars(written)
        )

    @router.post("/messages/{message_id}/cancel", response_model=MessageDocument)
    async def cancel(message_id: UUID, body: CancelFields, staff: StaffNow) -> dict[str, Any]:
        """Call off a message that has not gone out. Essential ones cannot be called off."""
        async with db.transaction() as tx:
            message = await _found(tx, message_id)
            if message.message_class == "essential":
                raise Conflict(
                    "essential-message", "People depend on this message; it cannot be called off."
                )
            if not await history.call_off(tx, message_id, now=clock()):
                raise Conflict(
                    "too-late", f"The message is {(await _found(tx, message_id)).state} already."
                )
            await staff.note(
                tx,
                "cancel",
                clock,
                client_id=message.recipient_id,
                subject_id=message_id,
                why=body.reason,
            )
            cancelled = await _found(tx, message_id)
        relay.wake()
        return shown(cancelled)

    return router


async def _found(connection: Transaction, message_id: UUID) -> Listed:
    message = await history.find(connection, message_id)
    if message is None:
        raise NotFound("no-such-message", "There is no such message.")
    return message


async def _looked_at(tx: Transaction, message_id: UUID, now: datetime) -> Delivery:
    """The message with all that is known of it now, as a sender would see it."""
    delivery = await look(tx, message_id)
    if delivery is None:
        raise NotFound("no-such-message", "There is no such message.")
    (completed,) = await complete(tx, [delivery], now=now)
    if delivery.nature != "digest" or delivery.person is None:
        return completed
    # Gathering takes what waits into the digest; that is for the sender to keep.
    tried = tx.transaction()
    await tried.start()
    try:
        return replace(completed, gathered=await digests.gather(tx, completed, now))
    finally:
        await tried.rollback()


def _foreseen(message: Listed, delivery: Delivery, now: datetime) -> dict[str, Any]:
    if message.state not in {"scheduled", "retrying"}:
        return {"will_go_out_at": None, "because": message.reason}
    found = foresee(delivery, now=now)
    return {"will_go_out_at": plain(found.at), "because": found.because}


def _without_keys(delivery: Delivery) -> Delivery:
    """The message without what would open anything that is its recipient's."""
    person = delivery.person
    return replace(
        delivery,
        access=_closed(delivery.access) if delivery.access else None,
        accesses={booking: _closed(access) for booking, access in delivery.accesses.items()},
        leave_token=delivery.leave_token and HIDDEN,
        person=person
        and replace(
            person,
            unsubscribe=tuple(
                one.model_copy(update={"token": HIDDEN}) for one in person.unsubscribe
            ),
        ),
    )


def _closed(access: Access) -> Access:
    return replace(
        access,
        manage_token=HIDDEN,
        calendar_token=HIDDEN,
        join_url=access.join_url and "https://limber.example/hidden",
    )
