"""Providers of a channel: which of them is worth a try now, and how much each may get."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import timedelta
from typing import Generic, Literal, TypeVar

import structlog

from services.notify.channels import READY_TIMEOUT_S, SEND_TIMEOUT_S, Channel, Line, Provider
from services.notify.domain.outcome import Result

OPENS_AT = 3
"""Points of failure at which a breaker opens; a success forgets them."""

POINTS: dict[Result, int] = {"unreachable": 3, "busy": 3, "lost": 1, "unknown": 1}
"""Who cannot be reached, or says that it takes nothing now, is left alone at once. A link may break
by itself: three in a row are the provider's fault. What it answers about one message is none."""

OPEN_FIRST_S = 1.0
OPEN_LONGEST_S = 30.0
"""An open breaker lets nothing through for so long, doubling with each trial that fails."""

TRIAL_S = READY_TIMEOUT_S + SEND_TIMEOUT_S
"""A half-open breaker lets one message through; when it was never heard of again, another one."""

SHARE_S = 0.25
"""A process takes a quarter of a second's messages at once: few statements, small bursts."""

SHARE_KEPT_S = 1.0
"""What it did not use by then is forgone: saved up, it would leave as a burst."""

State = Literal["closed", "open", "half-open"]
TakeShare = Callable[[str, timedelta], Awaitable[timedelta]]
"""(provider, length of the share) to how long to wait for it; zero when it is taken."""

W = TypeVar("W")

log = structlog.get_logger()


class Breaker:
    """Closed: in use. Open: left alone for a while. Half-open: one message tries it."""

    def __init__(self, name: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._monotonic = monotonic
        self._points = 0
        self._opened = 0
        self._open_until = 0.0
        self._trial_until = 0.0

    @property
    def state(self) -> State:
        """As it stands now."""
        if not self._opened:
            return "closed"
        return "open" if self._open_until > self._monotonic() else "half-open"

    def rest_s(self) -> float:
        """Seconds until it lets something through; zero when it would now."""
        if not self._opened:
            return 0.0
        return max(0.0, max(self._open_until, self._trial_until) - self._monotonic())

    def let_through(self) -> bool:
        """Whether a message may try the provider now; of a half-open one it is then the trial."""
        if self.rest_s():
            return False
        if self._opened:
            self._trial_until = self._monotonic() + TRIAL_S
        return True

    def back_out(self) -> None:
        """What was let through did not try the provider after all."""
        self._trial_until = 0.0

    def note(self, result: Result) -> None:
        """Remember how a try ended."""
        points = POINTS.get(result, 0)
        self._trial_until = 0.0
        if not points:
            if self._opened:
                log.info("provider-back", provider=self._name)
            self._points = self._opened = 0
            return
        if self.state == "open":
            # Others that were under way when it opened say nothing new.
            return
        self._points += points
        if self._points >= OPENS_AT or self._opened:
            # The exponent is bounded before the power is taken.
            rest = min(OPEN_FIRST_S * 2 ** min(self._opened, 10), OPEN_LONGEST_S)
            self._opened += 1
            self._points = 0
            self._open_until = self._monotonic() + rest
            log.warning("provider-left-alone", provider=self._name, result=result, rest_s=rest)


class Rate:
    """How many messages a second a provider gets, all replicas together."""

    def __init__(
        self,
        name: str,
        per_second: float | None,
        take_share: TakeShare,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._take_share = take_share
        self._monotonic = monotonic
        self._asking = asyncio.Lock()
        self._left = 0
        self._kept_until = 0.0
        self._wait_until = 0.0
        self._per_second = per_second
        self._share = max(1, int((per_second or 0) * SHARE_S))

    def rest_s(self) -> float:
        """Seconds until the next message, as far as is known here."""
        return max(0.0, self._wait_until - self._monotonic())

    async def take(self) -> float:
        """Take leave for one message: zero, or the seconds to wait for it.

        Raises:
            Exception: one of `shared.postgres.TRANSIENT`.
        """
        if self._per_second is None:
            return 0.0
        async with self._asking:
            if rest := self.rest_s():
                return rest
            if not self._left or self._kept_until < self._monotonic():
                length = timedelta(seconds=self._share / self._per_second)
                wait = await self._take_share(self._name, length)
                if wait:
                    self._wait_until = self._monotonic() + wait.total_seconds()
                    return wait.total_seconds()
                self._left = self._share
                self._kept_until = self._monotonic() + SHARE_KEPT_S
            self._left -= 1
            return 0.0


class Stand(Generic[W]):
    """A provider with its breaker and its rate."""

    def __init__(self, provider: Provider[W], take_share: TakeShare) -> None:
        self.provider = provider
        self.breaker = Breaker(provider.name)
        self.rate = Rate(provider.name, provider.per_second, take_share)

    @property
    def name(self) -> str:
        """The provider's."""
        return self.provider.name

    def rest_s(self) -> float:
        """Seconds until it is worth a try; zero when it is now."""
        return max(self.breaker.rest_s(), self.rate.rest_s())

    async def wait_s(self) -> float:
        """Seconds to wait for it; zero when the message may go to it now.

        Raises:
            Exception: one of `shared.postgres.TRANSIENT`.
        """
        wait_s = self.breaker.rest_s() or await self.rate.take()
        return wait_s if wait_s or self.breaker.let_through() else self.breaker.rest_s()


class Providers(Generic[W]):
    """The providers of a channel in order of preference, as one process sees them."""

    def __init__(self, channel: Channel[W], take_share: TakeShare) -> None:
        self.stands = [Stand(provider, take_share) for provider in channel.providers]

    def rest_s(self) -> float:
        """Seconds until one of them is worth a try; zero when one is now."""
        return min((stand.rest_s() for stand in self.stands), default=0.0)

    def room(self, most: int) -> int:
        """How many messages to take at once: one while there is nobody but for a trial."""
        usable = [stand for stand in self.stands if not stand.rest_s()]
        if not usable:
            return 0
        return most if any(stand.breaker.state == "closed" for stand in usable) else 1


class Lines(Generic[W]):
    """One worker's lines, one to each provider it has used."""

    def __init__(self, providers: Providers[W]) -> None:
        self._providers = providers
        self._lines: dict[str, Line[W]] = {}

    def stands(self) -> Iterator[tuple[Stand[W], Line[W]]]:
        """The providers in order, each with this worker's line to it."""
        for stand in self._providers.stands:
            if stand.name not in self._lines:
                self._lines[stand.name] = stand.provider.line()
            yield stand, self._lines[stand.name]

    def leave_after(self, stand: Stand[W]) -> None:
        """Close the lines to those of less preference: they are idle again."""
        for later in self._after(stand):
            if line := self._lines.pop(later.name, None):
                line.close()

    def close(self) -> None:
        """Let all of them go."""
        while self._lines:
            self._lines.popitem()[1].close()

    def _after(self, stand: Stand[W]) -> Sequence[Stand[W]]:
        stands = self._providers.stands
        return stands[stands.index(stand) + 1 :]
