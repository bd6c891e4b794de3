"""What notify tells Prometheus besides the kit's metrics; never who a message was for."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class SendMetrics:
    """How sending goes."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.attempts = Counter(
            "limber_send_attempts",
            "Messages that were tried, by how it ended",
            ["channel", "template", "result"],
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
