"""Logs and metrics. Neither ever holds a name, an address, a text or a health value."""

import logging
import platform
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.process_collector import ProcessCollector

VERSION = "0.1.0"
"""Of the release, as pyproject.toml has it; a container holds no such file."""

REQUEST_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""0.25 and 1 are what docs/metrics.md promises; streams end up in the last."""

PRIVATE_NAMES = frozenset({
    "name", "email", "phone", "address", "street", "note", "code", "token", "body", "value",
    "pain", "conditions", "payload",
})  # fmt: skip
"""Log fields that may hold personal data: refused, whatever they hold."""


def drop_private(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> Mapping[str, Any]:
    """Remove private fields from a log line and name what was removed."""
    dropped = sorted(PRIVATE_NAMES & event.keys())
    for name in dropped:
        del event[name]
    if dropped:
        event["dropped"] = dropped
    return event


def configure_logging(service: str, level: str) -> None:
    """JSON lines on standard output, for our own code and for libraries alike."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        drop_private,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stdout),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.clear_contextvars()
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _library_fault,
                structlog.processors.JSONRenderer(),
            ],
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    structlog.get_logger().info("starting", service=service)


def _library_fault(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> Mapping[str, Any]:
    # A library's traceback may quote what a person wrote: keep the kind of fault and the place.
    fault = event.pop("exc_info", None)
    if isinstance(fault, tuple) and fault[0] is not None:
        event["fault"] = fault[0].__name__
        trace = fault[2]
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        if trace is not None:
            event["at"] = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
    event.pop("exc_text", None)
    return event


class Metrics:
    """What every service tells Prometheus about itself; docs/metrics.md says what it means."""

    def __init__(self, service: str = "") -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        Gauge(
            "limber_build_info",
            "1; the labels say which service and version this is",
            ["service", "version", "python"],
            registry=registry,
        ).labels(service, VERSION, platform.python_version()).set(1)
        self.requests = Histogram(
            "limber_http_request_seconds",
            "Time to answer a request",
            ["method", "route", "status"],
            buckets=REQUEST_BUCKETS_S,
            registry=registry,
        )
        self.part_up = Gauge(
            "limber_part_up",
            "Whether this process reaches postgres and kafka (1) or not (0)",
            ["part"],
            registry=registry,
        )
        self.db_wait = Histogram(
            "limber_db_wait_seconds",
            "How long work waited for a connection of the pool",
            buckets=(0.001, 0.005, 0.02, 0.1, 0.5, 2, 10),
            registry=registry,
        )
        self.db_connections = Gauge(
            "limber_db_connections", "Connections of the pool", ["state"], registry=registry
        )
        self.clock_offset = Gauge(
            "limber_clock_offset_seconds",
            "How far a test has shifted the service's clock; 0 in earnest",
            registry=registry,
        )
        self.clock_skew = Gauge(
            "limber_clock_skew_seconds",
            "How far the database's clock is ahead of this machine's",
            registry=registry,
        )
        self._measure_consuming(registry)
        self._measure_outbox(registry)

    def _measure_consuming(self, registry: CollectorRegistry) -> None:
        self.lag = Gauge(
            "limber_consumer_lag_records",
            "Records on the topic that this group has not handled",
            ["topic", "partition"],
            registry=registry,
        )
        self.handled = Counter(
            "limber_records_handled",
            "Records handled; the type is other for those that do not concern the service",
            ["topic", "type"],
            registry=registry,
        )
        self.parked = Counter(
            "limber_records_parked", "Records that were parked", ["topic"], registry=registry
        )
        self.event_age = Histogram(
            "limber_event_age_seconds",
            "From the moment an event happened until its effects were committed here",
            ["topic"],
            buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15, 60, 600, 3600),
            registry=registry,
        )
        self.batch_records = Histogram(
            "limber_batch_records",
            "Records handled in one transaction",
            buckets=(1, 2, 5, 10, 25, 50, 100, 200),
            registry=registry,
        )
        self.batch_seconds = Histogram(
            "limber_batch_seconds", "Time of one such transaction", registry=registry
        )
        self.batch_retries = Counter(
            "limber_batch_retries",
            "Batches tried again after a fault of the moment",
            registry=registry,
        )
        self.parked_keys = Gauge(
            "limber_parked_keys", "Keys that wait behind a dead letter", registry=registry
        )
        self.dead_letters = Gauge(
            "limber_dead_letters", "Records kept for an operator", registry=registry
        )

    def _measure_outbox(self, registry: CollectorRegistry) -> None:
        self.outbox_age = Gauge(
            "limber_outbox_oldest_seconds",
            "Age of the oldest event that is not on Kafka yet",
            registry=registry,
        )
        self.outbox_rows = Gauge(
            "limber_outbox_events", "Events that are not on Kafka yet", registry=registry
        )
        self.published = Counter(
            "limber_events_published",
            "Events that Kafka has acknowledged",
            ["topic", "type"],
            registry=registry,
        )
