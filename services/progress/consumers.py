"""What progress listens to."""

from functools import partial

from services.progress.domain.decide import DECISIONS
from services.progress.domain.rules import Rules
from services.progress.handlers import record
from shared.consumer import Handle, Handlers
from shared.contracts.event import Event
from shared.contracts.submissions import Submission


def subscriptions(rules: Rules) -> Handlers:
    """The handler of each event type, judging by these rules."""
    events: dict[type[Event], Handle] = {
        kind: partial(record.record_submission, rules=rules)
        for kind in DECISIONS
        if issubclass(kind, Submission)
    }
    for fact in record.STATUS_AFTER:
        events[fact] = partial(record.follow_booking, rules=rules)
    return Handlers(events)
