"""Thousands of bookings that move, while notify and its Postgres are killed: each reminder once."""

import asyncio
import os
import random
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaProducer

from deploy.embedded import servers
from shared.contracts.booking import (
    BookingCancelled,
    BookingConfirmed,
    BookingFrozen,
    BookingRescheduled,
    BookingUnfrozen,
)
from shared.contracts.contacts import BookingAccess, Consent, ContactChanged
from shared.contracts.event import Event
from tests.proofs.mail_oracle import (
    OFFERED,
    Evidence,
    Row,
    is_quiet,
    judge,
)
from tests.proofs.mail_world import (
    BEGIN,
    FULL,
    SESSION,
    SMALL,
    Booking,
    Person,
    Version,
    World,
    a_world,
)
from tests.proofs.notify_stack import NotifyStack
from tests.proofs.recording import Moods, RecordingOffice
from tests.proofs.scale import cases

pytestmark = [
    pytest.mark.proof,
    pytest.mark.crash,
    pytest.mark.embedded,
    pytest.mark.timeout(5400),
    pytest.mark.skipif(
        "LIMBER_PROOF_SCALE" not in os.environ, reason="takes minutes: `make prove` runs it"
    ),
]

BOOKINGS = 10_000
SMALL_UP_TO = 1_000
SEED = int(os.environ.get("LIMBER_CHAOS_SEED", "20261123"))
REPLICAS = 2
HELD_BACK = 0.15
"""The part of clients whose news of a round stays behind until the next round."""

UNSETTLED = 0.3
"""The part of rounds in which news comes while messages that are due are still going out."""

CALM_WITHIN_S = 120.0
SHOWN = 40
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

LEDGER = """
select d.template, d.subject_id, d.subject_version, d.recipient_id, d.state, d.reason,
    count(*) filter (where a.outcome = 'unknown') as unknowns,
    count(*) filter (where a.number is not null and a.outcome is null) as open_attempts
from notify.deliveries d left join notify.attempts a on a.delivery_id = d.id
group by d.id
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


@dataclass(frozen=True)
class Weather:
    """How rough it is: seconds between strikes (none in the small proof: a lone replica or
    Postgres that dies costs the others a lease of real time), and rounds between blows."""

    every_s: tuple[float, float] | None
    blow_every: int


ROUGH_FOR_A_MOMENT = Weather(None, 5)
ROUGH_FOR_LONG = Weather((20.0, 60.0), 8)


@dataclass
class Strikes:
    """Strikes replicas and Postgres while the world lives."""

    stack: NotifyStack
    office: RecordingOffice
    weather: Weather
    chance: random.Random
    rounds: int = 0
    _burying: asyncio.Event = field(default_factory=asyncio.Event)

    def another_round(self) -> None:
        """Now and then a blow at the worst moment: around the handing over of the next text."""
        self.rounds += 1
        if self.rounds % self.weather.blow_every:
            return
        match self.rounds // self.weather.blow_every % 3:
            case 0:
                self.office.before_data = self._everybody
            case 1:
                self.office.after_data = self._everybody
            case _:
                self.office.after_data = self._everybody_and_postgres

    def begin(self) -> list[asyncio.Task[None]]:
        """Strike until the tasks are cancelled."""
        tasks = [self._bury()]
        if self.weather.every_s is not None:
            tasks += [self._replicas(self.weather.every_s), self._postgres(self.weather.every_s)]
        return [asyncio.create_task(task) for task in tasks]

    def _everybody(self, _: int) -> bool:
        if self._burying.is_set():
            return False
        self.stack.strike_all()
        self._burying.set()
        return True

    def _everybody_and_postgres(self, sender: int) -> bool:
        if not self._everybody(sender):
            return False
        self.stack.strike_postgres(signal.SIGKILL)
        return True

    async def _bury(self) -> None:
        """Let the killed ones' leases pass, then start again."""
        while True:
            await self._burying.wait()
            await self.stack.let_the_dead_pass()
            self._burying.clear()

    async def _replicas(self, every_s: tuple[float, float]) -> None:
        """Kill one replica now and then; the other waits out its leases."""
        while True:
            await asyncio.sleep(self.chance.uniform(*every_s))
            self.chance.choice(self.stack.replicas).strike()

    async def _postgres(self, every_s: tuple[float, float]) -> None:
        """Stop Postgres now and then: in order, at once, or by death."""
        while True:
            await asyncio.sleep(self.chance.uniform(*every_s))
            how = self.chance.choice([signal.SIGINT, signal.SIGQUIT, signal.SIGKILL])
            self.stack.strike_postgres(how)


async def test_each_reminder_goes_out_once_while_notify_and_its_postgres_are_killed(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    count = cases(BOOKINGS)
    small = count < SMALL_UP_TO
    chance = random.Random(SEED)
    world = a_world(SMALL if small else FULL, count, chance)
    weather = ROUGH_FOR_A_MOMENT if small else ROUGH_FOR_LONG
    with servers.running(tmp_path / "servers") as base:
        stack = NotifyStack(base, tmp_path, BEGIN)
        dead = frozenset(client.email for client in world.clients if client.dead)
        office = RecordingOffice(stack.clock, Moods(), chance, dead)
        await stack.prepare()
        stack.start([await office.open_door(number) for number in range(REPLICAS)])
        strikes = Strikes(stack, office, weather, random.Random(SEED + 1))
        striking = strikes.begin()
        try:
            async with stack.publishing() as producer:
                driver = Driver(world, stack, office, producer, chance)
                await driver.introduce_trainers()
                await driver.live(strikes)
            ledger = [
                Row(
                    (r["template"], r["subject_id"], r["subject_version"], r["recipient_id"]),
                    *(r["state"], r["reason"], r["unknowns"], r["open_attempts"]),
                )
                for r in await stack.rows(LEDGER)
            ]
        finally:
            for task in striking:
                task.cancel()
            struck = await asyncio.gather(*striking, return_exceptions=True)
            await stack.stop()
            await office.close()

    assert [] == [fault for fault in struck if not isinstance(fault, asyncio.CancelledError)]
    kills = [(at, replica.number) for replica in stack.replicas for at in replica.strikes]
    evidence = Evidence(office.handed, driver.calm, ledger, kills, stack.postgres_strikes)
    findings = judge(world, evidence)
    seen = {
        "bookings": count,
        "versions": sum(1 for _ in world.told()),
        "events published": driver.published,
        "texts handed over": len(office.handed),
        "cut before DATA": office.early_cuts,
        "replicas killed": len(kills),
        "Postgres stopped": len(stack.postgres_strikes),
        **dict(sorted(findings.seen.items())),
    }
    for name, value in seen.items():
        record_property(name, value)
    sys.stdout.write("".join(f"{value:>8}  {name}\n" for name, value in seen.items()))
    wrong = [f"{kind}: {what}" for kind, all_of in findings.wrong.items() for what in all_of]
    assert not wrong, f"{len(wrong)} are wrong:\n" + "\n".join(wrong[:SHOWN])
    assert findings.seen["reminders due"]


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
