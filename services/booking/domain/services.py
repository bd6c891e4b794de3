"""The services clients can book."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from shared.contracts.booking import Mode
from shared.errors import Invalid

ServiceId = Literal["first-workout", "assessment", "training"]


@dataclass(frozen=True)
class Service:
    """A kind of session: how long it takes, how it can take place, what it costs.

    `notice` is how long before its start a client may still move or cancel without being late.
    """

    id: ServiceId
    name: str
    minutes: int
    notice: timedelta
    modes: tuple[Mode, ...] = ("in-person", "virtual")
    free: bool = False
    once_per_client: bool = False

    @property
    def length(self) -> timedelta:
        """From start to end."""
        return timedelta(minutes=self.minutes)


NO_NOTICE = timedelta(0)
"""The first workout puts nobody under pressure: it can be given back until it begins."""

USUAL_NOTICE = timedelta(hours=12)
"""The evening before a morning session: who waits can still be offered the time, and the trainer
plans the next day's drives then. A day, as others ask, is more than a body in pain can foresee."""

SERVICES = (
    Service("first-workout", "Free first workout", 60, NO_NOTICE, free=True, once_per_client=True),
    Service("assessment", "Posture and movement assessment", 90, USUAL_NOTICE),
    Service("training", "Personal training", 60, USUAL_NOTICE),
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
