"""The base of every event and the CloudEvents envelope around it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, ClassVar, Generic, TypeVar

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, PlainSerializer

from shared.clock import rfc3339


def _in_utc(at: object) -> object:
    return at.astimezone(UTC) if isinstance(at, datetime) and at.tzinfo else at


Instant = Annotated[
    AwareDatetime, BeforeValidator(_in_utc), PlainSerializer(rfc3339, when_used="json")
]
"""A moment: RFC 3339 in UTC on the wire."""


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
    """An event as it arrived, with the CloudEvents attributes from its headers."""

    id: str
    source: str
    type: str
    time: datetime
    subject: str | None
    data: EventT_co
