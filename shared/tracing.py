"""Traces: one request followed through outbox, Kafka and services to the mail it leads to.

Off unless a collector is named (OTEL_EXPORTER_OTLP_ENDPOINT): nothing of OpenTelemetry is imported
then, and what others follow is passed on as it came.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import Any, Literal, TypeAlias

from shared.contracts.event import Envelope

ATTRIBUTES = frozenset({
    "http.request.method", "http.route", "http.response.status_code",
    "messaging.system", "messaging.operation.type", "messaging.destination.name",
    "messaging.consumer.group.name", "messaging.batch.message_count", "cloudevents.event_type",
    "limber.channel", "limber.template", "limber.provider", "limber.result",
    "error.type",
})  # fmt: skip
"""All that a span may tell; each is a code of ours or a number. Others are left out."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Methods that are named in metrics and spans; a visitor may send any word."""

_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")

Kind: TypeAlias = Literal["server", "producer", "consumer", "client"]
Value: TypeAlias = str | int

_cause: ContextVar[str | None] = ContextVar("traceparent", default=None)


def cause() -> str | None:
    """The span that is under way here, as a W3C traceparent; events name it as their cause."""
    return _cause.get()


@contextmanager
def caused_by(traceparent: str | None) -> Iterator[None]:
    """What the block writes into the outbox has this cause."""
    token = _cause.set(traceparent)
    try:
        yield
    finally:
        _cause.reset(token)


def read_traceparent(header: bytes | None) -> str | None:
    """A W3C traceparent from a header; None when it is none."""
    text = header.decode("ascii", "replace") if header else ""
    return text if _TRACEPARENT.fullmatch(text) else None


def method_name(method: str) -> str:
    """An HTTP method as metrics and spans name it."""
    return method if method in METHODS else "_OTHER"


class Span:
    """A span that nobody exports: it passes on the cause it was given."""

    __slots__ = ("traceparent",)

    def __init__(self, traceparent: str | None) -> None:
        self.traceparent = traceparent

    def end(
        self,
        *,
        name: str | None = None,
        fault: str | None = None,
        attributes: Mapping[str, Value] | None = None,
    ) -> None:
        """It is over; `fault` is the kind of what went wrong, never its text."""


class Tracing:
    """Begins spans. This one is off."""

    on = False

    def begin(
        self,
        kind: Kind,
        name: str,
        *,
        parent: str | None = None,
        links: Sequence[str] = (),
        attributes: Mapping[str, Value] | None = None,
    ) -> Span:
        """A span under `parent`, or the first of a new trace; `attributes` as in `ATTRIBUTES`."""
        del kind, name, links, attributes
        return Span(parent)

    def batch(self, group: str, records: int) -> "Followed":
        """For the records that a consumer handles in one transaction."""
        return Followed(self, group, records)

    async def close(self) -> None:
        """Hand over what was not exported yet."""


OFF = Tracing()


class Followed:
    """A batch of records: its span, and one for each record under what led to the record.

    They end together, with the transaction: a record's span is as long as its batch's.
    """

    def __init__(self, tracing: Tracing, group: str, records: int) -> None:
        self._tracing = tracing
        self._group = group
        self._records = records
        self._spans: list[Span] = []

    def __enter__(self) -> "Followed":
        if self._tracing.on:
            about: dict[str, Value] = {
                "messaging.system": "kafka",
                "messaging.consumer.group.name": self._group,
                "messaging.batch.message_count": self._records,
            }
            self._spans.append(
                self._tracing.begin("consumer", f"batch {self._group}", attributes=about)
            )
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for span in self._spans:
            span.end(fault=None if kind is None else kind.__name__)

    def record(self, event: Envelope[Any]) -> Envelope[Any]:
        """The event with its own span as the cause of what it leads to."""
        if not self._spans:
            return event
        batch = self._spans[0].traceparent
        span = self._tracing.begin(
            "consumer",
            f"process {event.type}",
            parent=event.traceparent,
            links=[batch] if batch else [],
            attributes={
                "messaging.system": "kafka",
                "messaging.operation.type": "process",
                "messaging.destination.name": event.data.topic,
                "messaging.consumer.group.name": self._group,
                "cloudevents.event_type": event.type,
            },
        )
        self._spans.append(span)
        return replace(event, traceparent=span.traceparent)


def tracing_for(service: str, endpoint: str | None) -> Tracing:
    """What follows a service's work: spans for the collector at `endpoint`, or nothing."""
    if not endpoint:
        return OFF
    # Its import takes longer than the rest of a service's start.
    from shared.spans import exporting  # noqa: PLC0415

    start: Callable[[str, str], Tracing] = exporting
    return start(service, endpoint)
