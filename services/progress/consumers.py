"""What progress listens to."""

from functools import partial

from services.progress import handlers
from services.progress.domain.rules import Rules
from shared.consumer import Handle, Handlers
from shared.contracts.event import Event
from shared.contracts.submissions import CheckInSubmitted, HoldLiftSubmitted


def subscriptions(rules: Rules) -> Handlers:
    """The handler of each event type, judging by these rules."""
    events: dict[type[Event], Handle] = {
        CheckInSubmitted: partial(handlers.record_check_in, rules=rules),
        HoldLiftSubmitted: partial(handlers.lift_hold, rules=rules),
    }
    for fact in handlers.STATUS_AFTER:
        events[fact] = partial(handlers.follow_booking, rules=rules)
    return Handlers(events)
