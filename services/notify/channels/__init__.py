"""Channels: how a written message leaves the house, whatever the kind of message.

A channel has providers in order of preference (a mail server, an SMS company, a push service). A
sender's worker holds one `Line` to each provider and uses it for one message at a time:

1. `channel.write(delivery, now)` makes what is handed over, away from any provider. Whatever it
   raises ends the message as failed: it cannot be written, now or later.
2. `line.ready()` gets the provider ready, for example connects. Nothing is handed over yet, and
   `UnreachableError` passes the message on to the next provider at once.
3. The attempt's row is committed. An attempt without an end is therefore a send whose fate nobody
   knows, and nothing else.
4. `line.send(delivery, written)` hands it over within `SEND_TIMEOUT_S` and never raises for what a
   provider does: it says so in the `Outcome`. `unreachable`, `lost` and a closed door (`busy`) go
   on to the next provider in an attempt of its own; `deferred` is tried again later; `refused`,
   `bounced`, `accepted` and `unknown` are the end of the matter.

Which provider is worth a try (its circuit breaker) and how many messages a second it may get (its
rate, shared by all replicas) is looked after by `channels.providers`; a line knows neither.
`delivery.id` is the key by which a provider can tell a twin. An adapter gives the provider's own
reference of the message in `Outcome.reference`, and devices that are gone in `Outcome.gone`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from services.notify.domain.delivery import Delivery
from services.notify.domain.outcome import Outcome
from services.notify.domain.templates import Channel as ChannelName

READY_TIMEOUT_S = 5.0
"""A provider that is not ready by then counts as unreachable."""

SEND_TIMEOUT_S = 12.0
"""A whole send; with `READY_TIMEOUT_S` less than the lease (`store.queue.LEASE`), so that nobody
takes over meanwhile."""

LINES = 4
"""Messages sent at once by one process: enough for hundreds a second, few for any provider."""

W = TypeVar("W")
W_contra = TypeVar("W_contra", contravariant=True)


class UnreachableError(Exception):
    """The provider cannot be reached now; nothing was handed over. The text is a kind of fault,
    `code` what the provider said when it turned us away."""

    def __init__(self, kind: str = "", *, code: int | None = None) -> None:
        super().__init__(kind)
        self.code = code


class Line(Protocol[W_contra]):
    """One worker's connection to a provider."""

    async def ready(self) -> None:
        """Be able to send.

        Raises:
            UnreachableError: not now.
        """

    async def send(self, delivery: Delivery, written: W_contra) -> Outcome:
        """Hand a message over; never raises for what a provider does."""

    def close(self) -> None:
        """Let the connection go."""


class Provider(Protocol[W_contra]):
    """One way out of the house."""

    @property
    def name(self) -> str:
        """What attempts, logs and metrics call it, such as host:port; never a password."""

    @property
    def per_second(self) -> float | None:
        """Messages a second that it takes from all replicas together; None for no limit."""

    def line(self) -> Line[W_contra]:
        """A connection of its own, not connected yet."""


@dataclass(frozen=True)
class Channel(Generic[W]):
    """A channel as it is set up; `lines` messages are sent at once by one process."""

    name: ChannelName
    providers: tuple[Provider[W], ...]
    write: Callable[[Delivery, datetime], W]
    lines: int = LINES
