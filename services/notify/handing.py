"""Handing one message to one provider: timed, followed, and never raising for what comes of it."""

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import structlog

from services.notify.channels import Line
from services.notify.domain.delivery import Delivery
from services.notify.domain.outcome import Outcome
from services.notify.metrics import SendMetrics
from shared.clock import Clock
from shared.tracing import Span, Tracing

ONE_TRACE_FOR = timedelta(hours=1)
"""A message planned longer ago begins a trace of its own, linked to what it comes from."""

W = TypeVar("W")

log = structlog.get_logger()


@dataclass(frozen=True)
class Handing:
    """How messages are handed over."""

    clock: Clock
    metrics: SendMetrics
    tracing: Tracing

    async def hand_over(
        self, line: Line[W], delivery: Delivery, written: W, provider: str
    ) -> Outcome:
        """Give a written message to a provider, over a line that is ready."""
        began, span, result = time.perf_counter(), self._span(delivery, provider), "cut-off"
        try:
            outcome = await line.send(delivery, written)
            result = outcome.result
        except Exception as fault:  # noqa: BLE001 - an adapter's own fault: who knows what it sent
            log.error("line-failed", message=str(delivery.id), fault=type(fault).__name__)
            line.close()
            outcome = Outcome("unknown")
            result = outcome.result
        finally:
            self.metrics.seconds.labels(delivery.channel).observe(time.perf_counter() - began)
            fault_of = None if result == "accepted" else result
            span.end(fault=fault_of, attributes={"limber.result": result})
        return outcome

    def _span(self, delivery: Delivery, provider: str) -> Span:
        cause = delivery.traceparent
        late = cause is not None and self.clock() - delivery.created_at > ONE_TRACE_FOR
        return self.tracing.begin(
            "client",
            f"send {delivery.channel}",
            parent=None if late else cause,
            links=[cause] if late and cause else [],
            attributes={
                "limber.channel": delivery.channel,
                "limber.template": delivery.template,
                "limber.provider": provider,
            },
        )
