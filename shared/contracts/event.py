"""The base of every event and the CloudEvents envelope around it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, ClassVar, Generic, TypeVar

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)

from shared.clock import rfc3339


def _in_utc(at: object) -> object:
    return at.astimezone(UTC) if isinstance(at, datetime) and at.tzinfo else at


Instant = Annotated[
    AwareDatetime,
    BeforeValidator(_in_utc),
    PlainSerializer(rfc3339, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A moment: RFC 3339 in UTC on the wire."""

Count = Annotated[int, Field(json_schema_extra={"x-unit": "count"})]
Days = Annotated[int, Field(json_schema_extra={"x-unit": "days"})]
Minutes = Annotated[int, Field(json_schema_extra={"x-unit": "minutes"})]
Points = Annotated[float, Field(json_schema_extra={"x-unit": "points of the scale"})]
Share = Annotated[float, Field(json_schema_extra={"x-unit": "share, 0 to 1"})]
"""Numbers with their unit, which the published schemas tell as `x-unit`."""


@dataclass(frozen=True)
class Typed:
    """Marks a field that holds what people typed: booking seals it before it leaves.

    What is among the `codes` says nothing of anybody's own and stays readable.
    """

    codes: frozenset[str] = frozenset()


FreeText = Annotated[str, Typed()]
"""Text in somebody's own words; sealed with the key of the client it speaks of."""


class Part(BaseModel):
    """A piece of an event; unknown fields of a newer producer are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Event(Part):
    """A fact that has happened. Knows its topic, its type and the key that keeps it in order."""

    topic: ClassVar[str]
    type: ClassVar[str]

    @property
    def key(self) -> str:
        """The record key: events that share it keep their order."""
        raise TypeError(f"{type(self).__name__} has no key")

    @property
    def subject(self) -> str:
        """What the event is about (`ce_subject`)."""
        return self.key


EventT_co = TypeVar("EventT_co", bound=Event, covariant=True)


@dataclass(frozen=True)
class Envelope(Generic[EventT_co]):
    """An event as it arrived, with the CloudEvents attributes from its headers.

    `traceparent` is the W3C trace context of what led to it.
    """

    id: str
    source: str
    type: str
    time: datetime
    subject: str | None
    data: EventT_co
    traceparent: str | None = None
