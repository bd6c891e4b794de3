"""The services clients can book."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from shared.contracts.booking import Mode
from shared.errors import Invalid

ServiceId = Literal["first-workout", "assessment", "training"]


@dataclass(frozen=True)
class Service:
    """A kind of session: how long it takes, how it can take place, what it costs."""

    id: ServiceId
    name: str
    minutes: int
    modes: tuple[Mode, ...] = ("in-person", "virtual")
    free: bool = False
    once_per_client: bool = False

    @property
    def length(self) -> timedelta:
        """From start to end."""
        return timedelta(minutes=self.minutes)


SERVICES = (
    Service("first-workout", "Free first workout", 60, free=True, once_per_client=True),
    Service("assessment", "Posture and movement assessment", 90),
    Service("training", "Personal training", 60),
)

_BY_ID: dict[str, Service] = {service.id: service for service in SERVICES}


def find(service_id: str) -> Service:
    """The service of that id.

    Raises:
        Invalid: there is no such service; names the field `service`.
    """
    service = _BY_ID.get(service_id)
    if service is None:
        raise Invalid.field("service", f"should be one of {', '.join(_BY_ID)}")
    return service
