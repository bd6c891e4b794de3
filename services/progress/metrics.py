"""What progress tells Prometheus besides the kit's metrics; never whom it is about."""

import json
from collections.abc import Callable
from datetime import timedelta

from prometheus_client import CollectorRegistry, Counter, Gauge

from services.progress.store import clients
from shared.clock import Clock
from shared.contracts.progress import RuleFired, SafetyHoldPlaced, SafetyLevelChanged
from shared.postgres import Transaction

LEVEL, RULE, HOLD = SafetyLevelChanged.type, RuleFired.type, SafetyHoldPlaced.type


class ProgressMetrics:
    """How judging goes."""

    def __init__(self, registry: CollectorRegistry, clock: Clock) -> None:
        self._clock = clock
        self._levels = Counter(
            "limber_levels",
            "Safety levels that clients moved to",
            ["level"],
            registry=registry,
        )
        self._rules = Counter(
            "limber_rules_fired",
            "Rules that came into force; a rule that moved a level counts with it",
            ["rule"],
            registry=registry,
        )
        self._holds = Counter(
            "limber_holds_placed", "Safety holds placed, by the rule", ["rule"], registry=registry
        )
        self._due_late = Gauge(
            "limber_due_late_seconds",
            "How long the client that waits longest for what time brings has waited",
            registry=registry,
        )
        self._statistics = Gauge(
            "limber_statistics_waiting",
            "Clients with reports that the statistics have not looked at",
            registry=registry,
        )

    def watch_statistics(self, waiting: Callable[[], int]) -> None:
        """`waiting` says how many clients the last look found."""
        self._statistics.set_function(waiting)

    def hear(self, kind: str, payload: str) -> None:
        """An event was published."""
        if kind not in {LEVEL, RULE, HOLD}:
            return
        told = json.loads(payload)
        if kind == LEVEL:
            self._levels.labels(told["level"]).inc()
            for rule in told["rules"]:
                self._rules.labels(rule).inc()
        elif kind == RULE:
            self._rules.labels(told["rule"]).inc()
        else:
            self._holds.labels(told["rule"]).inc()

    async def measure(self, connection: Transaction) -> None:
        """Set the gauge of what is due."""
        now = self._clock()
        since = await clients.due_since(connection, now)
        late = timedelta(0) if since is None else now - since
        self._due_late.set(late.total_seconds())
