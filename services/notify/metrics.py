"""What notify tells Prometheus besides the kit's metrics; never who a message was for."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class SendMetrics:
    """How sending goes."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.attempts = Counter(
            "limber_send_attempts",
            "Attempts to hand a message over, by how they ended",
            ["template", "result"],
            registry=registry,
        )
        self.seconds = Histogram(
            "limber_send_seconds",
            "Time of one attempt, from its row to its end",
            registry=registry,
        )
        self.lateness = Histogram(
            "limber_send_late_seconds",
            "From the moment a message was due until a server took it",
            buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15, 60, 600, 3600),
            registry=registry,
        )
        self.oldest_due = Gauge(
            "limber_delivery_oldest_due_seconds",
            "How long the oldest essential message that is due has waited",
            registry=registry,
        )
