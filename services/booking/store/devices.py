"""Browsers that take web push; each belongs to one person."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.postgres import Transaction


@dataclass(frozen=True)
class Device:
    """A browser's subscription: where to send, and the keys to encrypt with."""

    id: UUID
    person_id: UUID
    endpoint: str
    p256dh: str
    auth: str
    seen_at: datetime


_COLUMNS = "id, person_id, endpoint, p256dh, auth, seen_at"


async def by_endpoint(tx: Transaction, endpoint: str) -> Device | None:
    """The device of an endpoint, whoever has it."""
    row = await tx.fetchrow(
        f"select {_COLUMNS} from push_devices where endpoint = $1",  # noqa: S608 - our columns
        endpoint,
    )
    return Device(**row) if row else None


async def of_person(connection: Transaction, person_id: UUID) -> list[Device]:
    """A person's devices, the one seen last first; they are few."""
    rows = await connection.fetch(
        f"select {_COLUMNS} from push_devices where person_id = $1"  # noqa: S608 - our columns
        " order by seen_at desc, id",
        person_id,
    )
    return [Device(**row) for row in rows]


async def save(tx: Transaction, device: Device, *, most: int) -> None:
    """Store a device; of more than `most` of one person those seen longest ago are forgotten."""
    await tx.execute(
        "insert into push_devices (id, person_id, endpoint, p256dh, auth, seen_at)"
        " values ($1, $2, $3, $4, $5, $6)"
        " on conflict (endpoint) do update set id = $1, person_id = $2, p256dh = $4, auth = $5,"
        " seen_at = $6",
        device.id,
        device.person_id,
        device.endpoint,
        device.p256dh,
        device.auth,
        device.seen_at,
    )
    await tx.execute(
        "delete from push_devices where id in (select id from push_devices where person_id = $1"
        " order by seen_at desc, id offset $2)",
        device.person_id,
        most,
    )


async def delete(tx: Transaction, person_id: UUID, device_id: UUID) -> bool:
    """Forget a device of a person; False when they have no such one."""
    status: str = await tx.execute(
        "delete from push_devices where id = $1 and person_id = $2", device_id, person_id
    )
    return status == "DELETE 1"
