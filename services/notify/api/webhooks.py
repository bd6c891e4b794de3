"""Partners' webhooks for staff: who is told what, how that went, and telling it again."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from services.notify.api.access import StaffNow
from services.notify.api.showing import shown
from services.notify.channels.outgoing import is_address, is_public
from services.notify.domain.webhooks import KEPT_FOR, MOST_WEBHOOKS, OLD_SECRET_FOR
from services.notify.store import webhook_queue
from services.notify.store import webhooks as store
from services.notify.store.webhooks import Webhook, Wish
from shared.clock import Clock, rfc3339
from shared.errors import Conflict, Invalid, NotFound
from shared.fields import Body, Instant, NotBlank, Storable
from shared.paging import PageDocument, PageNow
from shared.postgres import Database
from shared.signatures import new_secret

URL_MAX_CHARACTERS = 2000
"""What every proxy on the way carries."""

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

Name = Annotated[str, Field(min_length=1, max_length=120), Storable, NotBlank]
Address = Annotated[str, Field(max_length=URL_MAX_CHARACTERS), Storable]
Types = Annotated[list[str], Field(min_length=1, max_length=100)]


class WebhookFields(Body):
    """Who is told, where, and which types of facts."""

    name: Name
    url: Address
    types: Types


class ChangeFields(Body):
    """What to change; what is left out stays. `state`: `paused` for a while, or `active` again."""

    # A default that is never used: only what was sent is read.
    name: Name = Field(default_factory=str)
    url: Address = Field(default_factory=str)
    types: Types = Field(default_factory=list)
    state: Literal["active", "paused"] = "active"


class ReplayFields(Body):
    """What to tell again: one `delivery`, or all that happened `since` an instant."""

    delivery: UUID | None = None
    since: Instant | None = None


class WebhookDocument(BaseModel):
    """A webhook. `failing_since`, `failures` and `try_at` speak of the time since a success."""

    id: UUID
    version: int
    name: str
    url: str
    types: list[str]
    state: str
    paused_because: str | None
    failing_since: str | None
    failures: int
    try_at: str | None
    created_by: UUID
    created_at: str
    updated_at: str


class NewWebhookDocument(WebhookDocument):
    """A webhook with the secret that signs what it is told: shown here and never again."""

    secret: str


class WebhookTryDocument(BaseModel):
    """One request: the partner's status, or a kind of fault; `result` null while under way."""

    number: int
    started_at: str
    finished_at: str | None
    result: str | None
    status: int | None
    fault: str | None


class WebhookDeliveryDocument(BaseModel):
    """One fact for one partner. `id` is the `webhook-id` of every request about it."""

    id: UUID
    event_id: str
    type: str
    at: str
    state: str
    attempts: int
    next_at: str
    give_up_at: str
    created_at: str
    updated_at: str
    tries: list[WebhookTryDocument]


class OfferedDocument(BaseModel):
    """A type of fact that partners can be told."""

    type: str
    meaning: str


class OfferedTypesDocument(BaseModel):
    """All of them."""

    items: list[OfferedDocument]


class ReplayedDocument(BaseModel):
    """How many facts are told again."""

    queued: int


def routes(
    db: Database,
    clock: Clock,
    wake: Callable[[], None],
    offered: Mapping[str, str],
    *,
    inwards: bool,
) -> APIRouter:
    """What staff may see and do with webhooks.

    `offered`: type to meaning. With `inwards` private addresses are allowed, and http to loopback.
    """
    router = APIRouter(prefix="/v1", tags=["webhooks"])

    @router.get("/webhook-types", response_model=OfferedTypesDocument)
    async def types(_: StaffNow) -> dict[str, Any]:
        """What partners can be told; all of it names people by ids alone."""
        return {"items": [{"type": one, "meaning": told} for one, told in offered.items()]}

    @router.post("/webhooks", status_code=201, response_model=NewWebhookDocument)
    async def add(body: WebhookFields, staff: StaffNow) -> Response:
        """Tell a partner what happens from now on. The secret is shown this once."""
        wish = Wish(body.name.strip(), _url(body.url, inwards), _types(body.types, offered))
        secret = new_secret()
        async with db.transaction() as tx:
            made = await store.add(tx, wish, secret, staff.id, most=MOST_WEBHOOKS, now=clock())
            if made is None:
                raise Conflict(
                    "too-many-webhooks", f"There are {MOST_WEBHOOKS} already; remove one first."
                )
            await staff.note(tx, "webhook-add", clock, subject_id=made.id)
        return JSONResponse(shown(made) | {"secret": secret}, 201)

    @router.get("/webhooks", response_model=PageDocument[WebhookDocument])
    async def listed(_: StaffNow, page: PageNow) -> dict[str, Any]:
        """All webhooks, the newest first."""
        after = page.after(UUID)
        async with db.reading() as connection:
            found = await store.listed(
                connection, after=after[0] if after else None, limit=page.limit + 1
            )
        return page.answer(found, key=lambda one: (one.id,), show=shown)

    @router.get("/webhooks/{webhook_id}", response_model=WebhookDocument)
    async def one(webhook_id: UUID, _: StaffNow) -> dict[str, Any]:
        """A webhook, and how it does."""
        async with db.reading() as connection:
            return shown(_there(await store.find(connection, webhook_id)))

    @router.patch("/webhooks/{webhook_id}", response_model=WebhookDocument)
    async def change(webhook_id: UUID, body: ChangeFields, staff: StaffNow) -> dict[str, Any]:
        """Change, pause or let go on. One that goes on sends what waits; the rest by replay."""
        sent = body.model_dump(exclude_unset=True)
        if not sent:
            raise Invalid("invalid", "Say what to change: name, url, types or state.")
        changes: dict[str, Any] = {}
        if "name" in sent:
            changes["name"] = body.name.strip()
        if "url" in sent:
            changes["url"] = _url(body.url, inwards)
        if "types" in sent:
            changes["types"] = _types(body.types, offered)
        if "state" in sent:
            changes["paused_because"] = "staff" if body.state == "paused" else None
        async with db.transaction() as tx:
            changed = _there(await store.change(tx, webhook_id, changes, now=clock()))
            await staff.note(tx, "webhook-change", clock, subject_id=webhook_id)
        wake()
        return shown(changed)

    @router.delete("/webhooks/{webhook_id}", status_code=204)
    async def remove(webhook_id: UUID, staff: StaffNow) -> Response:
        """Tell that partner nothing more, and forget what it was told."""
        async with db.transaction() as tx:
            if not await store.remove(tx, webhook_id):
                raise _no_such()
            await staff.note(tx, "webhook-remove", clock, subject_id=webhook_id)
        return Response(status_code=204)

    @router.post("/webhooks/{webhook_id}/secret", response_model=NewWebhookDocument)
    async def change_secret(webhook_id: UUID, staff: StaffNow) -> Response:
        """A new secret, shown once. The old one signs beside it for a day."""
        secret = new_secret()
        async with db.transaction() as tx:
            changed = _there(
                await store.change_secret(
                    tx, webhook_id, secret, old_for=OLD_SECRET_FOR, now=clock()
                )
            )
            await staff.note(tx, "webhook-secret", clock, subject_id=webhook_id)
        return JSONResponse(shown(changed) | {"secret": secret})

    @router.get(
        "/webhooks/{webhook_id}/deliveries", response_model=PageDocument[WebhookDeliveryDocument]
    )
    async def deliveries(
        webhook_id: UUID,
        _: StaffNow,
        page: PageNow,
        state: Literal["waiting", "sending", "delivered", "failed"] | None = None,
    ) -> dict[str, Any]:
        """What it was told or is to be told, the newest first, with every request."""
        after = page.after(datetime, UUID)
        async with db.reading() as connection:
            _there(await store.find(connection, webhook_id))
            found = await store.deliveries(
                connection,
                webhook_id,
                state=state,
                after=(after[0], after[1]) if after else None,
                limit=page.limit + 1,
            )
        return page.answer(
            found, key=lambda one: (one["created_at"], one["id"]), show=_shown_delivery
        )

    @router.post("/webhooks/{webhook_id}/replay", status_code=202, response_model=ReplayedDocument)
    async def replay(webhook_id: UUID, body: ReplayFields, staff: StaffNow) -> dict[str, Any]:
        """Tell facts again, each under its old id. What waits or is being sent goes on as it is."""
        if (body.delivery is None) == (body.since is None):
            raise Invalid("invalid", "Name one delivery, or an instant `since`; not both.")
        now = clock()
        async with db.transaction() as tx:
            _there(await store.find(tx, webhook_id))
            if body.since is not None:
                since = max(body.since, now - KEPT_FOR)
                queued = await webhook_queue.replay_since(tx, webhook_id, since, now=now)
            else:
                again = await webhook_queue.replay_one(tx, webhook_id, _id(body), now=now)
                if again is None:
                    raise NotFound("no-such-delivery", "That webhook has no such delivery.")
                queued = int(again)
            await staff.note(tx, "webhook-replay", clock, subject_id=webhook_id)
        wake()
        return {"queued": queued}

    return router


def _id(body: ReplayFields) -> UUID:
    if body.delivery is None:
        raise Invalid.field("delivery", "should be the id of a delivery")
    return body.delivery


def _url(text: str, inwards: bool) -> str:
    """An address that may be told.

    Raises:
        Invalid: it is not https, names somebody or something inside, or is no address.
    """
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise Invalid.field("url", "should be an address such as https://a.example/b") from None
    local = inwards and parts.scheme == "http" and host in LOOPBACK
    if parts.scheme != "https" and not local:
        raise Invalid.field("url", "should begin with https://")
    if not host or not text.isascii() or not text.isprintable() or " " in text:
        raise Invalid.field("url", "should be an address such as https://a.example/b")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise Invalid.field("url", "should hold no password and no part after #")
    if not inwards and (host in LOOPBACK or (is_address(host) and not is_public(host))):
        raise Invalid.field("url", "should not lead into a private network")
    return text


def _types(asked: list[str], offered: Mapping[str, str]) -> list[str]:
    if unknown := sorted(set(asked) - offered.keys()):
        raise Invalid.field(
            "types", f"{', '.join(unknown)[:200]}: see GET /v1/webhook-types for those there are"
        )
    return sorted(set(asked))


def _there(found: Webhook | None) -> Webhook:
    if found is None:
        raise _no_such()
    return found


def _no_such() -> NotFound:
    return NotFound("no-such-webhook", "There is no such webhook.")


def _shown_delivery(row: dict[str, Any]) -> dict[str, Any]:
    # Instants inside the database's JSON have its own form.
    tries = [
        one
        | {
            name: one[name] and rfc3339(datetime.fromisoformat(one[name]))
            for name in ("started_at", "finished_at")
        }
        for one in row["tries"]
    ]
    return shown(row) | {"tries": tries}
