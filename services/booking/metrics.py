"""What booking tells Prometheus besides the kit's metrics; never who booked."""

import json
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge

CHANGES = {
    "booking.confirmed.v1": "confirmed",
    "booking.rescheduled.v1": "rescheduled",
    "booking.cancelled.v1": "cancelled",
    "booking.completed.v1": "completed",
    "booking.missed.v1": "missed",
    "booking.frozen.v1": "frozen",
    "booking.unfrozen.v1": "unfrozen",
}
"""What each event says of a booking."""


class BookingMetrics:
    """How bookings go."""

    def __init__(self, registry: CollectorRegistry, *, streams: Callable[[], int]) -> None:
        """`streams` says how many pages follow what happens."""
        self._bookings = Counter(
            "limber_bookings",
            "Changes of bookings that were told",
            ["change", "service", "mode"],
            registry=registry,
        )
        Gauge(
            "limber_streams_open", "Pages that follow what happens", registry=registry
        ).set_function(streams)

    def hear(self, kind: str, payload: str) -> None:
        """An event was published."""
        if (change := CHANGES.get(kind)) is not None:
            told = json.loads(payload)
            self._bookings.labels(change, told["service"], told["mode"]).inc()
