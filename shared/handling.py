"""What a service does with what it consumes."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.contracts.event import Envelope, Event
from shared.postgres import Transaction
from shared.records import Tombstone

Handle = Callable[[Transaction, Envelope[Any]], Awaitable[None]]
HandleAll = Callable[[Transaction, Sequence[Envelope[Any]]], Awaitable[None]]
Forget = Callable[[Transaction, Tombstone], Awaitable[None]]


@dataclass(frozen=True)
class Together:
    """Types whose events are handled all at once: those of a batch in order, or a single one."""

    types: frozenset[type[Event]]
    handle: HandleAll


@dataclass
class Handlers:
    """What a service does with each event type, and with tombstones of compacted topics.

    The events of `together` go to its handler as far as they follow each other in a batch.
    """

    events: Mapping[type[Event], Handle] = field(default_factory=dict)
    tombstones: Mapping[str, Forget] = field(default_factory=dict)
    together: Together | None = None

    @property
    def types(self) -> frozenset[type[Event]]:
        """The types of events that are handled."""
        joint = frozenset[type[Event]]() if self.together is None else self.together.types
        return joint.union(self.events)

    @property
    def topics(self) -> list[str]:
        """The topics to subscribe to."""
        return sorted({event.topic for event in self.types} | set(self.tombstones))
