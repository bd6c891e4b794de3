"""Rows of the kit alone: events a second through relay and consumer, each beside a bare peer."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from tests.bench.report import Row
from tests.bench.setting import Setting, in_process
from tests.integration.shared.fabric import make_topic

RELAY_RATIO = 0.5
"""What database, lock and deletion may cost: as much again as the publishing itself."""


async def relay(setting: Setting) -> list[Row]:
    """20,000 events from outbox to broker against the same records from memory."""
    topic = await make_topic(setting.kafka)
    found = await in_process("tests.bench.relaying", setting.kit_url, setting.kafka, topic)
    return [_row("relay, events/s", found, "relay", "bare idempotent producer", target=RELAY_RATIO)]


async def consumer(setting: Setting) -> list[Row]:
    """20,000 records through inbox and a handler that writes a row against only reading them."""
    topic = await make_topic(setting.kafka)
    found = await in_process("tests.bench.consuming", setting.kit_url, setting.kafka, topic)
    return [_row("inbox + effect, records/s", found, "consumer", "bare consumer that only reads")]


def _row(
    name: str,
    found: Mapping[str, Sequence[float]],
    ours: str,
    peer: str,
    *,
    target: float | None = None,
) -> Row:
    mine, bare = median(found[ours]), median(found["bare"])
    raw: dict[str, Any] = {"unit": "1/s", **found}
    return Row(
        name,
        f"{mine:,.0f}",
        f"{bare:,.0f} ({peer})",
        mine / bare,
        "" if target is None else f">= {target}",
        None if target is None else mine / bare >= target,
        raw,
    )
