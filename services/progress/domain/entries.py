"""Entries of a client's log that are no event of a topic: what time and computation brought."""

from typing import ClassVar
from uuid import UUID

from services.progress.domain.care import Effect, Trend
from shared.contracts.catalogue import EVENT_TYPES
from shared.contracts.event import Event, Instant


class TimePassed(Event):
    """An instant came at which something was due."""

    type: ClassVar[str] = "time.passed.v1"

    client_id: UUID
    at: Instant


class Proposed(Event):
    """A set that was drawn for a plan, with the chance each option had."""

    type: ClassVar[str] = "set.proposed.v1"

    set_id: UUID
    plan_id: UUID
    options: tuple[str, ...]
    propensities: dict[str, float]
    seed: str
    model_version: str
    masked: dict[str, str]


class Reflected(Event):
    """What the statistics made of a client's reports up to an entry of the log."""

    type: ClassVar[str] = "statistics.computed.v1"

    client_id: UUID
    at: Instant
    up_to: int
    trends: tuple[Trend, ...]
    effects: tuple[Effect, ...]
    flare_alarm: bool
    proposal: Proposed | None = None


ENTRY_TYPES: dict[str, type[Event]] = EVENT_TYPES | {
    entry.type: entry for entry in (TimePassed, Reflected)
}
"""All that a log can hold."""
