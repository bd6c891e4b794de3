"""Browsers that take notifications: allowed, moved to who uses them now, forgotten."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.booking.domain import consents as rules
from services.booking.domain.consents import Kind
from services.booking.domain.links import LinkSigner
from services.booking.handlers.consents import record
from services.booking.handlers.tell import tell
from services.booking.store import consents, devices, people
from services.booking.store.devices import Device
from shared.errors import NotFound
from shared.identifiers import new_id
from shared.postgres import Transaction

MOST_DEVICES = 10
"""More browsers than one person has; each is one more message, and old ones may be dead."""

ALLOWED: Mapping[Kind, bool] = {("service", "push"): True}
"""Whoever allows notifications on a device wants those about the training."""


@dataclass(frozen=True)
class Subscription:
    """What a browser gives: where to send, and the keys to encrypt with."""

    endpoint: str
    p256dh: str
    auth: str


async def add(
    tx: Transaction, person_id: UUID, given: Subscription, *, signer: LinkSigner, now: datetime
) -> tuple[Device, bool]:
    """Take a browser in, or note that it is still there; True when it is new to the person.

    One that somebody else has used belongs to them no more, for only one of them sits before it.

    Raises:
        NotFound: the person has left.
    """
    if await people.lock_person(tx, person_id) is None:
        raise NotFound("no-such-person", "There is no such person.")
    known = await devices.by_endpoint(tx, given.endpoint)
    others = None if known is None or known.person_id == person_id else known.person_id
    is_new = known is None or others is not None
    device = Device(
        new_id() if known is None or is_new else known.id,
        person_id,
        given.endpoint,
        given.p256dh,
        given.auth,
        now,
    )
    if others is not None:
        await people.lock_person(tx, others)
    await devices.save(tx, device, most=MOST_DEVICES)
    if others is not None:
        await tell(tx, others, [], signer, now=now)
    standing = await consents.standing(tx, person_id)
    lines = rules.answered(standing, ALLOWED, source="device", now=now, shown=True)
    if lines or known is None or replace(device, seen_at=known.seen_at) != known:
        await tell(tx, person_id, await record(tx, person_id, lines), signer, now=now)
    return device, is_new


async def remove(
    tx: Transaction, person_id: UUID, device_id: UUID, *, signer: LinkSigner, now: datetime
) -> None:
    """Send nothing to a browser any more.

    Raises:
        NotFound: the person has no such device.
    """
    await people.lock_person(tx, person_id)
    if not await devices.delete(tx, person_id, device_id):
        raise NotFound("no-such-device", "You have no such device.")
    await tell(tx, person_id, [], signer, now=now)
