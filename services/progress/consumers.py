"""What progress listens to."""

from functools import partial

from services.progress.domain.decide import DECISIONS
from services.progress.domain.rules import Rules
from services.progress.handlers.erasing import erase
from services.progress.handlers.record import record_batch
from services.progress.store.bookings import STATUS_AFTER
from shared.contracts.booking import ClientErased
from shared.contracts.submissions import Submission
from shared.handling import Handlers, Together


def subscriptions(rules: Rules) -> Handlers:
    """Submissions and facts of bookings, those of a batch together, judged by these rules."""
    submissions = (kind for kind in DECISIONS if issubclass(kind, Submission))
    types = frozenset((*submissions, *STATUS_AFTER))
    return Handlers(
        events={ClientErased: erase}, together=Together(types, partial(record_batch, rules=rules))
    )
