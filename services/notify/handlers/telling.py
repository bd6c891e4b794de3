"""Hears the events of a batch in order, and schedules what they want told in one go."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.notify.domain.planned import Planned
from services.notify.store import schedule
from shared.clock import Clock
from shared.contracts.event import Envelope, Event
from shared.postgres import Transaction
from shared.tracing import caused_by


@dataclass(frozen=True)
class Heard:
    """What events led to: messages to schedule, and whether others that waited may go on."""

    planned: Sequence[Planned] = ()
    woken: bool = False


Decide = Callable[[Transaction, Envelope[Any], datetime], Awaitable[Heard]]
DecideAll = Callable[[Transaction, Sequence[Envelope[Any]], datetime], Awaitable[Heard]]


@dataclass(frozen=True)
class Decision:
    """How events of a type are decided on.

    `concerns` names the person or the subject whose messages a decision looks at or changes: those
    that earlier events planned are scheduled before it. Without it a decision looks at no messages.
    Events that follow each other and concern different ones are decided on at once.
    """

    decide: DecideAll
    concerns: Callable[[Any], UUID] | None = None
    concerns_all: bool = False


def adding(decide: Decide) -> Decision:
    """A decision on one event that adds messages, whatever others there are."""
    return Decision(_each(decide))


def looking(decide: Decide) -> Decision:
    """A decision on one event that looks at anybody's messages."""
    return Decision(_each(decide), concerns_all=True)


class Telling:
    """Handles the events of a batch; they end as if each had been handled by itself."""

    def __init__(
        self,
        decisions: Mapping[type[Event], Decision],
        clock: Clock,
        scheduled: Callable[[], None],
    ) -> None:
        """`scheduled` is called when messages may be due; the transaction is still open then."""
        self._decisions = decisions
        self._clock = clock
        self._scheduled = scheduled

    async def hear(self, tx: Transaction, events: Sequence[Envelope[Any]]) -> None:
        """Decide on events in their order, and schedule what is planned.

        What earlier events planned waits for the end of the batch, unless a decision looks at it.
        """
        now = self._clock()
        waiting = _Waiting()
        changed = False
        for decision, run in self._runs(events):
            if waiting.are_looked_at(decision, run):
                changed |= await schedule.add(tx, waiting.take(), now=now) > 0
            # What several events lead to together has no one cause, but each message has its own.
            with caused_by(run[0].traceparent if len(run) == 1 else None):
                heard = await decision.decide(tx, run, now)
            waiting.add(_with_causes(heard.planned, decision, run))
            changed |= heard.woken
        changed |= await schedule.add(tx, waiting.take(), now=now) > 0
        if changed:
            self._scheduled()

    def _runs(
        self, events: Sequence[Envelope[Any]]
    ) -> Iterator[tuple[Decision, list[Envelope[Any]]]]:
        """The events in runs that can be decided on at once."""
        run: list[Envelope[Any]] = []
        concerned: set[UUID] = set()
        decided: Decision | None = None
        for event in events:
            decision = self._decisions[type(event.data)]
            who = None if decision.concerns is None else decision.concerns(event.data)
            if decided is not None and (
                decision != decided or decision.concerns_all or who in concerned
            ):
                yield decided, run
                run, concerned = [], set()
            decided = decision
            run.append(event)
            if who is not None:
                concerned.add(who)
        if decided is not None:
            yield decided, run


@dataclass
class _Waiting:
    """Messages that are planned and not yet scheduled."""

    planned: list[Planned] = field(default_factory=list)
    named: set[UUID] = field(default_factory=set)

    def add(self, planned: Sequence[Planned]) -> None:
        self.planned += planned
        for message in planned:
            self.named |= {message.subject_id, message.recipient_id}

    def are_looked_at(self, decision: Decision, run: Sequence[Envelope[Any]]) -> bool:
        concerns = decision.concerns
        if concerns is None:
            return decision.concerns_all
        return any(concerns(event.data) in self.named for event in run)

    def take(self) -> list[Planned]:
        taken, self.planned, self.named = self.planned, [], set()
        return taken


def _each(decide: Decide) -> DecideAll:
    async def decide_each(tx: Transaction, events: Sequence[Envelope[Any]], now: datetime) -> Heard:
        planned: list[Planned] = []
        woken = False
        for event in events:
            with caused_by(event.traceparent):
                heard = await decide(tx, event, now)
            planned += [_with_cause(message, event) for message in heard.planned]
            woken |= heard.woken
        return Heard(planned, woken)

    return decide_each


def _with_causes(
    planned: Sequence[Planned], decision: Decision, run: Sequence[Envelope[Any]]
) -> Sequence[Planned]:
    """Messages with the span of the event that each comes from: the one that concerns the same."""
    concerns = decision.concerns
    if concerns is None or not any(event.traceparent for event in run):
        return planned
    events = {concerns(event.data): event for event in run}
    return [
        _with_cause(
            message,
            events.get(message.subject_id)
            or events.get(message.recipient_id)
            or (events.get(message.booking_id) if message.booking_id else None),
        )
        for message in planned
    ]


def _with_cause(message: Planned, event: Envelope[Any] | None) -> Planned:
    if event is None or event.traceparent is None or message.traceparent is not None:
        return message
    return replace(message, traceparent=event.traceparent)
