"""A world of bookings for the proof of reminders: who books, moves, cancels, is frozen, and when.

What happens is decided before anything runs, from one seed. The world then notes when each version
was told to notify, and when notify was seen to know it.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

BEGIN = datetime(2027, 3, 12, 5, tzinfo=UTC)
"""Friday 00:00 in Toronto; its clocks jump on Sunday at 02:00."""

Kind = Literal["confirmed", "rescheduled", "cancelled", "frozen", "unfrozen"]

HOUR = timedelta(hours=1)
SESSION = timedelta(minutes=45)
TRAINERS = 20
TORONTO = "America/Toronto"

_NAMES = UUID("7f1e4f0a-55f7-5d53-9a39-6d6f1f0e9c11")


@dataclass(frozen=True)
class Shape:
    """How wide the world is: the days in which people book, and how far ahead they do; `hours` are
    the local hours at which sessions begin."""

    days: float
    ahead_days: int
    zones: tuple[str, ...]
    hours: tuple[int, ...]
    told_every: timedelta


SMALL = Shape(
    days=1,
    ahead_days=2,
    zones=(TORONTO,),
    hours=(7, 19),
    told_every=timedelta(hours=6),
)
FULL = Shape(
    days=4,
    ahead_days=3,
    zones=(TORONTO, "Europe/Paris", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia"),
    hours=tuple(range(6, 22)),
    told_every=HOUR,
)


@dataclass(frozen=True)
class Person:
    """Somebody with an address; `wants` is consent to reminders, `dead` an address of nobody."""

    id: UUID
    email: str
    tz: str
    wants: bool = True
    dead: bool = False


@dataclass
class Version:
    """A booking as one change left it.

    `told` and `known` are moments of the driver's clock: when the event was published first, and
    when notify was seen to have handled it; `known_moment` is the same on the machine's clock.
    """

    number: int
    kind: Kind
    at: datetime
    start: datetime
    trainer: UUID
    previous_start: datetime
    previous_trainer: UUID
    frozen: bool
    told: datetime | None = None
    known: datetime | None = None
    known_moment: float | None = None

    @property
    def takes_place(self) -> bool:
        """Whether the session will be, as far as this version knows."""
        return self.kind != "cancelled" and not self.frozen


@dataclass
class Booking:
    """A booking with all that happens to it."""

    id: UUID
    client: Person
    versions: list[Version]

    def after(self, version: Version) -> Version | None:
        """The next version, if it was told."""
        following = self.versions[version.number : version.number + 1]
        return following[0] if following and following[0].told is not None else None


@dataclass
class World:
    """Everybody and everything."""

    clients: list[Person]
    trainers: list[Person]
    bookings: list[Booking]
    over: datetime
    _people: dict[UUID, Person] = field(default_factory=dict)

    def person(self, identity: UUID) -> Person:
        """Who that is."""
        if not self._people:
            self._people = {one.id: one for one in (*self.clients, *self.trainers)}
        return self._people[identity]

    def told(self) -> Iterator[tuple[Booking, Version]]:
        """All versions that notify was told of."""
        for booking in self.bookings:
            for version in booking.versions:
                if version.told is not None:
                    yield booking, version


def a_world(shape: Shape, bookings: int, chance: random.Random) -> World:
    """A world of that shape; the same chance makes the same world."""
    trainers = [
        Person(_name("trainer", n), f"trainer{n}@example.org", TORONTO) for n in range(TRAINERS)
    ]
    clients = [
        Person(
            _name("client", n),
            f"client{n}@example.org",
            chance.choice(shape.zones),
            wants=chance.random() > 0.05,
            dead=chance.random() < 0.02,
        )
        for n in range(max(1, bookings * 2 // 3))
    ]
    made = [
        _a_booking(n, shape, clients[n % len(clients)], trainers, chance) for n in range(bookings)
    ]
    latest = max(version.start for booking in made for version in booking.versions)
    return World(clients, trainers, made, latest + SESSION)


def _a_booking(
    number: int, shape: Shape, client: Person, trainers: list[Person], chance: random.Random
) -> Booking:
    at = _quantised(BEGIN + chance.random() * timedelta(days=shape.days), shape)
    start = _a_start(at, client, shape, chance)
    trainer = chance.choice(trainers).id
    first = Version(1, "confirmed", at, start, trainer, start, trainer, frozen=False)
    booking = Booking(_name("booking", number), client, [first])
    while True:
        last = booking.versions[-1]
        left = last.start - last.at
        at = _quantised(last.at + chance.random() * 2 * left, shape)
        if last.kind == "cancelled" or not last.at < at < last.start:
            return booking
        booking.versions.append(_a_change(last, at, client, trainers, shape, chance))


def _a_change(
    last: Version,
    at: datetime,
    client: Person,
    trainers: list[Person],
    shape: Shape,
    chance: random.Random,
) -> Version:
    odds: dict[Kind, float] = (
        {"unfrozen": 0.6, "rescheduled": 0.2, "cancelled": 0.2}
        if last.frozen
        else {"rescheduled": 0.45, "cancelled": 0.25, "frozen": 0.3}
    )
    [kind] = chance.choices(list(odds), list(odds.values()))
    start, trainer = last.start, last.trainer
    if kind == "rescheduled":
        start = _a_start(at, client, shape, chance)
        trainer = trainer if chance.random() < 0.7 else chance.choice(trainers).id
    frozen = kind == "frozen" or (last.frozen and kind == "rescheduled")
    return Version(
        last.number + 1, kind, at, start, trainer, last.start, last.trainer, frozen=frozen
    )


def _a_start(at: datetime, client: Person, shape: Shape, chance: random.Random) -> datetime:
    """A full hour of the client's wall within the next days, at least an hour ahead."""
    rules = ZoneInfo(client.tz)
    day = at.astimezone(rules).date() + timedelta(days=chance.randrange(shape.ahead_days))
    hours = list(shape.hours)
    chance.shuffle(hours)
    for ahead in (0, 1):
        for hour in hours:
            wall = datetime(day.year, day.month, day.day, hour, tzinfo=rules)
            start = (wall + timedelta(days=ahead)).astimezone(UTC)
            if start >= at + HOUR:
                return start
    raise AssertionError("no hour of two days is an hour ahead")


def _quantised(at: datetime, shape: Shape) -> datetime:
    """The next moment at which anybody does anything; minutes off the hours of reminders."""
    steps = -(-(at - BEGIN) // shape.told_every)
    return BEGIN + steps * shape.told_every + timedelta(minutes=20)


def _name(kind: str, number: int) -> UUID:
    return uuid5(_NAMES, f"{kind} {number}")
