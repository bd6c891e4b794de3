"""What time alone brings: when it is due next, and what happens then."""

from datetime import datetime

from services.progress.domain.entries import TimePassed
from services.progress.domain.model import Client
from services.progress.domain.outcome import Outcome, next_entry
from services.progress.domain.rules import Rules


def next_due(client: Client, rules: Rules) -> datetime | None:
    """The next instant at which time alone changes something for the client."""
    return None


def time_passed(client: Client, entry: TimePassed, rules: Rules) -> Outcome:
    """Everything that is due by the entry's time."""
    return Outcome(next_entry(client, entry.at), ())
