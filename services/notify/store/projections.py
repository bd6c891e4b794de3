"""People and bookings as the topics tell of them; only a newer version replaces what is stored."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any
from uuid import UUID

from services.notify.domain import recurring
from services.notify.domain.consent import Consented, reach
from services.notify.domain.plan_bookings import BookingStatus, status_after
from services.notify.domain.templates import Channel, MessageClass
from services.notify.domain.windows import Hours, hours_of
from shared.contracts.booking import BookingChange, BookingFact, BookingRescheduled
from shared.contracts.contacts import (
    CareTeamAccess,
    ContactChanged,
    Preferences,
)
from shared.contracts.event import Part
from shared.postgres import Transaction

NEVER = datetime.max.replace(tzinfo=UTC)


_SAVE_CONTACTS = """
insert into contacts (person_id, version, role, name, email, phone, language, tz, reminders,
    marketing, bookings, sign_in, waitlist, grants, preferences, unsubscribe, devices, care_team,
    passes, reach, plan_at, updated_at)
select person_id, version, role, name, email, phone, language, tz, reminders,
    marketing, bookings::jsonb, sign_in::jsonb, waitlist::jsonb, grants::jsonb, preferences::jsonb,
    unsubscribe::jsonb, devices::jsonb, care_team::jsonb, passes::jsonb, reach::jsonb, plan_at, $1
from unnest($2::uuid[], $3::integer[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::text[], $10::boolean[], $11::boolean[], $12::text[], $13::text[], $14::text[], $15::text[],
    $16::text[], $17::text[], $18::text[], $19::text[], $20::text[], $21::text[],
    $22::timestamptz[])
    as e(person_id, version, role, name, email, phone, language, tz, reminders,
    marketing, bookings, sign_in, waitlist, grants, preferences, unsubscribe, devices, care_team,
    passes, reach, plan_at)
on conflict (person_id) do update set version = excluded.version, role = excluded.role,
    name = excluded.name, email = excluded.email, phone = excluded.phone,
    language = excluded.language, tz = excluded.tz, reminders = excluded.reminders,
    marketing = excluded.marketing, bookings = excluded.bookings, sign_in = excluded.sign_in,
    waitlist = excluded.waitlist, grants = excluded.grants, preferences = excluded.preferences,
    unsubscribe = excluded.unsubscribe, devices = excluded.devices,
    care_team = excluded.care_team, passes = excluded.passes, reach = excluded.reach,
    plan_at = case when (contacts.tz, contacts.role) = (excluded.tz, excluded.role)
        then contacts.plan_at else excluded.plan_at end,
    updated_at = excluded.updated_at
where contacts.version < excluded.version
-- The statement itself does not see what it writes: this is the contact as it was.
returning person_id, (
    select jsonb_build_object('tz', b.tz, 'role', b.role, 'preferences', b.preferences,
        'reach', b.reach, 'care_team', b.care_team)
    from contacts b where b.person_id = contacts.person_id
) as before
"""

_SAVE_BOOKINGS = """
with saved as (
    insert into bookings (id, version, status, client_id, trainer_id, service, mode,
        start_at, end_at, tz, updated_at)
    select *, $1::timestamptz from unnest($3::uuid[], $4::integer[], $5::text[], $6::uuid[],
        $7::uuid[], $8::text[], $9::text[], $10::timestamptz[], $11::timestamptz[], $12::text[])
    on conflict (id) do update set version = excluded.version,
        status = case when bookings.id = any($2::uuid[]) and bookings.status = 'frozen'
            then 'frozen' else excluded.status end,
        trainer_id = excluded.trainer_id, service = excluded.service, mode = excluded.mode,
        start_at = excluded.start_at, end_at = excluded.end_at, tz = excluded.tz,
        updated_at = excluded.updated_at
    where bookings.version < excluded.version
    returning id, status, client_id, tz
)
select s.id, s.status, s.tz, c.tz as client_tz, c.preferences
from saved s left join contacts c on c.person_id = s.client_id
"""

_GATHER = """
with kept as (
    insert into together (change_id, place, fact)
    select change_id, place, fact::jsonb
    from unnest($2::uuid[], $3::smallint[], $4::text[]) as e(change_id, place, fact)
    on conflict do nothing
)
delete from together where change_id = any($1::uuid[]) returning change_id, place, fact
"""


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


async def save_contacts(
    tx: Transaction, contacts: Sequence[ContactChanged], *, now: datetime
) -> dict[UUID, ContactBefore]:
    """Store contacts of different people; of those that were newer than what was stored, what was
    known before."""
    columns = zip(*(_columns(contact, now) for contact in contacts), strict=True)
    rows = await tx.fetch(_SAVE_CONTACTS, now, *(list(column) for column in columns))
    return {
        row["person_id"]: ContactBefore(None) if row["before"] is None else _before(row["before"])
        for row in rows
    }


def channels_of(contact: ContactChanged, *, now: datetime) -> frozenset[Channel]:
    """The channels by which any message reaches a person."""
    return frozenset(channel for channels in _reach(contact, now).values() for channel in channels)


_FORGET_PERSON = (
    "delete from happenings where client_id = $1",
    "delete from clearances where client_id = $1",
    "delete from safety_alerts where client_id = $1",
    "delete from acknowledgements where client_id = $1",
    # Attempts go with their message; one that is on its way is swept once it has ended.
    "delete from deliveries where recipient_id = $1 and state <> 'sending'",
    "delete from contacts where person_id = $1",
)


async def forget_person(tx: Transaction, person_id: UUID) -> None:
    """Delete all that is known of a person; their bookings stay, for the others, as ids."""
    for statement in _FORGET_PERSON:
        await tx.execute(statement, person_id)


async def save_bookings(
    tx: Transaction, facts: Sequence[BookingFact], *, now: datetime
) -> dict[UUID, BookingAfter]:
    """Store different bookings; those that were newer than what was stored, as they are now.

    A frozen booking that moved stays frozen: the hold still stands.
    """
    columns = zip(
        *(
            (
                fact.booking_id,
                fact.version,
                status_after(fact),
                fact.client_id,
                fact.trainer_id,
                fact.service,
                fact.mode,
                fact.start,
                fact.end,
                fact.tz,
            )
            for fact in facts
        ),
        strict=True,
    )
    moved = [fact.booking_id for fact in facts if isinstance(fact, BookingRescheduled)]
    rows = await tx.fetch(_SAVE_BOOKINGS, now, moved, *(list(column) for column in columns))
    return {
        row["id"]: BookingAfter(
            row["status"], hours_of(row["client_tz"] or row["tz"], _preferences(row["preferences"]))
        )
        for row in rows
    }


async def gather(
    tx: Transaction, facts: Sequence[BookingFact]
) -> dict[UUID, Sequence[BookingFact]]:
    """By the booking of each fact of a change of several: once the last fact is there all of them,
    and none before that. A fact by itself is left out."""
    waiting: defaultdict[UUID, list[BookingFact]] = defaultdict(list)
    found: dict[UUID, Sequence[BookingFact]] = {}
    ended: dict[UUID, BookingFact] = {}
    for fact in facts:
        together = fact.together if isinstance(fact, BookingChange) else None
        if together is None:
            continue
        if together.place < together.size:
            waiting[together.change_id].append(fact)
            found[fact.booking_id] = ()
        else:
            ended.setdefault(together.change_id, fact)
            found[fact.booking_id] = [*waiting.pop(together.change_id, ()), fact]
    if not found:
        return found
    kept = [fact for change in waiting.values() for fact in change]
    places = [fact.together for fact in kept if isinstance(fact, BookingChange) and fact.together]
    rows = await tx.fetch(
        _GATHER,
        list(ended),
        [place.change_id for place in places],
        [place.place for place in places],
        [fact.model_dump_json() for fact in kept],
    )
    earlier: defaultdict[UUID, list[BookingFact]] = defaultdict(list)
    for row in sorted(rows, key=itemgetter("place")):
        last = ended[row["change_id"]]
        earlier[last.booking_id].append(type(last).model_validate(row["fact"]))
    return found | {booking: [*told, *found[booking]] for booking, told in earlier.items()}


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


def _columns(contact: ContactChanged, now: datetime) -> tuple[Any, ...]:
    """What is stored of a contact, in the order of the statement."""
    sign_in, preferences = contact.sign_in, contact.preferences
    bookings = {
        str(access.booking_id): access.model_dump(mode="json", exclude={"booking_id"})
        for access in contact.bookings
    }
    look = recurring.next_look(contact.role, contact.tz, now=now)
    return (
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
        json.dumps({str(place.waitlist_id): place.token for place in contact.waitlist}),
        _as_json(contact.grants),
        None if preferences is None else preferences.model_dump_json(),
        _as_json(contact.unsubscribe),
        _as_json(contact.devices),
        _as_json(contact.care_team),
        _as_json(contact.passes),
        json.dumps(_reach(contact, now)),
        NEVER if look is None else look,
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
