"""Rows of the kit alone: events a second through relay and consumer, each beside a bare peer."""

from collections.abc import Mapping, Sequence
from statistics import median

from tests.bench.report import Row
from tests.bench.setting import Setting, in_process
from tests.integration.shared.fabric import make_topic

RELAY_RATIO = 0.5
"""What database, lock and deletion may cost: as much again as the publishing itself."""


async def relay(setting: Setting) -> list[Row]:
    """20,000 events from outbox to broker against the same records from memory."""
    topic = await make_topic(setting.kafka)
    found = await in_process("tests.bench.relaying", setting.kit_url, setting.kafka, topic)
    return [
        _row("relay, events/s", found, "relay", "bare", "bare idempotent producer", RELAY_RATIO)
    ]


async def consumer(setting: Setting) -> list[Row]:
    """20,000 records through inbox and a handler that writes a row, against two bare loops."""
    topic = await make_topic(setting.kafka)
    found = await in_process("tests.bench.consuming", setting.kit_url, setting.kafka, topic)
    name = "inbox + effect, records/s"
    return [
        _row(name, found, "consumer", "writing", "bare loop that writes the same row"),
        _row(name, found, "consumer", "bare", "bare loop that only reads"),
    ]


def _row(
    name: str,
    found: Mapping[str, Sequence[float]],
    ours: str,
    peers: str,
    told: str,
    target: float | None = None,
) -> Row:
    mine, theirs = median(found[ours]), median(found[peers])
    return Row(
        name,
        f"{mine:,.0f}",
        f"{theirs:,.0f} ({told})",
        mine / theirs,
        "" if target is None else f">= {target}",
        None if target is None else mine / theirs >= target,
        {"unit": "1/s", ours: found[ours], peers: found[peers]},
    )
