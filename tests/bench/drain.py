"""Check-ins that wait: how fast progress works through them, with every rule and a plan."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from typing import Any
from uuid import UUID, uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from shared.contracts.progress import ProgressFact
from shared.contracts.submissions import CheckIn, CheckInSubmitted, Submission
from tests.bench.report import Row
from tests.bench.setting import Setting, reading_from_now
from tests.e2e.reach import eventually
from tests.unit.progress.planned import a_plan, a_screening, an_activation, an_assessment

CLIENTS, CHECK_INS = 100, 2_000
LEAST_PER_S, AIM_PER_S = 500, 1_500
WITHIN_S = 300.0
KINDS = ("pre", "post", "next-morning", "daily")
OPTION = "bridges"


class Reporting:
    """Publishes submissions as booking would, and notes when progress has answered each."""

    def __init__(self, producer: AIOKafkaProducer, kafka: AIOKafkaConsumer) -> None:
        self._producer = producer
        self._kafka = kafka
        self.sent: dict[str, float] = {}
        self.answered: dict[str, float] = {}
        self.statuses: dict[str, str] = {}

    async def listen(self) -> None:
        """Note the answers until cancelled."""
        async for record in self._kafka:
            now = time.perf_counter()
            told = json.loads(record.value)
            if "submission_id" in told:
                self.answered.setdefault(told["submission_id"], now)
                self.statuses[told["submission_id"]] = told["status"]

    async def report(self, submissions: Sequence[Submission]) -> list[str]:
        """Publish in this order, and wait until all are answered; returns their ids."""
        waiting = []
        for submission in submissions:
            identity = str(submission.submission_id)
            self.sent[identity] = time.perf_counter()
            waiting.append(
                await self._producer.send(
                    submission.topic,
                    submission.model_dump_json().encode(),
                    key=submission.key.encode(),
                    headers=_headers(submission),
                )
            )
        await asyncio.gather(*waiting)
        identities = [str(submission.submission_id) for submission in submissions]

        async def all_answered() -> bool:
            return all(identity in self.answered for identity in identities)

        await eventually(all_answered, "the answers", within_s=WITHIN_S)
        return identities


@asynccontextmanager
async def reporting(setting: Setting) -> AsyncIterator[Reporting]:
    """Somebody who reports while the block runs."""
    producer = AIOKafkaProducer(bootstrap_servers=setting.kafka)
    await producer.start()
    try:
        async with reading_from_now(setting.kafka, ProgressFact.topic) as kafka:
            found = Reporting(producer, kafka)
            listening = asyncio.create_task(found.listen())
            try:
                yield found
            finally:
                listening.cancel()
    finally:
        await producer.stop()


async def drain(setting: Setting) -> list[Row]:
    """2,000 check-ins of 100 clients with active plans, published at once."""
    clients = [uuid4() for _ in range(CLIENTS)]
    began_at = datetime.now(UTC) - timedelta(days=CHECK_INS // CLIENTS)
    async with reporting(setting) as people:
        ways = [a_begun_plan(client, began_at) for client in clients]
        begun = await people.report([one for way in ways for one in way])
        wrong = [one for one in begun if people.statuses[one] != "done"]
        ids = await people.report(
            [
                a_check_in(client, number // CLIENTS, began_at)
                for number, client in enumerate(islice(cycle(clients), CHECK_INS))
            ]
        )
        took = max(people.answered[one] for one in ids) - min(people.sent[one] for one in ids)
    rate = CHECK_INS / took
    return [
        Row(
            f"{CHECK_INS:,} check-ins of {CLIENTS} clients, answered/s",
            f"{rate:,.0f}",
            target=f">= {LEAST_PER_S} (aim {AIM_PER_S:,})",
            ok=rate >= LEAST_PER_S and not wrong,
            raw={"unit": "1/s", "seconds": took, "plans_refused": len(wrong)},
        )
    ]


def a_begun_plan(client: UUID, at: datetime) -> list[Submission]:
    """A client screened, assessed, and with a plan that is active."""
    plan = _of(
        client,
        a_plan(
            {"option": OPTION, "per_week": 3},
            {"option": "long-breath-out", "per_week": 7},
            at=at,
        ),
    )
    return [
        _of(client, a_screening(at=at)),
        _of(client, an_assessment(at=at)),
        plan,
        _of(client, an_activation(plan.submission_id, at=at)),
    ]


def a_check_in(client: UUID, day: int, began_at: datetime) -> CheckInSubmitted:
    """The check-in of a day: a session's first, then its end, its morning, and a quiet day."""
    at = began_at + timedelta(days=day)
    given: dict[str, Any] = {"kind": KINDS[day % len(KINDS)], "pain": 2 + day % 3, "at": at}
    if given["kind"] == "post":
        given["exercises"] = [{"option": OPTION, "done": True, "worst_pain": 2, "enjoyment": 7}]
    return CheckInSubmitted(
        submission_id=uuid4(),
        client_id=client,
        submitted_by=client,
        submitted_at=at,
        tz="America/Toronto",
        check_in=CheckIn.model_validate(given | {"stiffness": 3, "confidence": 5}),
    )


def _of(client: UUID, submission: Any) -> Any:
    return submission.model_copy(update={"client_id": client, "submission_id": uuid4()})


def _headers(submission: Submission) -> list[tuple[str, bytes]]:
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", str(uuid4()).encode()),
        ("ce_type", submission.type.encode()),
        ("ce_source", b"/limber/booking"),
        ("ce_time", submission.submitted_at.isoformat().replace("+00:00", "Z").encode()),
        ("ce_subject", submission.subject.encode()),
        ("content-type", b"application/json"),
    ]
