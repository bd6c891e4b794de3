"""Days of simulated life: moments after one another, each lived to its end before the next."""

import asyncio
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from datetime import time as wall_time

from deploy.simulation import booking, care, cast, people, reports, sessions
from deploy.simulation.backstage import Backstage
from deploy.simulation.body import option_effects
from deploy.simulation.door import Astray
from deploy.simulation.life import Lane, Life, Stage
from shared.zones import zone

THEMES = (booking, care, reports, sessions)
"""Importing them gives their actions names."""

TZ = "America/Toronto"
MOMENTS = tuple(
    wall_time(hour, minute)
    for hour, minute in (
        (6, 30), (8, 50), (9, 50), (10, 50), (11, 50), (12, 50), (13, 50), (14, 50), (15, 50),
        (16, 50), (17, 50), (18, 50), (20, 30), (23, 30),
    )
)  # fmt: skip
"""By the company's clock. Sessions begin on the half hour, so that before each there is a moment
to say how one comes, and after each one to say how it was; evenings of the west come at 23:30."""

MOST_ROUNDS = 12
"""What follows at once from what was done: booking, its session's agenda, an answer, a hold."""

ARRIVE_WITHIN = 0.4
"""Part of the time in which clients arrive, and the most days of it."""
ARRIVAL_DAYS = 21

TOKEN_DAYS = timedelta(days=25)
"""Sessions last 30 days."""


@dataclass
class Course:
    """How the simulation goes: waits for the consumers, and how far it has come."""

    stage: Stage
    lives: list[Life]
    behind: Backstage
    greatest_lag: int = 0
    rested_at: int = 0
    waited_s: float = 0.0
    at_work_s: dict[str, float] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)
    moments: int = 0
    let_in_until: datetime | None = None


async def live(
    stage: Stage, behind: Backstage, *, clients: int, days: int, say: Callable[[str], None]
) -> Course:
    """Let clients live for so many days, from the stack's next morning on."""
    stage.effects = option_effects(stage.seed)
    first = _next_morning(behind.now())
    stage.began = stage.now = first
    await cast.gather(stage, behind, clients)
    arrival_days = max(1, min(ARRIVAL_DAYS, round(days * ARRIVE_WITHIN)))
    lives = [_born(stage, number, arrival_days) for number in range(clients)]
    course = Course(stage, lives, behind)
    told = 0
    for day in range(days):
        since, asked = time.monotonic(), stage.door.account.requests
        for moment in _moments(first, day):
            await _live_moment(course, moment)
        asked, took = stage.door.account.requests - asked, time.monotonic() - since
        here = sum(1 for one in lives if one.client_id and not one.left)
        say(
            f"day {day + 1}/{days} {_day(first, day)}: {here} clients, {asked:,} requests in"
            f" {took:.0f} s ({asked / took:.0f}/s), greatest lag {course.greatest_lag:,},"
            f" unexpected {stage.door.account.astray}"
        )
        for what in stage.door.account.unexpected[told:]:
            say(f"  unexpected: {what}")
        told = len(stage.door.account.unexpected)
    return course


async def _live_moment(course: Course, moment: datetime) -> None:
    stage = course.stage
    course.behind.move_to(moment)
    stage.now = moment
    course.moments += 1
    if course.let_in_until is None or course.let_in_until <= moment:
        await cast.let_in(stage, course.behind)
        course.let_in_until = moment + TOKEN_DAYS
    await _rest(course)
    # Offers live for half an hour, so who waits looks when a time comes free, and once a day.
    stage.freed = moment.time() == MOMENTS[0]
    for _ in range(MOST_ROUNDS):
        if stage.freed:
            stage.freed = False
            for life in course.lives:
                if life.waits:
                    life.later(moment, "look-at-offer")
        busy = [one for one in course.lives if one.is_due(moment)]
        if not busy:
            return
        await _sign_in(course, busy)
        await asyncio.gather(
            _queue(stage, busy, "first"), *(_act(one, stage, "free") for one in busy)
        )
        await _hear(course)
        by_trainer: dict[str, list[Life]] = {}
        for life in busy:
            by_trainer.setdefault(life.trainer, []).append(life)
        await _sign_in(course, busy)
        await asyncio.gather(*(_queue(stage, some, "trainer") for some in by_trainer.values()))
        await _hear(course)
    stage.door.account.wonder(f"a moment does not end: {moment}")


async def _queue(stage: Stage, lives: Sequence[Life], lane: Lane) -> None:
    for life in lives:
        await _act(life, stage, lane)


async def _act(life: Life, stage: Stage, lane: Lane) -> None:
    for act, more in life.due(stage.now, (lane,)):
        if life.left:
            return
        try:
            await act(life, stage, **more)
        except Astray:
            # It is on record; the rest of the life goes on.
            continue


async def _hear(course: Course) -> None:
    """Rest, read the answers, until nobody waits for one; at once where nothing was asked."""
    if course.stage.door.account.requests == course.rested_at:
        return
    await _rest(course)
    while waiting := [one for one in course.lives if one.pending]:
        await asyncio.gather(*(one.hear(course.stage) for one in waiting))
        if any(one.pending for one in waiting):
            await _rest(course)


async def _rest(course: Course) -> None:
    rest = await course.behind.drained()
    course.rested_at = course.stage.door.account.requests
    course.greatest_lag = max(course.greatest_lag, rest.lag)
    course.waited_s += rest.took_s
    for name, seconds in rest.at_work.items():
        course.at_work_s[name] = course.at_work_s.get(name, 0.0) + seconds


async def _sign_in(course: Course, lives: Sequence[Life]) -> None:
    """Tokens for those who have none, or whose token runs out."""
    now = course.stage.now
    without = [
        one
        for one in lives
        if one.client_id and not one.left and (one.token_until is None or one.token_until <= now)
    ]
    tokens = await course.behind.tokens(one.person.email for one in without)
    for life in without:
        life.token, life.token_until = tokens[life.person.email], now + TOKEN_DAYS


def _born(stage: Stage, number: int, arrival_days: int) -> Life:
    person = people.person(stage.seed, number)
    chance = random.Random(f"life/{stage.seed}/{number}")
    life = Life(person, people.body(stage.seed, number, stage.effects), chance)
    day = chance.randrange(arrival_days)
    life.later(life.at(stage.began, chance.randint(7, 18), days=day), "book-first")
    return life


def _next_morning(now: datetime) -> datetime:
    local = now.astimezone(zone(TZ))
    day = local.date() + timedelta(days=1)
    return datetime.combine(day, MOMENTS[0], zone(TZ))


def _day(first: datetime, day: int) -> date:
    return first.date() + timedelta(days=day)


def _moments(first: datetime, day: int) -> Iterator[datetime]:
    return (datetime.combine(_day(first, day), one, zone(TZ)) for one in MOMENTS)
