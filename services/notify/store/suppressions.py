"""Addresses that take nothing more: why, since when, and who lifted it.

An address is compared in lower case and without spaces around it. A changed address is free: what
is suppressed is the address, not the person.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.notify.domain.delivery import Delivery
from shared import outbox
from shared.contracts.messages import (
    MessageChannel,
    MessageFailed,
    RecipientRestored,
    RecipientSuppressed,
    RestoreReason,
    SuppressionReason,
)
from shared.identifiers import new_id
from shared.postgres import Transaction


@dataclass(frozen=True)
class Address:
    """Where messages of a channel arrive: a mail address, a number as E.164, or a device's id."""

    channel: str
    text: str


@dataclass(frozen=True)
class Suppression:
    """Why an address takes nothing more; `lifted_at` is None while that stands."""

    id: UUID
    channel: MessageChannel
    address: str
    reason: SuppressionReason
    evidence: str
    recipient_id: UUID | None
    at: datetime
    lifted_at: datetime | None
    lifted_by: str | None
    lifted_why: str | None


def address_of(delivery: Delivery) -> str | None:
    """Where a message would arrive, unless its channel has several places or nobody is known."""
    if delivery.person is None:
        return None
    return {"email": delivery.person.email, "sms": delivery.person.phone}.get(delivery.channel)


async def suppress(
    tx: Transaction,
    address: Address,
    *,
    reason: SuppressionReason,
    evidence: str,
    recipient_id: UUID | None = None,
    now: datetime,
) -> bool:
    """Suppress an address and tell whose it is; False when it already was for that reason.

    Without `recipient_id` all people with that address are told of.
    """
    suppressed = await tx.fetchval(
        "insert into suppressions (id, channel, address, reason, evidence, recipient_id, at)"
        " values ($1, $2, lower(btrim($3)), $4, $5, $6, $7)"
        " on conflict (channel, address, reason) where lifted_at is null do nothing returning id",
        new_id(),
        address.channel,
        address.text,
        reason,
        evidence,
        recipient_id,
        now,
    )
    if suppressed is None:
        return False
    await outbox.add(
        tx,
        [
            RecipientSuppressed(
                recipient_id=person,
                channel=_channel(address.channel),
                reason=reason,
                device_id=UUID(address.text) if address.channel == "push" else None,
                at=now,
            )
            for person in await _people(tx, address, recipient_id)
        ],
        now=now,
    )
    return True


async def lift(
    tx: Transaction, suppression_id: UUID, *, by: str, why: str, now: datetime
) -> Suppression | None:
    """Let an address be used again, by a member of staff; None when nothing of that id stands."""
    row = await tx.fetchrow(
        "update suppressions set lifted_at = $2, lifted_by = $3, lifted_why = $4"
        " where id = $1 and lifted_at is null returning *",
        suppression_id,
        now,
        by,
        why,
    )
    if row is None:
        return None
    lifted = Suppression(**row)
    await _tell_restored(tx, [lifted], "staff", now)
    return lifted


async def start_again(tx: Transaction, address: Address, *, why: str, now: datetime) -> bool:
    """Take back a stop, because the person wrote the keyword for it; False when there was none."""
    rows = await tx.fetch(
        "update suppressions set lifted_at = $3, lifted_by = 'recipient', lifted_why = $4"
        " where channel = $1 and address = lower(btrim($2)) and reason = 'stop'"
        " and lifted_at is null returning *",
        address.channel,
        address.text,
        now,
        why,
    )
    await _tell_restored(tx, [Suppression(**row) for row in rows], "start", now)
    return bool(rows)


async def of_address(connection: Transaction, text: str, *, limit: int) -> list[Suppression]:
    """What stands or stood against an address, the newest first."""
    rows = await connection.fetch(
        "select * from suppressions where address = lower(btrim($1)) order by at desc limit $2",
        text,
        limit,
    )
    return [Suppression(**row) for row in rows]


async def note_late_bounce(
    tx: Transaction, message_id: UUID, *, evidence: str, address: str | None = None, now: datetime
) -> bool:
    """A message that a provider took came back for good; False when no such one was sent.

    `address` is where it went, as the report says; without it the recipient's address of today is
    suppressed.
    """
    row = await tx.fetchrow(
        "update deliveries d set state = 'bounced', reason = 'came back: ' || $2, updated_at = $3"
        " where id = $1 and state in ('sent', 'unknown')"
        " returning id, recipient_id, template, channel, class, booking_id,"
        " (select case d.channel when 'email' then email when 'sms' then phone end"
        " from contacts where person_id = d.recipient_id) as address",
        message_id,
        evidence,
        now,
    )
    if row is None:
        return False
    fact = MessageFailed(
        message_id=row["id"],
        recipient_id=row["recipient_id"],
        template=row["template"],
        channel=row["channel"],
        message_class=row["class"],
        booking_id=row["booking_id"],
        reason=f"came back: {evidence}",
        at=now,
    )
    await outbox.add(tx, [fact], now=now)
    if text := address or row["address"]:
        await suppress(
            tx,
            Address(row["channel"], text),
            reason="hard-bounce",
            evidence=evidence,
            recipient_id=row["recipient_id"],
            now=now,
        )
    return True


async def forget(tx: Transaction, person_id: UUID) -> None:
    """Delete what was noted of an erased person's addresses."""
    await tx.execute(
        "delete from suppressions s where recipient_id = $1 or exists (select from contacts c"
        " where c.person_id = $1 and s.recipient_id is null and s.address = lower(btrim("
        " case s.channel when 'email' then c.email when 'sms' then c.phone end)))",
        person_id,
    )


async def count_standing(connection: Transaction) -> dict[tuple[str, str], int]:
    """How many addresses take nothing more, by channel and reason."""
    rows = await connection.fetch(
        "select channel, reason, count(*) from suppressions where lifted_at is null"
        " group by channel, reason"
    )
    return {(row["channel"], row["reason"]): row["count"] for row in rows}


async def _tell_restored(
    tx: Transaction, lifted: Sequence[Suppression], reason: RestoreReason, now: datetime
) -> None:
    await outbox.add(
        tx,
        [
            RecipientRestored(recipient_id=person, channel=one.channel, reason=reason, at=now)
            for one in lifted
            for person in await _people(tx, Address(one.channel, one.address), one.recipient_id)
        ],
        now=now,
    )


async def _people(tx: Transaction, address: Address, known: UUID | None) -> list[UUID]:
    """Whose address it is: of whom it was noted, else everybody who has it now."""
    column = {"email": "email", "sms": "phone"}.get(address.channel)
    if known is not None or column is None:
        return [known] if known is not None else []
    rows = await tx.fetch(
        f"select person_id from contacts where lower(btrim({column})) = lower(btrim($1))",  # noqa: S608 - one of two words of ours
        address.text,
    )
    return sorted(row["person_id"] for row in rows)


def _channel(name: str) -> Literal["email", "sms", "push"]:
    match name:
        case "email" | "sms" | "push":
            return name
        case _:
            raise ValueError(f"no address is suppressed in {name}")
