"""Spans for a collector, by OpenTelemetry over HTTP; imported only where one is named."""

import asyncio
import platform
import threading
from collections.abc import Mapping, Sequence

import structlog
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, TraceFlags
from opentelemetry.trace.status import Status, StatusCode

from shared.telemetry import VERSION
from shared.tracing import ATTRIBUTES, Kind, Span, Tracing, Value

CLOSE_TIMEOUT_S = 3.0
"""A collector that is away must not keep a service from stopping; the last spans are lost then."""

EXPORT_TIMEOUT_S = 5.0

MAX_VALUE_CHARS = 200
"""Codes and names of ours are shorter."""

_KINDS: Mapping[Kind, SpanKind] = {
    "server": SpanKind.SERVER,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
    "client": SpanKind.CLIENT,
}
_NOTHING_UNDER_WAY = Context()

log = structlog.get_logger()


class _Exported(Span):
    """A span that goes to the collector when it has ended."""

    __slots__ = ("_span",)

    def __init__(self, span: trace.Span) -> None:
        at = span.get_span_context()
        super().__init__(f"00-{at.trace_id:032x}-{at.span_id:016x}-{int(at.trace_flags):02x}")
        self._span = span

    def end(
        self,
        *,
        name: str | None = None,
        fault: str | None = None,
        attributes: Mapping[str, Value] | None = None,
    ) -> None:
        if name is not None:
            self._span.update_name(name)
        self._span.set_attributes(_allowed(attributes))
        if fault is not None:
            self._span.set_attribute("error.type", fault)
            self._span.set_status(Status(StatusCode.ERROR))
        self._span.end()


class _Exporting(Tracing):
    """Begins spans that are exported in batches, by a thread of its own.

    Which traces are kept is decided once, where they begin: OTEL_TRACES_SAMPLER names how.
    """

    on = True

    def __init__(self, service: str, exporter: OTLPSpanExporter) -> None:
        told = {
            "service.name": f"limber-{service}",
            "service.namespace": "limber",
            "service.version": VERSION,
            "process.runtime.version": platform.python_version(),
        }
        self._provider = TracerProvider(resource=Resource.create(told), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("limber")

    def begin(
        self,
        kind: Kind,
        name: str,
        *,
        parent: str | None = None,
        links: Sequence[str] = (),
        attributes: Mapping[str, Value] | None = None,
    ) -> Span:
        context = _NOTHING_UNDER_WAY
        if parent is not None:
            context = trace.set_span_in_context(NonRecordingSpan(_place(parent)), context)
        span = self._tracer.start_span(
            name,
            context=context,
            kind=_KINDS[kind],
            links=[Link(_place(link)) for link in links],
            attributes=_allowed(attributes),
        )
        return _Exported(span)

    async def close(self) -> None:
        loop, closed = asyncio.get_running_loop(), asyncio.Event()

        def shut_down() -> None:
            self._provider.shutdown()
            try:
                loop.call_soon_threadsafe(closed.set)
            except RuntimeError:
                # Nobody waits any more.
                return

        # A daemon, so that the process may end while the exporter still tries.
        threading.Thread(target=shut_down, name="last-spans", daemon=True).start()
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await closed.wait()
        except TimeoutError:
            log.warning("last-spans-lost")


def exporting(service: str, endpoint: str) -> Tracing:
    """Spans of a service for the collector whose address is `endpoint`, without /v1/traces."""
    address = f"{endpoint.rstrip('/')}/v1/traces"
    return _Exporting(service, OTLPSpanExporter(endpoint=address, timeout=EXPORT_TIMEOUT_S))


def _place(traceparent: str) -> SpanContext:
    _, trace_id, span_id, flags = traceparent.split("-")
    return SpanContext(int(trace_id, 16), int(span_id, 16), True, TraceFlags(int(flags, 16)))


def _allowed(attributes: Mapping[str, Value] | None) -> dict[str, Value]:
    return {
        name: value[:MAX_VALUE_CHARS] if isinstance(value, str) else value
        for name, value in (attributes or {}).items()
        if name in ATTRIBUTES
    }
