"""What an option is worth to people like the client before the client has said anything.

These are design values: the chances of a first proposal hang on them, and each session of the
client's own counts more. A pool fitted from all clients would take their place.
"""

from collections.abc import Iterable

from services.progress.domain.care import Screening
from shared.options.catalogue import Option

VERSION = "prior.1"
"""Changes whenever a figure below does."""

PLAIN = 0.60
"""A session that changed nothing, was liked and done, and was fine the next day is worth this."""

PLANNED, SUITS, ENJOYED = 0.06, 0.03, 0.04
"""A trainer planned it; the catalogue names the client's condition; the client says it is liked.

All are less than `DOUBT`: two sessions of the client's own outweigh them.
"""

DOUBT = 0.12
"""SD: how much clients differ (0.06 to 0.15 in published trials), and the guess's own error."""


def worth(option: Option, screening: Screening | None, planned: Iterable[str]) -> float:
    """What an option is worth, 0-1, to a client with that screening and plan."""
    value = PLAIN + PLANNED * (option.code in planned)
    if screening is None:
        return value
    liked = set(screening.enjoys) & {option.code, option.family, option.kind}
    suited = set(screening.conditions) & set(option.suits)
    return value + SUITS * bool(suited) + ENJOYED * bool(liked)
