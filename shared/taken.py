"""What a consumer took in one transaction: followed there, and counted once it counts."""

from collections import Counter
from datetime import datetime
from typing import Any

from shared.contracts.event import Envelope, Event
from shared.records import Tombstone
from shared.telemetry import Metrics
from shared.tracing import Followed

OTHER, TOMBSTONE = "other", "tombstone"
"""In place of a type: the record is of no concern here, or has no value."""


class Taken:
    """The records of one transaction."""

    def __init__(self, followed: Followed) -> None:
        self._followed = followed
        self._types: Counter[tuple[str, str]] = Counter()
        self._parked: Counter[str] = Counter()
        self._happened: list[tuple[str, datetime]] = []

    def read(self, topic: str, event: Envelope[Event] | Tombstone | None) -> None:
        """A record was read; None where it does not concern the service."""
        kind = OTHER if event is None else TOMBSTONE
        self._types[topic, event.type if isinstance(event, Envelope) else kind] += 1

    def parked(self, topic: str) -> None:
        """A record was parked."""
        self._parked[topic] += 1

    def follow(self, event: Envelope[Any]) -> Envelope[Any]:
        """An event that is handled for the first time, with its span as the cause of the rest."""
        self._happened.append((event.data.topic, event.time))
        return self._followed.record(event)

    def count(self, metrics: Metrics, now: datetime) -> None:
        """The transaction is committed."""
        for (topic, kind), number in self._types.items():
            metrics.handled.labels(topic, kind).inc(number)
        for topic, number in self._parked.items():
            metrics.parked.labels(topic).inc(number)
        for topic, at in self._happened:
            metrics.event_age.labels(topic).observe(max((now - at).total_seconds(), 0.0))
