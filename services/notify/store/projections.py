"""People and bookings as the topics tell of them; only a newer version replaces what is stored."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from services.notify.domain import recurring
from services.notify.domain.consent import Consented, reach
from services.notify.domain.plan_bookings import BookingStatus
from services.notify.domain.templates import Channel, MessageClass
from services.notify.domain.windows import Hours, hours_of
from shared.contracts.booking import BookingChange, BookingFact
from shared.contracts.contacts import (
    CareTeamAccess,
    ContactChanged,
    Preferences,
)
from shared.contracts.event import Part
from shared.postgres import Transaction

NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class ContactBefore:
    """What was known of a person before; `tz` is None for somebody new.

    `team` are the members of the care team; None where it was never told.
    """

    tz: str | None
    role: str | None = None
    preferences: Preferences | None = None
    channels: frozenset[Channel] = frozenset()
    team: frozenset[UUID] | None = frozenset()


@dataclass(frozen=True)
class BookingAfter:
    """The booking's status as stored, and its client's hours: those of its zone if not known."""

    status: BookingStatus
    hours: Hours


async def save_contact(
    tx: Transaction, contact: ContactChanged, *, now: datetime
) -> ContactBefore | None:
    """Store a contact; None when the stored one is as new or newer."""
    sign_in = contact.sign_in
    bookings = {
        str(access.booking_id): access.model_dump(mode="json", exclude={"booking_id"})
        for access in contact.bookings
    }
    waitlist = {str(place.waitlist_id): place.token for place in contact.waitlist}
    reached = _reach(contact, now)
    look = recurring.next_look(contact.role, contact.tz, now=now)
    row = await tx.fetchrow(
        "with before as (select tz, role, preferences, reach, care_team from contacts"
        " where person_id = $1)"
        " insert into contacts (person_id, version, role, name, email, phone, language, tz,"
        " reminders, marketing, bookings, sign_in, updated_at, waitlist, grants, preferences,"
        " unsubscribe, devices, care_team, passes, reach, plan_at)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::text::jsonb, $12::text::jsonb, $13,"
        " $14::text::jsonb, $15::text::jsonb, $16::text::jsonb, $17::text::jsonb,"
        " $18::text::jsonb, $19::text::jsonb, $20::text::jsonb, $21::text::jsonb, $22)"
        " on conflict (person_id) do update set version = excluded.version, role = excluded.role,"
        " name = excluded.name, email = excluded.email, phone = excluded.phone,"
        " language = excluded.language, tz = excluded.tz, reminders = excluded.reminders,"
        " marketing = excluded.marketing, bookings = excluded.bookings,"
        " sign_in = excluded.sign_in, updated_at = excluded.updated_at,"
        " waitlist = excluded.waitlist, grants = excluded.grants,"
        " preferences = excluded.preferences, unsubscribe = excluded.unsubscribe,"
        " devices = excluded.devices, care_team = excluded.care_team, passes = excluded.passes,"
        " reach = excluded.reach, plan_at = case when (contacts.tz, contacts.role)"
        " = (excluded.tz, excluded.role) then contacts.plan_at else excluded.plan_at end"
        " where contacts.version < excluded.version"
        " returning (select to_jsonb(before) from before) as before",
        contact.person_id,
        contact.version,
        contact.role,
        contact.name,
        contact.email,
        contact.phone,
        contact.language,
        contact.tz,
        contact.consent.reminders,
        contact.consent.marketing,
        json.dumps(bookings),
        None if sign_in is None else sign_in.model_dump_json(),
        now,
        json.dumps(waitlist),
        _as_json(contact.grants),
        None if contact.preferences is None else contact.preferences.model_dump_json(),
        _as_json(contact.unsubscribe),
        _as_json(contact.devices),
        _as_json(contact.care_team),
        _as_json(contact.passes),
        json.dumps(reached),
        NEVER if look is None else look,
    )
    if row is None:
        return None
    return ContactBefore(None) if row["before"] is None else _before(row["before"])


def channels_of(contact: ContactChanged, *, now: datetime) -> frozenset[Channel]:
    """The channels by which any message reaches a person."""
    return frozenset(channel for channels in _reach(contact, now).values() for channel in channels)


async def forget_contact(tx: Transaction, person_id: UUID) -> None:
    """Delete all that is known of a person."""
    await tx.execute(
        "with happened as (delete from happenings where client_id = $1),"
        " cleared as (delete from clearances where client_id = $1)"
        " delete from contacts where person_id = $1",
        person_id,
    )


async def save_booking(
    tx: Transaction,
    fact: BookingFact,
    status: BookingStatus,
    *,
    keeps_frozen: bool,
    now: datetime,
) -> BookingAfter | None:
    """Store a booking; None when the stored one is as new or newer.

    With `keeps_frozen` a frozen booking stays frozen: it moved, but the hold still stands.
    """
    row = await tx.fetchrow(
        "insert into bookings (id, version, status, client_id, trainer_id, service, mode,"
        " start_at, end_at, tz, updated_at)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
        " on conflict (id) do update set version = excluded.version,"
        " status = case when $12 and bookings.status = 'frozen' then 'frozen'"
        " else excluded.status end,"
        " trainer_id = excluded.trainer_id, service = excluded.service, mode = excluded.mode,"
        " start_at = excluded.start_at, end_at = excluded.end_at, tz = excluded.tz,"
        " updated_at = excluded.updated_at"
        " where bookings.version < excluded.version"
        " returning status, (select jsonb_build_object('tz', tz, 'preferences', preferences)"
        " from contacts where person_id = $4) as client",
        fact.booking_id,
        fact.version,
        status,
        fact.client_id,
        fact.trainer_id,
        fact.service,
        fact.mode,
        fact.start,
        fact.end,
        fact.tz,
        now,
        keeps_frozen,
    )
    if row is None:
        return None
    client = row["client"] or {}
    hours = hours_of(client.get("tz") or fact.tz, _preferences(client.get("preferences")))
    return BookingAfter(row["status"], hours)


async def gather(tx: Transaction, fact: BookingFact) -> list[BookingFact] | None:
    """The facts that one change made, once the last of them is there and none before that.

    None for a fact by itself.
    """
    together = fact.together if isinstance(fact, BookingChange) else None
    if together is None:
        return None
    if together.place < together.size:
        await tx.execute(
            "insert into together (change_id, place, fact) values ($1, $2, $3::text::jsonb)"
            " on conflict do nothing",
            together.change_id,
            together.place,
            fact.model_dump_json(),
        )
        return []
    rows = await tx.fetch(
        "delete from together where change_id = $1 returning place, fact", together.change_id
    )
    earlier = sorted(rows, key=lambda row: row["place"])
    return [*(type(fact).model_validate(row["fact"]) for row in earlier), fact]


async def trainers_of(tx: Transaction, client_id: UUID, *, since: datetime) -> list[UUID]:
    """The trainers of a client's bookings that start after `since` and were not cancelled."""
    rows = await tx.fetch(
        "select distinct trainer_id from bookings"
        " where client_id = $1 and start_at > $2 and status <> 'cancelled'",
        client_id,
        since,
    )
    return [row["trainer_id"] for row in rows]


async def care_team(tx: Transaction, client_id: UUID) -> list[CareTeamAccess]:
    """Who looks on at a client, as far as it was told."""
    found = await tx.fetchval("select care_team from contacts where person_id = $1", client_id)
    return [CareTeamAccess.model_validate(member) for member in found or ()]


async def on_call(tx: Transaction) -> dict[UUID, str]:
    """The leads and the staff: id to role."""
    rows = await tx.fetch("select person_id, role from contacts where role in ('lead', 'staff')")
    return {row["person_id"]: row["role"] for row in rows}


def _reach(contact: ContactChanged, now: datetime) -> dict[MessageClass, list[Channel]]:
    return reach(
        Consented(
            phone=contact.phone,
            reminders=contact.consent.reminders,
            marketing=contact.consent.marketing,
            grants=contact.grants,
            devices=contact.devices,
        ),
        now=now,
    )


def _before(stored: dict[str, Any]) -> ContactBefore:
    team = stored["care_team"]
    return ContactBefore(
        tz=stored["tz"],
        role=stored["role"],
        preferences=_preferences(stored["preferences"]),
        channels=frozenset(
            channel for channels in stored["reach"].values() for channel in channels
        ),
        team=None if team is None else frozenset(UUID(member["member_id"]) for member in team),
    )


def _preferences(stored: dict[str, Any] | None) -> Preferences | None:
    return None if stored is None else Preferences.model_validate(stored)


def _as_json(parts: Sequence[Part]) -> str:
    return f"[{','.join(part.model_dump_json() for part in parts)}]"
