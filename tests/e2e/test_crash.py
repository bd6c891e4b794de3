"""Kill anything at any moment: every answered booking exists, each change is told exactly once."""

import asyncio
import os
import random
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from tests.e2e import stack
from tests.e2e.reach import Reach, eventually
from tests.proofs.scale import cases

CHANGES = max(100, cases(500))
"""Enough to be under way while parts are killed; all 500 under `make prove`."""

WRITERS = 8
SEED = 20261122
VICTIMS = ("booking-1", "notify-1", "progress-1", "kafka", "postgres") * (
    2 if CHANGES == 500 else 1
)
KILL_PAUSE_S = (2.0, 5.0)
READY_AGAIN_S = 60.0
SETTLED_S = 90.0


@dataclass
class Told:
    """What the front door answered: the last version of each booking."""

    bookings: dict[str, dict[str, Any]] = field(default_factory=dict)
    answered: int = 0


@pytest.mark.e2e
@pytest.mark.crash
@pytest.mark.timeout(400)
@pytest.mark.skipif(
    "LIMBER_PROOF_SCALE" not in os.environ, reason="takes minutes: `make prove` runs it"
)
async def test_every_answered_change_survives_the_killing_of_every_part(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    async with stack.embedded(tmp_path / "home") as reach:
        starts = await all_starts(reach)
        told = Told()
        killing = asyncio.create_task(kill_at_random(reach, random.Random(SEED)))
        await asyncio.gather(
            *(
                write(reach, told, starts[n::WRITERS], random.Random(SEED + n))
                for n in range(WRITERS)
            )
        )
        await killing
        began = time.monotonic()
        await eventually(lambda: ready(reach), "every service ready again", within_s=READY_AGAIN_S)
        ready_after = time.monotonic() - began

        assert CHANGES <= told.answered
        await answered_bookings_exist(reach, told)
        events = await eventually(
            lambda: all_events(reach, told), "an event for each version", within_s=SETTLED_S
        )
        assert {b: list(range(1, v["version"] + 1)) for b, v in told.bookings.items()} == events
        await each_confirmation_is_mailed_once(reach, told)
        assert [] == await reach.lines("dead-letters", "list", "--json")
        record_property("ready_again_after_s", round(ready_after, 1))


async def all_starts(reach: Reach) -> list[tuple[str, str]]:
    """Free (start, trainer) pairs of virtual first workouts, no two overlapping."""
    day = datetime.now(UTC).date() + timedelta(days=2)
    async with reach.http() as visitor:
        answer = await visitor.get(
            "/v1/slots",
            params={
                "service": "first-workout",
                "mode": "virtual",
                "from": str(day),
                "to": str(day + timedelta(days=14)),
                "tz": "UTC",
            },
        )
    pairs = [
        (slot["start"], trainer["id"])
        for slot in answer.json()["slots"]
        if slot["start"].endswith(":00:00Z")
        for trainer in slot["trainers"]
    ]
    random.Random(SEED).shuffle(pairs)
    assert len(pairs) > 2 * CHANGES
    return pairs


async def kill_at_random(reach: Reach, chance: random.Random) -> None:
    """SIGKILL every part, in random order at random moments."""
    victims = list(VICTIMS)
    chance.shuffle(victims)
    for victim in victims:
        await asyncio.sleep(chance.uniform(*KILL_PAUSE_S))
        pids = {line.split()[0]: int(line.split()[1]) for line in (await ps(reach))}
        if victim in pids:
            try:
                os.kill(pids[victim], signal.SIGKILL)
            except ProcessLookupError:
                continue


async def ps(reach: Reach) -> list[str]:
    return (await reach.limber("ps")).splitlines()


async def write(
    reach: Reach, told: Told, starts: list[tuple[str, str]], chance: random.Random
) -> None:
    """Book, move and cancel until the share of this writer is answered."""
    mine: list[str] = []
    free = iter(starts)
    async with reach.http() as visitor:
        for _ in range(-(-CHANGES // WRITERS)):
            standing = [b for b in mine if told.bookings[b]["status"] == "confirmed"]
            wish = chance.random()
            if wish < 0.5 or not standing:
                answer = await book(visitor, next(free))
                mine.append(answer["id"])
            else:
                booking = told.bookings[chance.choice(standing)]
                what: dict[str, Any] = {}
                action = "cancel"
                if wish < 0.85:
                    start, trainer = next(free)
                    what, action = {"start": start, "trainer": trainer}, "reschedule"
                answer = await insist(
                    visitor,
                    f"/v1/bookings/{booking['id']}/{action}",
                    what,
                    booking["manage_token"],
                )
            told.bookings[answer["id"]] = answer
            told.answered += 1


async def book(visitor: httpx.AsyncClient, place: tuple[str, str]) -> dict[str, Any]:
    start, trainer = place
    return await insist(
        visitor,
        "/v1/bookings",
        {
            "service": "first-workout",
            "mode": "virtual",
            "start": start,
            "trainer": trainer,
            "client": {
                "name": "Ada Sample",
                "email": f"{uuid4().hex}@example.org",
                "tz": "America/Toronto",
            },
        },
    )


async def insist(
    visitor: httpx.AsyncClient, path: str, body: dict[str, Any], token: str | None = None
) -> dict[str, Any]:
    """Repeat a change with one idempotency key until it is answered."""
    headers = {"Idempotency-Key": uuid4().hex}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    for _ in range(600):
        try:
            answer = await visitor.post(path, json=body, headers=headers)
        except httpx.TransportError:
            await asyncio.sleep(0.1)
            continue
        if answer.status_code in {200, 201}:
            found: dict[str, Any] = answer.json()
            return found
        assert 503 == answer.status_code, answer.text
        await asyncio.sleep(0.1)
    raise AssertionError(f"{path} was not answered")


async def ready(reach: Reach) -> bool | None:
    async with httpx.AsyncClient(timeout=5) as visitor:
        for line in await ps(reach):
            name, _, port = line.split()
            if name.partition("-")[0] in {"booking", "notify", "progress"}:
                try:
                    answer = await visitor.get(f"http://127.0.0.1:{port}/readyz")
                except httpx.TransportError:
                    return None
                if answer.status_code != 200:
                    return None
    return True


async def answered_bookings_exist(reach: Reach, told: Told) -> None:
    found = {}
    async with reach.http() as visitor:
        for booking in told.bookings.values():
            answer = await visitor.get(
                f"/v1/bookings/{booking['id']}",
                headers={"Authorization": f"Bearer {booking['manage_token']}"},
            )
            found[booking["id"]] = answer.json()
    assert told.bookings == found


async def all_events(reach: Reach, told: Told) -> dict[str, list[int]] | None:
    """Versions of each booking in the order of the log; None while some are missing."""
    records = await reach.lines(
        "events", "booking.events", "--from-beginning", "--max", str(10 * CHANGES)
    )
    seen: set[str] = set()
    versions: dict[str, list[int]] = defaultdict(list)
    for record in records:
        identity = record["headers"]["ce_id"]
        if "booking_id" in record["value"] and identity not in seen:
            seen.add(identity)
            versions[record["value"]["booking_id"]].append(record["value"]["version"])
    complete = all(
        len(versions.get(b, ())) >= booking["version"] for b, booking in told.bookings.items()
    )
    return dict(versions) if complete else None


async def each_confirmation_is_mailed_once(reach: Reach, told: Told) -> None:
    """One message per booking; a twin of the same Message-ID only where the ledger says unknown."""

    async def look() -> Counter[str] | None:
        copies: Counter[str] = Counter()
        messages: dict[str, set[str]] = defaultdict(set)
        for mail in await reach.lines("inbox", "--json"):
            headers = {name.lower(): value for name, value in mail["headers"].items()}
            if headers.get("x-limber-template") == "booking-confirmed":
                messages[headers["x-limber-booking"]].add(headers["message-id"])
                copies[headers["message-id"]] += 1
        if messages.keys() != told.bookings.keys():
            return None
        assert {1} == {len(ids) for ids in messages.values()}
        return copies

    copies = await eventually(look, "a confirmation of every booking", within_s=SETTLED_S)
    twins = {message for message, count in copies.items() if count > 1}
    if twins:
        environment = dict(line.split("=", 1) for line in (await reach.limber("env")).splitlines())
        connection = await asyncpg.connect(environment["DATABASE_URL"])
        try:
            ambiguous = {
                row["subject_id"]
                for row in await connection.fetch(
                    "select d.subject_id::text from notify.deliveries d join notify.attempts a"
                    " on a.delivery_id = d.id where d.template = 'booking-confirmed'"
                    " and (a.outcome is null or a.outcome = 'unknown')"
                )
            }
        finally:
            await connection.close()
        unexplained = [twin for twin in twins if not any(b in twin for b in ambiguous)]
        assert [] == unexplained
