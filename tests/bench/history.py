"""A client with three years of daily check-ins: what the next ones take, and when it is seen."""

import json
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg

from tests.bench.drain import a_begun_plan, a_check_in, reporting
from tests.bench.report import Row, delays, percentile
from tests.bench.setting import Setting
from tests.e2e.reach import eventually

DAYS = 3 * 365
MEASURED = 40
ANSWER_MS = 100
REFLECTED_MS = 1_000
DOCUMENT_BYTES = 100_000


async def history(setting: Setting) -> list[Row]:
    """Check-ins one by one after three years: answered, then reflected; and the document's size."""
    client = uuid4()
    began_at = datetime.now(UTC) - timedelta(days=DAYS + MEASURED)
    connection = await asyncpg.connect(setting.database_url)
    try:
        async with reporting(setting) as people:
            await people.report(a_begun_plan(client, began_at))
            await people.report([a_check_in(client, day, began_at) for day in range(DAYS)])
            await _reflected(connection, client)
            answers, reflections = [], []
            for day in range(DAYS, DAYS + MEASURED):
                [one] = await people.report([a_check_in(client, day, began_at)])
                answers.append(people.answered[one] - people.sent[one])
                await _reflected(connection, client)
                reflections.append(time.perf_counter() - people.sent[one])
        size = await _size(connection, client)
    finally:
        await connection.close()
    p50 = percentile(reflections, 50) * 1000
    return [
        delays("a check-in after three years -> answered", answers, targets_ms=(ANSWER_MS,) * 2),
        Row(
            "a check-in after three years -> statistics kept",
            f"p50 {p50:.0f} ms, p99 {percentile(reflections, 99) * 1000:.0f} ms",
            target=f"p50 <= {REFLECTED_MS} ms",
            ok=p50 <= REFLECTED_MS,
            raw={"unit": "s", "all": reflections},
        ),
        Row(
            "the view after three years, bytes",
            f"{size:,}",
            target=f"< {DOCUMENT_BYTES:,}",
            ok=0 < size < DOCUMENT_BYTES,
            raw={"unit": "B", "size": size},
        ),
    ]


async def _reflected(connection: asyncpg.Connection, client: UUID) -> None:
    async def kept() -> bool:
        found: bool = await connection.fetchval(
            "select reported_version <= reflected_version from progress.clients"
            " where client_id = $1",
            client,
        )
        return found

    await eventually(kept, "the statistics")


async def _size(connection: asyncpg.Connection, client: UUID) -> int:
    async def shown() -> int:
        found = await connection.fetchval(
            "select document from booking.progress_views where client_id = $1", client
        )
        return 0 if found is None else len(json.dumps(json.loads(found)))

    return await eventually(shown, "the view")
