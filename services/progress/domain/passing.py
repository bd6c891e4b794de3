"""What time alone brings: when it is due next, and what happens then."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.progress.domain import view
from services.progress.domain.clearance import due_gates, gates_passed
from services.progress.domain.entries import TimePassed
from services.progress.domain.flaring import due_flare, flare_passed
from services.progress.domain.invitations import due_invitation, invitation_passed
from services.progress.domain.misses import due_miss, miss_passed
from services.progress.domain.model import Client, Hold
from services.progress.domain.outcome import (
    Outcome,
    Step,
    hold_placed,
    next_entry,
    settle,
    with_holds,
)
from services.progress.domain.review import due_review, review_passed
from services.progress.domain.rules import Rules
from services.progress.domain.standing import due_end, end_passed
from shared.contracts.event import Event
from shared.contracts.progress import ViewUpdated


@dataclass(frozen=True)
class Timer:
    """Something that waits for an instant. `passed` leaves nothing due up to the time it gets."""

    due: Callable[[Client, Rules], datetime | None]
    passed: Callable[[Client, datetime, Rules], Step]


TIMERS: tuple[Timer, ...] = (
    Timer(due_end, end_passed),
    Timer(due_invitation, invitation_passed),
    Timer(due_miss, miss_passed),
    Timer(due_flare, flare_passed),
    Timer(due_review, review_passed),
    Timer(due_gates, gates_passed),
)
"""In the order in which they are looked at where several are due at once; one line for each."""

AT_ONCE = 100
"""What came due in months of an outage; what is left is due at the next look."""


def next_due(client: Client, rules: Rules) -> datetime | None:
    """The next instant at which time alone changes something for the client."""
    return min((due for due, _ in _due(client, rules)), default=None)


def time_passed(client: Client, entry: TimePassed, rules: Rules) -> Outcome:
    """Everything that is due by the entry's time, in the order in which it came due."""
    after = next_entry(client, entry.at)
    events: list[Event] = []
    placed: list[Hold] = []
    for _ in range(AT_ONCE):
        first = min(_due(after, rules), key=lambda one: one[0], default=None)
        if first is None or first[0] > entry.at:
            break
        due, timer = first
        step = timer.passed(after, due, rules)
        after = with_holds(step.client, step.placed)
        events += step.events
        placed += step.placed
    after, moved = settle(client, after, rules, at=entry.at, check_in=None)
    events += [*(hold_placed(after, hold, rules) for hold in placed), *moved]
    shown = view.updated(after, rules)
    if _shown(shown) != _shown(view.updated(client, rules)):
        events.append(shown)
    return Outcome(after, tuple(events), placed=tuple(placed))


def _shown(updated: ViewUpdated) -> dict[str, Any]:
    return updated.document | {"version": None}


def _due(client: Client, rules: Rules) -> Iterator[tuple[datetime, Timer]]:
    for timer in TIMERS:
        due = timer.due(client, rules)
        if due is not None:
            yield due, timer
