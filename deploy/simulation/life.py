"""One client: what is due in their life, what they have booked, and what they wait to hear."""

import random
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from heapq import heappop, heappush
from itertools import count
from typing import Any, Literal, TypeAlias, TypeVar

from deploy.simulation.body import Body
from deploy.simulation.door import Astray, Door
from deploy.simulation.people import Person
from shared.clock import rfc3339
from shared.zones import zone

Lane = Literal["free", "first", "trainer"]
"""Where an action has to queue, so that a life does not depend on who is quicker: beside all
others, one first booking after the other, or in turn with those of the same trainer."""

Action: TypeAlias = Callable[..., Awaitable[None]]
A = TypeVar("A", bound=Action)

WATCHED = 0.05
"""Of check-ins: somebody waits for the answer, and the time it takes is noted."""

ACTIONS: dict[str, tuple[Lane, Action]] = {}
"""What can stand on an agenda, by its name: so that one action can lead to any other."""


def action(name: str, lane: Lane = "free") -> Callable[[A], A]:
    """Give an action its name; `lane` where it takes or frees a trainer's time."""

    def named(act: A) -> A:
        ACTIONS[name] = lane, act
        return act

    return named


@dataclass
class Session:
    """A booked session. `moves` counts changes of its time; `gone`: it will not take place."""

    id: str
    service: str
    trainer: str
    start: datetime
    end: datetime
    moves: int = 0
    gone: bool = False
    over: bool = False
    felt: float = 0.0
    options: tuple[str, ...] = ()
    chain: int = 0


@dataclass(frozen=True)
class Pending:
    """A report whose answer is not read yet, and what follows it."""

    name: str
    url: str
    token: str
    then: Action | None
    more: dict[str, Any]


@dataclass
class Stage:
    """What all lives share: the door, the time, and who else there is. Ids lead to tokens."""

    door: Door
    seed: int
    began: datetime
    now: datetime
    staff: str = ""
    trainers: dict[str, str] = field(default_factory=dict)
    clinicians: list[str] = field(default_factory=list)
    clinician_tokens: dict[str, str] = field(default_factory=dict)
    effects: dict[str, float] = field(default_factory=dict)
    can_forget: bool = False
    freed: bool = False
    """Whether somebody has just given a time back, so that who waits may have an offer."""


@dataclass
class Life:
    """A client's life as far as it has come."""

    person: Person
    body: Body
    chance: random.Random
    client_id: str = ""
    token: str = ""
    token_until: datetime | None = None
    trainer: str = ""
    sessions: list[Session] = field(default_factory=list)
    pending: list[Pending] = field(default_factory=list)
    plan: tuple[str, ...] = ()
    planned_efforts: dict[str, int] = field(default_factory=dict)
    tries: dict[str, int] = field(default_factory=dict)
    asked_why: bool = False
    on_call: bool = False
    waits: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def __post_init__(self) -> None:
        self._agenda: list[tuple[datetime, int, str, dict[str, Any]]] = []
        self._numbers = count()

    def later(self, at: datetime, name: str, **more: Any) -> None:  # noqa: ANN401
        """Put an action on the agenda."""
        heappush(self._agenda, (at, next(self._numbers), name, more))

    def due(self, now: datetime, lanes: Iterable[Lane]) -> list[tuple[Action, dict[str, Any]]]:
        """Take what is due in these lanes off the agenda, in order."""
        found, kept, wanted = [], [], set(lanes)
        while self._agenda and self._agenda[0][0] <= now:
            entry = heappop(self._agenda)
            lane, act = ACTIONS[entry[2]]
            if lane in wanted:
                found.append((act, entry[3]))
            else:
                kept.append(entry)
        for entry in kept:
            heappush(self._agenda, entry)
        return found

    def is_due(self, now: datetime) -> bool:
        """Whether anything is."""
        return bool(self._agenda) and self._agenda[0][0] <= now

    @property
    def left(self) -> bool:
        """Whether they have said goodbye."""
        return self.until is not None

    def leave(self, now: datetime) -> None:
        """Nothing comes any more."""
        self.until = now
        self._agenda.clear()

    def weeks(self, now: datetime) -> float:
        """How long they have been a client."""
        if self.since is None:
            return 0.0
        return ((self.until or now) - self.since) / timedelta(weeks=1)

    def tried(self, what: str, most: int) -> bool:
        """Count a try; whether there were fewer than that before."""
        self.tries[what] = self.tries.get(what, 0) + 1
        return self.tries[what] <= most

    def ahead(self, now: datetime) -> list[Session]:
        """Sessions to come, in order of time."""
        found = [one for one in self.sessions if not one.gone and one.start > now]
        return sorted(found, key=lambda one: one.start)

    def is_free(self, start: datetime, end: datetime) -> bool:
        """Whether they have no other session then."""
        return all(one.gone or end <= one.start or one.end <= start for one in self.sessions)

    def day(self, stage: Stage) -> int:
        """The day of their life it is."""
        return (self.local(stage.now).date() - self.local(stage.began).date()).days

    def local(self, at: datetime) -> datetime:
        """An instant by their clock."""
        return at.astimezone(zone(self.person.city.tz))

    def at(self, day: datetime, hour: float, *, days: int = 0) -> datetime:
        """An hour of the day that holds an instant, or of one so many days later."""
        local = self.local(day)
        whole, part = divmod(round(hour * 60), 60)
        return datetime.combine(
            local.date() + timedelta(days=days), time(whole, part), local.tzinfo
        )

    def cared_by(self, stage: Stage) -> str:
        """The token of who looks after them: their trainer once they have one, else staff."""
        met = any(not one.gone for one in self.sessions)
        return stage.trainers[self.trainer] if met and self.trainer else stage.staff

    async def report(
        self,
        stage: Stage,
        name: str,
        path: str,
        body: dict[str, Any],
        *,
        token: str | None = None,
        then: Action | None = None,
        watched: bool = False,
        **more: Any,  # noqa: ANN401
    ) -> None:
        """Hand in a report; its answer is read when the stack has come to rest."""
        by = token or self.token
        reply = await stage.door.send(name, "POST", path, body, token=by)
        self.pending.append(Pending(name, reply.body["url"], by, then, more))
        if watched and self.chance.random() < WATCHED:
            await stage.door.watch(reply.body["url"], by)

    async def hear(self, stage: Stage) -> None:
        """Read the answers that were waited for, and do what follows."""
        waiting, self.pending = self.pending, []
        for one in waiting:
            try:
                await self._hear_one(stage, one)
            except Astray:
                # It is on record; the other answers are read all the same.
                continue

    async def _hear_one(self, stage: Stage, one: Pending) -> None:
        reply = await stage.door.ask("read an answer", one.url, token=one.token)
        status = reply.body["status"]
        if status == "pending":
            stage.door.account.wonder(f"{one.name}: no answer though all is at rest")
        elif one.then is not None:
            await one.then(self, stage, reply.body, **one.more)
        elif status == "rejected":
            rule, reason = reply.body.get("rule"), reply.body.get("reason")
            stage.door.account.wonder(f"{one.name}: rejected by {rule}: {reason}")


def at(instant: datetime) -> str:
    """An instant as requests carry it."""
    return rfc3339(instant)


def read_instant(text: str) -> datetime:
    """An instant as answers carry it."""
    return datetime.fromisoformat(text)
