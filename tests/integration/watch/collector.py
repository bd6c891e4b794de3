"""A collector that takes OTLP over HTTP and keeps what it was told."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

WITHIN_S = 30.0


@dataclass(frozen=True)
class Seen:
    """A span as the collector got it; ids are hex."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    links: tuple[str, ...]
    attributes: dict[str, Any]
    failed: bool
    events: int


@dataclass
class Collector:
    """Listens on a free port of 127.0.0.1."""

    spans: list[Seen] = field(default_factory=list)
    resources: list[dict[str, Any]] = field(default_factory=list)
    raw: bytearray = field(default_factory=bytearray)
    address: str = ""
    _runner: web.AppRunner | None = None
    _came: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def __aenter__(self) -> "Collector":
        app = web.Application()
        app.router.add_post("/v1/traces", self._take)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.address = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def until(self, wanted: Callable[["Collector"], bool]) -> None:
        """Wait for spans."""
        async with asyncio.timeout(WITHIN_S), self._came:
            await self._came.wait_for(lambda: wanted(self))

    def line(self, span: Seen) -> list[str]:
        """A span and those above it, the nearest first: `service: name`."""
        known = {one.id: one for one in self.spans}

        def upwards(one: Seen | None) -> Iterator[str]:
            while one is not None:
                yield f"{one.service.removeprefix('limber-')}: {one.name}"
                one = known.get(one.parent)

        return list(upwards(span))

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        told = ExportTraceServiceRequest.FromString(body)
        async with self._came:
            self.raw += body
            for group in told.resource_spans:
                resource = _attributes(group.resource.attributes)
                self.resources.append(resource)
                for scope in group.scope_spans:
                    self.spans += [_seen(resource["service.name"], span) for span in scope.spans]
            self._came.notify_all()
        answer = ExportTraceServiceResponse().SerializeToString()
        return web.Response(body=answer, content_type="application/x-protobuf")


def _seen(service: str, span: Any) -> Seen:
    return Seen(
        service=service,
        name=span.name,
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        links=tuple(link.span_id.hex() for link in span.links),
        attributes=_attributes(span.attributes),
        failed=span.status.code == 2,
        events=len(span.events),
    )


def _attributes(pairs: Any) -> dict[str, Any]:
    return {
        pair.key: getattr(pair.value, pair.value.WhichOneof("value") or "string_value")
        for pair in pairs
    }
