"""Lives a world of bookings: publishes what happens, moves the clock, awaits calm."""

import asyncio
import random
import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from aiokafka import AIOKafkaProducer

from shared.contracts.booking import (
    BookingCancelled,
    BookingConfirmed,
    BookingFrozen,
    BookingRescheduled,
    BookingUnfrozen,
)
from shared.contracts.contacts import BookingAccess, Consent, ContactChanged
from shared.contracts.event import Event
from tests.proofs.mail_oracle import OFFERED, is_quiet
from tests.proofs.mail_strikes import Strikes
from tests.proofs.mail_world import BEGIN, SESSION, Booking, Person, Version, World
from tests.proofs.notify_stack import NotifyStack
from tests.proofs.recording import RecordingOffice

HELD_BACK = 0.15
"""The part of clients whose news of a round stays behind until the next round."""

UNSETTLED = 0.3
"""The part of rounds in which news comes while messages that are due are still going out."""

CALM_WITHIN_S = 120.0

NUDGE_LONGEST = timedelta(minutes=5)

STATE = """
select
    (select count(*) from unnest($1::uuid[], $2::int[]) as w (id, version)
        left join notify.bookings b on b.id = w.id
        where coalesce(b.version, 0) < w.version) as behind,
    (select count(*) from unnest($3::uuid[], $4::int[]) as w (id, version)
        left join notify.contacts c on c.person_id = w.id
        where coalesce(c.version, 0) < w.version) as unknown,
    (select count(*) from notify.deliveries where state = 'sending') as sending,
    (select count(*) from notify.deliveries
        where state in ('scheduled', 'retrying') and next_at <= $5) as due,
    (select min(next_at) from notify.deliveries
        where state = 'retrying' and next_at > $5) as retry_at
"""


@dataclass
class Driver:
    """Lives the world: moves the clock, publishes what happens, waits until all is calm."""

    world: World
    stack: NotifyStack
    office: RecordingOffice
    producer: AIOKafkaProducer
    chance: random.Random
    calm: list[datetime] = field(default_factory=list)
    published: int = 0
    _waiting: dict[UUID, list[tuple[Booking, Version]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    _late_twins: list[tuple[Event, str, datetime]] = field(default_factory=list)
    _untold: set[int] = field(default_factory=set)
    _contacts: dict[UUID, int] = field(default_factory=lambda: defaultdict(int))
    _booked: dict[UUID, list[Booking]] = field(default_factory=lambda: defaultdict(list))

    async def introduce_trainers(self) -> None:
        """Notify knows the trainers before anybody books."""
        for trainer in self.world.trainers:
            await self._publish(self._contact(trainer, "trainer"), self.stack.clock())

    async def live(self, strikes: "Strikes") -> None:
        """All that happens, from the first booking to after the last session."""
        changes = sorted(
            ((v.at, b, v) for b in self.world.bookings for v in b.versions), key=lambda c: c[0]
        )
        coming = iter([*changes, None])
        following = next(coming)
        for moment in moments(self.world):
            self.stack.clock.set(moment)
            strikes.another_round()
            if self.chance.random() > UNSETTLED:
                await self.settle()
            while following is not None and following[0] <= moment:
                _, booking, version = following
                self._waiting[booking.client.id].append((booking, version))
                following = next(coming)
            await self._tell(everything=False)
            await self.settle()
        await self._tell(everything=True)
        self.stack.clock.set(self.world.over + timedelta(days=5))
        await self.settle()

    async def settle(self) -> None:
        """Wait until notify knows what it was told and has sent what is due; then note the time.

        Messages that a server put off are waited for by moving the clock.
        """
        versions = {
            booking.id: version.number
            for booking in self.world.bookings
            for version in booking.versions
            if version.told is not None and version.known is None
        }
        deadline = time.monotonic() + CALM_WITHIN_S
        while True:
            now = self.stack.clock()
            [state] = await self.stack.rows(
                STATE,
                list(versions),
                list(versions.values()),
                list(self._contacts),
                list(self._contacts.values()),
                now,
            )
            busy = state["behind"] or state["unknown"] or state["sending"] or state["due"]
            retry_at: datetime | None = state["retry_at"]
            if not busy and (retry_at is None or retry_at > now + NUDGE_LONGEST):
                break
            if not busy and retry_at is not None:
                self.stack.clock.set(retry_at + timedelta(seconds=1))
            assert [] == [code for replica in self.stack.replicas for code in replica.fell]
            assert time.monotonic() < deadline, f"not calm for {CALM_WITHIN_S:.0f} s: {state}"
            await asyncio.sleep(0.03)
        self.calm.append(now)
        moment = time.monotonic()
        for _, version in self.world.told():
            if version.known is None:
                version.known, version.known_moment = now, moment

    async def _tell(self, *, everything: bool) -> None:
        """Publish what has happened, in order per client; some of it only next time."""
        for client in [c for c, waiting in self._waiting.items() if waiting]:
            waiting = self._waiting[client]
            count = len(waiting)
            if not everything and self.chance.random() < HELD_BACK:
                count = self.chance.randrange(len(waiting))
            told, self._waiting[client] = waiting[:count], waiting[count:]
            for booking, version in told:
                if version.number == 1:
                    self._booked[client].append(booking)
                    await self._publish(self._contact(booking.client, "client"), version.at)
                version.told = self.stack.clock()
                await self._publish(_fact(booking, version), version.at)
        twins, self._late_twins = self._late_twins, []
        for event, identity, at in twins:
            await self._send(event, identity, at)

    async def _publish(self, event: Event, at: datetime) -> None:
        """Each event arrives twice: the second at once or later, now and then under a new id."""
        identity = str(uuid4())
        await self._send(event, identity, at)
        if self.chance.random() < 0.1:
            identity = str(uuid4())
        if self.chance.random() < 0.5:
            await self._send(event, identity, at)
        else:
            self._late_twins.append((event, identity, at))

    async def _send(self, event: Event, identity: str, at: datetime) -> None:
        self.published += 1
        await self.producer.send(
            event.topic,
            event.model_dump_json().encode(),
            key=event.key.encode(),
            headers=[
                ("ce_specversion", b"1.0"),
                ("ce_id", identity.encode()),
                ("ce_type", event.type.encode()),
                ("ce_source", b"/limber/booking"),
                ("ce_time", at.isoformat().replace("+00:00", "Z").encode()),
                ("ce_subject", event.subject.encode()),
                ("content-type", b"application/json"),
            ],
        )

    def _contact(self, person: Person, role: Any) -> ContactChanged:
        self._contacts[person.id] += 1
        return ContactChanged(
            person_id=person.id,
            version=self._contacts[person.id],
            role=role,
            name="Ada Sample",
            email=person.email,
            phone=None,
            language="en",
            tz=person.tz,
            consent=Consent(reminders=person.wants, marketing=False),
            bookings=tuple(
                BookingAccess(
                    booking_id=booking.id,
                    manage_token="manage-token",
                    calendar_token="calendar-token",
                    join_url="https://meet.example/room",
                    address=None,
                    with_name="Maya Trainer",
                )
                for booking in self._booked[person.id]
            ),
        )


def moments(world: World) -> list[datetime]:
    """When the clock stands still: whenever something is due or happens, by the hour.

    A reminder that is due when quiet hours begin has minutes, so it has a moment of its own.
    """
    found = set()
    for booking in world.bookings:
        for version in booking.versions:
            found.add(version.at)
            for offer in OFFERED.values():
                due = offer.due(version.start, booking.client.tz)
                if due is None:
                    continue
                if is_quiet(due, booking.client.tz):
                    found.add(due + timedelta(seconds=5))
                else:
                    hour = due.replace(minute=20)
                    found.add(hour if hour > due else hour + timedelta(hours=1))
    return sorted(moment for moment in found if moment >= BEGIN)


def _fact(booking: Booking, version: Version) -> Event:
    values: dict[str, Any] = {
        "booking_id": booking.id,
        "client_id": booking.client.id,
        "trainer_id": version.trainer,
        "service": "training",
        "mode": "virtual",
        "area": None,
        "start": version.start,
        "end": version.start + SESSION,
        "tz": booking.client.tz,
        "version": version.number,
    }
    match version.kind:
        case "confirmed":
            return BookingConfirmed(**values)
        case "rescheduled":
            return BookingRescheduled(
                previous_start=version.previous_start,
                previous_trainer_id=version.previous_trainer,
                **values,
            )
        case "cancelled":
            return BookingCancelled(cancelled_by="client", **values)
        case "frozen":
            return BookingFrozen(**values)
        case "unfrozen":
            return BookingUnfrozen(**values)
