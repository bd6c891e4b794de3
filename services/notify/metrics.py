"""What notify tells Prometheus besides the kit's metrics; never who a message was for."""

import json

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

STATES = {
    "message.scheduled.v1": "scheduled",
    "message.sent.v1": "sent",
    "message.failed.v1": "failed",
    "message.cancelled.v1": "cancelled",
    "message.unknown.v1": "unknown",
}
"""What each event says of a message."""


class SendMetrics:
    """How sending goes."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.attempts = Counter(
            "limber_send_attempts",
            "Messages that were tried, by how it ended",
            ["channel", "template", "result"],
            registry=registry,
        )
        self.messages = Counter(
            "limber_messages",
            "Messages that came to a state; those that are scheduled anew count again",
            ["state", "template", "channel"],
            registry=registry,
        )
        self.unacknowledged = Gauge(
            "limber_alert_unacknowledged_seconds",
            "How long the oldest safety alert of a day waits for somebody to look",
            registry=registry,
        )
        self.seconds = Histogram(
            "limber_send_seconds",
            "Time of handing one message to one provider",
            ["channel"],
            registry=registry,
        )
        self.lateness = Histogram(
            "limber_send_late_seconds",
            "From the moment a message was due until a provider took it",
            ["channel"],
            buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15, 60, 600, 3600),
            registry=registry,
        )
        self.oldest_due = Gauge(
            "limber_delivery_oldest_due_seconds",
            "How long the oldest message that is due has waited; the rank is essential or other",
            ["channel", "rank"],
            registry=registry,
        )
        self.breakers = Gauge(
            "limber_provider_breaker",
            "Whether a provider is in use (0), tried again (0.5) or left alone (1)",
            ["channel", "provider"],
            registry=registry,
        )
        self.suppressed = Gauge(
            "limber_suppressed_addresses",
            "Addresses that take nothing more",
            ["channel", "reason"],
            registry=registry,
        )

    def hear(self, kind: str, payload: str) -> None:
        """An event was published."""
        if (state := STATES.get(kind)) is not None:
            told = json.loads(payload)
            self.messages.labels(state, told["template"], told["channel"]).inc()
