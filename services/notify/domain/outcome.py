"""What a send attempt ended as, and what follows for the message."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from services.notify.domain.delivery import Delivery, State

Result = Literal[
    "accepted", "deferred", "busy", "refused", "bounced", "unreachable", "lost", "unknown"
]

RETRY_FIRST = timedelta(seconds=2)
RETRY_FACTOR = 3
RETRY_LONGEST = timedelta(minutes=15)
"""A server that says "later" is asked after 2 s, 6 s, 18 s … at most every quarter of an hour."""

UNREACHABLE_LONGEST = timedelta(seconds=30)
"""Nobody who takes anything: looked for more often, since everybody waits for their return."""

JITTER = 0.25
"""Up to a quarter is added, so that messages deferred together do not return together."""

UNKNOWN_RESENDS = 1
"""A message whose fate is unknown is sent once more, with the same Message-ID: an essential one
always, a service message only when its sender died."""


@dataclass(frozen=True)
class Outcome:
    """How one attempt ended: what the provider did, its reply code if it gave one.

    accepted: taken. deferred: this message later. busy: the provider takes nothing from us now.
    refused: not this message, for good. bounced: not to this address, ever.
    unreachable: the provider could not be reached. lost: the link broke before the text was handed
    over. unknown: it broke after that, so the text may have arrived.
    `status` is an enhanced one such as 5.1.1 or a provider's own error code, `reference` the
    provider's name for the message, `gone` the devices that exist no more, and `retry_after` how
    long the provider asked us to wait, if it did.
    """

    result: Result
    code: int | None = None
    status: str | None = None
    reference: str | None = None
    gone: tuple[UUID, ...] = ()
    retry_after: timedelta | None = None

    @property
    def passes_on(self) -> bool:
        """Whether another provider may try at once: nothing was handed over, nothing is wrong."""
        return self.result in {"unreachable", "busy", "lost"}


@dataclass(frozen=True)
class Next:
    """The state that follows; `at` is when a retry is due."""

    state: State
    reason: str | None = None
    at: datetime | None = None


def after(outcome: Outcome, delivery: Delivery, *, now: datetime, jitter: float) -> Next:
    """What follows from an attempt; `jitter` is a random number in [0, 1)."""
    match outcome.result:
        case "accepted":
            return Next("sent")
        case "refused":
            return Next("failed", f"refused with {outcome.code}")
        case "bounced":
            return Next("bounced", f"recipient refused with {outcome.code}")
        case "unknown":
            return after_unknown(delivery.message_class, delivery.unknowns, now=now)
        case "deferred" | "busy" | "lost" | "unreachable":
            closed = outcome.result in {"busy", "unreachable"}
            longest = UNREACHABLE_LONGEST if closed else RETRY_LONGEST
            asked = outcome.retry_after or timedelta(0)
            at = now + max(_delay(delivery.rounds, longest, jitter), asked)
            if at >= delivery.expires_at:
                return Next("expired", "no server took it in time")
            return Next("retrying", outcome.result, at)


def after_unknown(message_class: str, unknowns: int, *, now: datetime) -> Next:
    """What follows when nobody knows whether the text arrived; `unknowns` counts earlier ones."""
    if message_class == "essential" and unknowns < UNKNOWN_RESENDS:
        return Next("retrying", "sent again, its fate is unknown", now)
    return Next("unknown", "the link broke after the text was handed over")


def after_death(message_class: str, unknowns: int, *, now: datetime) -> Next:
    """What follows when a sender died before it wrote how its attempt ended.

    Mostly the text had not left yet, so whatever somebody counts on is sent once more, with the
    same Message-ID; marketing is not.
    """
    counted_on = "essential" if message_class == "service" else message_class
    return after_unknown(counted_on, unknowns, now=now)


def _delay(rounds: int, longest: timedelta, jitter: float) -> timedelta:
    # The exponent is bounded before the power is taken: rounds may grow for days.
    grown = RETRY_FIRST * int(RETRY_FACTOR ** min(max(rounds, 0), 10))
    return min(grown, longest) * (1 + JITTER * jitter)
