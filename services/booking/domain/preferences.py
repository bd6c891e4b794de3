"""When messages may come: times that leave none for any message are refused."""

from collections.abc import Iterator

from shared.contracts.contacts import COMPANY_QUIET, Preferences
from shared.errors import Invalid

DAY_MINUTES = 24 * 60
WEEK_MINUTES = 7 * DAY_MINUTES


def check_leaves_time(preferences: Preferences) -> None:
    """Let nobody shut out every message by the clock: there is a switch for that.

    Raises:
        Invalid: no minute of the week lies in a window and outside the quiet hours.
    """
    quiet = preferences.quiet or COMPANY_QUIET
    silent = {
        minute for day in range(7) for minute in _minutes(day * DAY_MINUTES, quiet.start, quiet.end)
    }
    windows = preferences.windows
    welcome = {
        minute
        for window in windows
        for minute in _minutes(window.day * DAY_MINUTES, window.start, window.end)
    }
    if (windows and welcome <= silent) or len(silent) == WEEK_MINUTES:
        raise Invalid.field(
            "windows" if windows else "quiet",
            "no time is left outside the quiet hours, so nothing could ever come; to stop messages,"
            " switch off their grants",
        )


def _minutes(midnight: int, start: str, end: str) -> Iterator[int]:
    """The minutes of the week from a wall time until another, which may be on the next day."""
    first, last = _minute(start), _minute(end)
    if last <= first:
        last += DAY_MINUTES
    for minute in range(first, last):
        yield (midnight + minute) % WEEK_MINUTES


def _minute(wall: str) -> int:
    return int(wall[:2]) * 60 + int(wall[3:])
