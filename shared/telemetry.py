"""Logs and metrics. Neither ever holds a name, an address, a text or a health value."""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.process_collector import ProcessCollector

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
    """What a service tells Prometheus about itself."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Histogram(
            "limber_http_request_seconds",
            "Time to answer a request",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.lag = Gauge(
            "limber_consumer_lag_records",
            "Records on the topic that this group has not handled",
            ["topic", "partition"],
            registry=self.registry,
        )
        self.outbox_age = Gauge(
            "limber_outbox_oldest_seconds",
            "Age of the oldest event that is not on Kafka yet",
            registry=self.registry,
        )
        self.outbox_rows = Gauge(
            "limber_outbox_events", "Events that are not on Kafka yet", registry=self.registry
        )
        self.parked_keys = Gauge(
            "limber_parked_keys", "Keys that wait behind a dead letter", registry=self.registry
        )
        self.dead_letters = Gauge(
            "limber_dead_letters", "Records kept for an operator", registry=self.registry
        )
        self.handled = Counter(
            "limber_records_handled", "Records consumed since the start", registry=self.registry
        )
