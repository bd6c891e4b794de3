"""What must be true after a load: each promise kept once, in every service, and nothing parked."""

import asyncio
import json
import statistics
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from deploy.embedded.services import SERVICES
from tests.chaos.load import ANSWER_WITHIN_S, BUCKET_S, OK, Load
from tests.chaos.system import System
from tests.integration.shared.fabric import read_topic

SETTLED_WITHIN_S = 120.0
SETTLE_POLL_S = 0.3
SHOWN = 30

TOPICS = ("booking.events", "booking.submissions", "progress.events")

KEPT_TWICE = """
select about from progress.log group by client_id, about having count(*) > 1
"""

UNDONE = """
select (select count(*) from booking.outbox) + (select count(*) from notify.outbox)
     + (select count(*) from progress.outbox)
     + (select count(*) from notify.deliveries
        where state = 'sending' or (state in ('scheduled', 'retrying') and next_at <= now()))
     as left
"""


@dataclass
class Findings:
    """What was counted, and what is wrong; both in words."""

    seen: dict[str, object] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def demand(self, right: bool, what: str) -> None:
        """Note it as wrong unless it is right."""
        if not right:
            self.wrong.append(what)

    def told(self) -> str:
        """What is wrong, as a message."""
        return f"{len(self.wrong)} are wrong:\n" + "\n".join(self.wrong[:SHOWN])


async def settle(system: System) -> float:
    """Wait until every event is published, heard and acted on; returns the seconds it took.

    Raises:
        AssertionError: it does not come to rest.
    """
    began = time.monotonic()
    while True:
        [row] = await system.rows(UNDONE)
        lag = await lags(system.kafka_bootstrap) if not row["left"] else {}
        if not row["left"] and not any(lag.values()):
            return time.monotonic() - began
        assert time.monotonic() - began < SETTLED_WITHIN_S, (
            f"not at rest: {row['left']} undone, {lag}"
        )
        await asyncio.sleep(SETTLE_POLL_S)


async def lags(bootstrap: str) -> dict[str, int]:
    """How many records each group has before it, of those topics it ever committed."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await admin.start()
    await consumer.start()
    try:
        found = {}
        for service in SERVICES:
            committed = await admin.list_consumer_group_offsets(service)
            ends: dict[TopicPartition, int] = await consumer.end_offsets(list(committed))
            found[service] = sum(
                max(end - max(committed[place].offset, 0), 0) for place, end in ends.items()
            )
        return found
    finally:
        await consumer.stop()
        await admin.close()


async def judge(
    system: System, load: Load, *, certain: bool = True, twice_told: bool = False
) -> Findings:
    """Look at topics, tables and the inbox.

    Not `certain`: the end of a mail may be unknown. `twice_told`: what progress said before it went
    back it says again.
    """
    findings = Findings()
    records = {topic: await read_topic(system.kafka_bootstrap, topic) for topic in TOPICS}
    told = {topic: _by_fact(found) for topic, found in records.items()}
    bookings, check_ins = load.acknowledged("booking"), load.acknowledged("check-in")
    for one in bookings:
        ids = told["booking.events"]["booking.confirmed.v1", one]
        findings.demand(len(ids) == 1, f"booking {one} is told by {len(ids)} events")
    for one in check_ins:
        for topic, kind in (
            ("booking.submissions", "checkin.submitted.v1"),
            ("progress.events", "checkin.recorded.v1"),
            ("progress.events", "submission.answered.v1"),
        ):
            ids = told[topic][kind, one]
            most = 2 if twice_told and topic == "progress.events" else 1
            findings.demand(1 <= len(ids) <= most, f"check-in {one} is told by {len(ids)} {kind}")
    await _look_at_tables(system, findings, bookings, check_ins)
    await _look_at_mails(system, findings, bookings, certain=certain)
    late = [a for a in load.asked if a.status in OK and a.kind == "check-in" and a.level_s is None]
    written = sum(len(found) for found in records.values())
    distinct = sum(len({_header(r, "ce_id") for r in found}) for found in records.values())
    findings.seen |= {
        "requests for a change": len(load.asked),
        "bookings acknowledged": len(bookings),
        "check-ins acknowledged": len(check_ins),
        f"check-ins not answered within {ANSWER_WITHIN_S:.0f} s": len(late),
        "requests that failed": len(load.failed),
        "records on the three topics": written,
        "of them written twice": written - distinct,
    }
    return findings


def over_time(load: Load) -> list[tuple[float, int, float, float]]:
    """For each second: when, how many check-ins, and the median and worst delay of their level."""
    buckets: defaultdict[int, list[float]] = defaultdict(list)
    for one in load.asked:
        if one.level_s is not None:
            buckets[int(one.at / BUCKET_S)].append(one.level_s)
    return [
        (bucket * BUCKET_S, len(found), statistics.median(found), max(found))
        for bucket, found in sorted(buckets.items())
    ]


def recovered_after(load: Load, struck_at: float, until: float, *, within_s: float) -> float:
    """How long after a stroke the last slow answer came, of those that came before `until`.

    From then on every check-in was answered within `within_s`. One that was open at `until`, the
    next stroke, counts for that one.
    """
    told_at = (
        one.at + (one.level_s or ANSWER_WITHIN_S)
        for one in load.asked
        if one.kind == "check-in" and (one.level_s is None or one.level_s > within_s)
    )
    return max((at - struck_at for at in told_at if struck_at < at <= until), default=0.0)


async def _look_at_tables(
    system: System, findings: Findings, bookings: list[str], check_ins: list[str]
) -> None:
    for service in SERVICES:
        [row] = await system.rows(
            f"select (select count(*) from {service}.dead_letters) as letters,"
            f" (select count(*) from {service}.parked_keys) as keys"
        )
        findings.demand(not (row["letters"] or row["keys"]), f"{service} parked {dict(row)}")
    kept = {str(row["id"]) for row in await system.rows("select id from progress.check_ins")}
    findings.demand(
        set(check_ins) <= kept, f"progress lacks {len(set(check_ins) - kept)} check-ins"
    )
    doubled = await system.rows(KEPT_TWICE)
    findings.demand(not doubled, f"progress applied {len(doubled)} entries twice")
    lost = await system.rows(
        "select w.id from unnest($1::uuid[]) as w (id) left join booking.bookings b using (id)"
        " where b.id is null",
        bookings,
    )
    findings.demand(not lost, f"booking lost {len(lost)} bookings it had acknowledged")
    pending = await system.rows(
        "select w.id from unnest($1::uuid[]) as w (id) left join booking.submissions s using (id)"
        " where s.status is distinct from 'done'",
        check_ins,
    )
    findings.demand(not pending, f"booking does not know the answer to {len(pending)} check-ins")


async def _look_at_mails(
    system: System, findings: Findings, bookings: list[str], *, certain: bool
) -> None:
    sent = {
        str(row["subject_id"]): (row["deliveries"], row["accepted"])
        for row in await system.rows(
            "select d.subject_id, count(distinct d.id) as deliveries,"
            " count(*) filter (where a.outcome = 'accepted') as accepted"
            " from notify.deliveries d left join notify.attempts a on a.delivery_id = d.id"
            " join booking.bookings b on b.id = d.subject_id and b.client_id = d.recipient_id"
            " where d.template = 'booking-confirmed' group by d.subject_id"
        )
    }
    for one in bookings:
        deliveries, accepted = sent.get(one, (0, 0))
        findings.demand(
            deliveries == 1 and (accepted == 1 or not certain),
            f"the confirmation of {one}: {deliveries} planned, {accepted} sent",
        )
    [row] = await system.rows(
        "select count(*) filter (where outcome = 'accepted') as accepted,"
        " count(*) filter (where outcome is null or outcome = 'unknown') as unknown"
        " from notify.attempts"
    )
    async with httpx.AsyncClient(base_url=system.mail_url) as inbox:
        total = (await inbox.get("/api/v1/messages", params={"limit": 1})).json()["total"]
    least, most = row["accepted"], row["accepted"] + row["unknown"]
    findings.demand(least <= total <= most, f"{total} mails came, {least} were sent")
    findings.seen["mails"] = total


def _by_fact(records: list[ConsumerRecord]) -> defaultdict[tuple[str, str], set[str]]:
    """The ids of the events that tell a fact about a booking or a report, by type and subject."""
    found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for record in records:
        value: dict[str, Any] = json.loads(record.value) if record.value else {}
        for name in ("booking_id", "submission_id", "check_in_id"):
            if about := value.get(name):
                found[_header(record, "ce_type"), about].add(_header(record, "ce_id"))
    return found


def _header(record: ConsumerRecord, name: str) -> str:
    return str(dict(record.headers)[name].decode())
