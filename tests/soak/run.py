"""One soak: a stack of its own, lives on it as fast as it can, samples beside, sizes at the end."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.contracts.catalogue import PARTITIONS, TOPICS
from tests.e2e.reach import Reach
from tests.e2e.stack import embedded
from tests.soak.sampling import Process, Samples, idle_shares, processes, sample
from tests.soak.sizes import Sizes, measure

IDLE_S = 20.0
"""Long enough for ten looks of the slowest loop."""

TOUCHED = {"JAVA_TOOL_OPTIONS": "-XX:+AlwaysPreTouch"}
"""Kafka takes its whole heap at the start: touched page by page it would look like a leak."""


@dataclass(frozen=True)
class Soak:
    """What came of it; `before` and `after` are what was stored, `truth` what simulate wrote.

    `idle` is the part of a core that each process took before anything was asked.
    """

    clients: int
    days: int
    seed: int
    went_well: bool
    found: list[Process]
    samples: Samples
    before: Sizes
    after: Sizes
    idle: dict[str, float]
    truth: dict[str, Any]
    records: dict[str, int]

    @property
    def figures(self) -> dict[str, Any]:
        """How the simulation went, in its own numbers."""
        run: dict[str, Any] = self.truth["run"]
        return run


async def soak(
    place: Path, *, clients: int, days: int, seed: int, say: Callable[[str], None]
) -> Soak:
    """Run it on a stack of its own with the state in `place`."""
    home = place / "home"
    async with embedded(home, variables=TOUCHED) as reach:
        return await soak_on(
            reach, home, clients=clients, days=days, seed=seed, say=say, idle_s=IDLE_S
        )


async def soak_on(
    reach: Reach,
    home: Path,
    *,
    clients: int,
    days: int,
    seed: int,
    say: Callable[[str], None],
    idle_s: float = 0.0,
) -> Soak:
    """Run it on a stack that is there already, with its state in `home`.

    With `idle_s` it first looks for so long what each process costs while nobody asks anything.
    """
    listed = dict(line.split("=", 1) for line in (await reach.limber("env")).splitlines())
    url, kafka = listed["DATABASE_URL"], listed["KAFKA_BOOTSTRAP"]
    found = processes(await reach.limber("ps"))
    before, records_before = await measure(url, home), await ends_of_topics(kafka)
    idle = await idle_shares(found, idle_s) if idle_s else {}
    samples = Samples()
    sampling = asyncio.create_task(sample(found, url, samples))
    out = home / "truth.json"
    went_well = await _simulate(reach, clients, days, seed, out, say)
    sampling.cancel()
    with suppress(asyncio.CancelledError):
        await sampling
    after, records = await measure(url, home), await ends_of_topics(kafka)
    truth = json.loads(out.read_text())
    records = {topic: end - records_before[topic] for topic, end in records.items()}
    return Soak(clients, days, seed, went_well, found, samples, before, after, idle, truth, records)


async def _simulate(
    reach: Reach, clients: int, days: int, seed: int, out: Path, say: Callable[[str], None]
) -> bool:
    process = await asyncio.create_subprocess_exec(
        *reach.command,
        "simulate",
        f"--clients={clients}",
        f"--days={days}",
        f"--seed={seed}",
        f"--out={out}",
        # Whoever waits for an hour sees each day as it ends.
        env={**reach.environment, "PYTHONUNBUFFERED": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    if process.stdout is None:
        raise RuntimeError("the simulation says nothing")
    try:
        async for line in process.stdout:
            say(line.decode().rstrip())
        return await process.wait() == 0
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


async def ends_of_topics(bootstrap: str) -> dict[str, int]:
    """The sum of the end offsets of each topic, ours alone."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=None)
    await consumer.start()
    try:
        found = [topic.name for topic in TOPICS]
        places = [TopicPartition(topic, one) for topic in found for one in range(PARTITIONS)]
        ends: dict[str, int] = dict.fromkeys(found, 0)
        for place, end in (await consumer.end_offsets(places)).items():
            ends[place.topic] += end
        return ends
    finally:
        await consumer.stop()
