"""Partners' webhooks: what is tried again and when, and when a partner is left in peace."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

Result = Literal["delivered", "refused", "unreachable", "lost", "unknown"]
Because = Literal["staff", "failing", "gone"]

TRIED_FOR = timedelta(hours=72)
"""A partner may be away for a long weekend and misses nothing; then somebody has to look."""

RETRY_FIRST = timedelta(seconds=5)
RETRY_FACTOR = 4
RETRY_LONGEST = timedelta(hours=4)
"""5 s, 20 s, 80 s … then every four hours: about twenty tries in 72 hours."""

PROBE_LONGEST = timedelta(minutes=15)
"""How late a partner that works again is noticed; what has waited for it goes out at once then."""

JITTER = 0.25
"""Up to a quarter is added, so that what failed together does not return together."""

STRUGGLING = 3
"""After so many failures in a row one request at a time finds out whether a partner is back."""

LANES = 4
"""Requests at once to one partner: its answers decide how fast it is told, nobody else's."""

MOST_WEBHOOKS = 50
"""So many partners have `LANES` of their own in each process: none ever waits for another."""

KEPT_FOR = timedelta(days=30)
"""Facts can be replayed for so long, and the log of deliveries looked at."""

OLD_SECRET_FOR = timedelta(hours=24)
"""A partner has a day to put a new secret in place while the old one still signs."""

GONE = 410
WAIT_STATUSES = frozenset({429, 503})


@dataclass(frozen=True)
class Sending:
    """A delivery in hand, and how its partner has done lately."""

    id: UUID
    webhook_id: UUID
    lease: UUID
    attempt: int
    url: str
    secrets: tuple[str, ...]
    type: str
    body: bytes
    give_up_at: datetime
    failing_since: datetime | None
    failures: int


@dataclass(frozen=True)
class Ended:
    """How one attempt ended: the partner's status, or a kind of fault in words of ours."""

    result: Result
    status: int | None = None
    fault: str | None = None
    retry_after: timedelta | None = None


@dataclass(frozen=True)
class Following:
    """What follows: the delivery's state and next try; the partner's next try or its pause."""

    state: Literal["delivered", "waiting", "failed"]
    next_at: datetime | None = None
    try_at: datetime | None = None
    pause: Literal["failing", "gone"] | None = None


def following(sending: Sending, ended: Ended, *, now: datetime, jitter: float) -> Following:
    """What follows from an attempt; `jitter` is a random number in [0, 1)."""
    if ended.result == "delivered":
        return Following("delivered")
    wait = _delay(sending.attempt, RETRY_LONGEST, jitter)
    if ended.status in WAIT_STATUSES and ended.retry_after is not None:
        wait = max(wait, ended.retry_after)
    next_at = now + wait
    given_up = next_at >= sending.give_up_at
    failures = sending.failures + 1
    try_at = None
    if ended.status in WAIT_STATUSES and ended.retry_after is not None:
        try_at = now + ended.retry_after
    elif failures >= STRUGGLING:
        try_at = now + _delay(failures - STRUGGLING, PROBE_LONGEST, jitter)
    pause: Literal["failing", "gone"] | None = None
    if ended.status == GONE:
        pause = "gone"
    elif sending.failing_since is not None and now - sending.failing_since >= TRIED_FOR:
        pause = "failing"
    return Following(
        "failed" if given_up else "waiting", None if given_up else next_at, try_at, pause
    )


def _delay(times: int, longest: timedelta, jitter: float) -> timedelta:
    # The exponent is bounded before the power is taken: failures may go on for days.
    grown = RETRY_FIRST * int(RETRY_FACTOR ** min(max(times - 1, 0), 10))
    return min(grown, longest) * (1 + JITTER * jitter)
