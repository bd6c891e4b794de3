"""Poison among good records: what its neighbours wait, and how an operator gets rid of it."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from shared.contracts.progress import ProgressFact
from shared.contracts.submissions import CheckIn, CheckInSubmitted
from shared.records import MAX_VALUE_BYTES
from tests.bench.report import Row, percentile
from tests.bench.setting import Setting, reading_from_now
from tests.e2e.reach import eventually

GOOD = 200
GOOD_EVERY_S = 0.02
NEIGHBOURS = 40
MOST_LATER_S = 1.0
"""How much longer a neighbour may wait because of poison."""

Header = tuple[str, bytes | None]
Record = tuple[bytes | None, list[Header]]
"""Value and headers."""


class Traffic:
    """Publishes check-ins of clients unknown at the door, and notes when progress has answered."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer
        self.sent: dict[str, float] = {}
        self.answered: dict[str, float] = {}

    async def good(self, client: UUID) -> str:
        """Publish a good check-in; returns its id."""
        submission = _check_in(client)
        identity = str(submission.submission_id)
        self.sent[identity] = time.perf_counter()
        await self.publish(client, (submission.model_dump_json().encode(), _headers(submission)))
        return identity

    async def publish(self, client: UUID, record: Record) -> None:
        """Publish any record under the key of a client."""
        value, headers = record
        await self._producer.send_and_wait(
            CheckInSubmitted.topic, value, key=str(client).encode(), headers=headers
        )

    async def listen(self, kafka: AIOKafkaConsumer) -> None:
        """Note the answers until cancelled."""
        async for record in kafka:
            now = time.perf_counter()
            identity = json.loads(record.value).get("submission_id")
            if identity is not None:
                self.answered.setdefault(identity, now)

    async def flow(self, poison: Mapping[str, tuple[UUID, Record]]) -> list[float]:
        """The delays of `GOOD` records at a steady rate, with the poison spread among them."""
        clients = [uuid4() for _ in range(NEIGHBOURS)]
        waiting = list(poison.values())
        gap = GOOD // (len(waiting) + 1)
        sent = []
        for number in range(GOOD):
            tick = asyncio.create_task(asyncio.sleep(GOOD_EVERY_S))
            if waiting and number % gap == gap // 2:
                await self.publish(*waiting.pop(0))
            sent.append(await self.good(clients[number % NEIGHBOURS]))
            await tick
        await self.all_answered(sent)
        return [self.answered[one] - self.sent[one] for one in sent]

    async def all_answered(self, identities: Sequence[str]) -> None:
        """Wait until these check-ins are answered."""

        async def look() -> bool:
            return all(identity in self.answered for identity in identities)

        await eventually(look, "the answers to good check-ins")


async def neighbours(setting: Setting) -> list[Row]:
    """The largest delay of a neighbour without and with poison; then the poison is cleared away."""
    # Compressed, so that a value which is too large for the consumer still gets past the broker.
    producer = AIOKafkaProducer(
        bootstrap_servers=setting.kafka, compression_type="gzip", max_request_size=4 * 2**20
    )
    await producer.start()
    try:
        async with reading_from_now(setting.kafka, ProgressFact.topic) as kafka:
            traffic = Traffic(producer)
            listening = asyncio.create_task(traffic.listen(kafka))
            poison = _poison()
            await traffic.flow({})
            without = await traffic.flow({})
            among = await traffic.flow(poison)
            cleared = await _clear_away(setting, traffic, poison)
            listening.cancel()
    finally:
        await producer.stop()
    later = max(among) - max(without)
    return [
        Row(
            f"poison, longest wait of {GOOD} neighbours",
            f"{max(among) * 1000:.0f} ms (p50 {percentile(among, 50) * 1000:.0f})",
            f"{max(without) * 1000:.0f} ms (p50 {percentile(without, 50) * 1000:.0f}), no poison",
            max(among) / max(without),
            f"<= {MOST_LATER_S * 1000:.0f} ms more",
            later <= MOST_LATER_S,
            {"unit": "s", "with": among, "without": without},
        ),
        cleared,
    ]


async def _clear_away(
    setting: Setting, traffic: Traffic, poison: Mapping[str, tuple[UUID, Record]]
) -> Row:
    """A good record waits behind each poisonous one; an operator lists, replays and discards."""
    lanes = {str(client): kind for kind, (client, _) in poison.items()}
    behind = [await traffic.good(client) for client, _ in poison.values()]

    async def parked() -> list[dict[str, str | None]]:
        found = await setting.reach.lines("dead-letters", "list", "--service", "progress", "--json")
        return [letter for letter in found if letter["key"] in lanes]

    async def all_parked() -> list[dict[str, str | None]] | None:
        letters = await parked()
        return letters if len(letters) >= 2 * len(poison) else None

    letters = await eventually(all_parked, "the poison in the list of dead letters")
    bad = [letter for letter in letters if letter["error"]]
    # Nothing was repaired, so a replay must leave every record where it is.
    replayed = await _still_parked_after_replay(setting, str(bad[0]["key"]))
    for letter in bad:
        await setting.reach.limber("dead-letters", "discard", str(letter["id"]))
    await traffic.all_answered(behind)
    left = await parked()
    return Row(
        "poison, kinds parked / left after discard",
        f"{len({lanes[str(letter['key'])] for letter in bad})} / {len(left)}",
        target=f"{len(poison)} / 0",
        ok=len(bad) == len(poison) and replayed and not left,
        raw={
            "errors": {lanes[str(letter["key"])]: letter["error"] for letter in bad},
            "replay_without_a_fix_left_it_parked": replayed,
            "records_behind_handled": len(behind),
            "left": len(left),
        },
    )


async def _still_parked_after_replay(setting: Setting, key: str) -> bool:
    try:
        await setting.reach.limber("dead-letters", "replay", "--key", key)
    except RuntimeError as refused:
        return "failed again" in str(refused)
    return False


def _poison() -> dict[str, tuple[UUID, Record]]:
    """One record of each kind that a consumer can never handle, each with a key of its own."""
    made: dict[str, tuple[UUID, Record]] = {}
    for kind, spoil in SPOILED.items():
        client = uuid4()
        submission = _check_in(client)
        made[kind] = client, spoil(submission.model_dump_json(), _headers(submission))
    return made


def _replaced(headers: list[Header], name: str, value: bytes | None) -> list[Header]:
    return [(n, value if n == name else v) for n, v in headers]


SPOILED: dict[str, Callable[[str, list[Header]], Record]] = {
    "bad header bytes": lambda text, h: (text.encode(), _replaced(h, "ce_id", b"\xff\xfe")),
    "null header": lambda text, h: (text.encode(), _replaced(h, "ce_type", None)),
    "missing id": lambda text, h: (text.encode(), [one for one in h if one[0] != "ce_id"]),
    "bad time": lambda text, h: (text.encode(), _replaced(h, "ce_time", b"yesterday")),
    "bad JSON": lambda _, h: (b"{not json", h),
    "not UTF-8": lambda text, h: (text.encode().replace(b"UTC", b"\xff"), h),
    "wrong schema": lambda text, h: (text.replace('"pain":3', '"pain":"much"').encode(), h),
    "tombstone": lambda _, h: (None, h),
    "oversize": lambda text, h: (text.encode().ljust(MAX_VALUE_BYTES + 1), h),
    "null character": lambda text, h: (text.replace(":null", ':"\\u0000"', 1).encode(), h),
    "another key": lambda _, h: (_check_in(uuid4()).model_dump_json().encode(), h),
}


def _check_in(client: UUID) -> CheckInSubmitted:
    now = datetime.now(UTC)
    return CheckInSubmitted(
        submission_id=uuid4(),
        client_id=client,
        submitted_by=client,
        submitted_at=now,
        tz="UTC",
        check_in=CheckIn(kind="daily", pain=3, at=now),
    )


def _headers(submission: CheckInSubmitted) -> list[Header]:
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", str(uuid4()).encode()),
        ("ce_type", submission.type.encode()),
        ("ce_source", b"/limber/booking"),
        ("ce_time", submission.submitted_at.isoformat().replace("+00:00", "Z").encode()),
        ("ce_subject", submission.subject.encode()),
        ("content-type", b"application/json"),
    ]
