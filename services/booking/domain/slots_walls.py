"""What clocks on the wall show: instants of wall times, exact on the days a zone changes.

Instants are seconds since 1970 in UTC; wall times are the same count as if the wall were UTC.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TypeAlias

from shared.zones import zone

DAY_S = 24 * 60 * 60

_OFFSET_MAX_S = 15 * 60 * 60
"""No zone is further from UTC than 14 hours."""

_SAMPLE_S = 6 * 60 * 60
"""No zone changes its offset twice within six hours, so sampling at this step finds all changes."""

_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()

Range: TypeAlias = tuple[int, int]
"""From an instant to a later one, which is no longer in it."""


def local_days(tz: str, first: date, last: date) -> list[Range]:
    """The instants whose date in `tz` is one from `first` to `last`, as sorted ranges."""
    walls = midnight(first.toordinal()), midnight(last.toordinal() + 1)
    return merged((lo, hi) for lo, hi, _ in instants(tz, *walls))


def merged(ranges: Iterable[Range]) -> list[Range]:
    """The same instants as sorted ranges that do not touch."""
    found: list[Range] = []
    for lo, hi in sorted(ranges):
        if found and lo <= found[-1][1]:
            found[-1] = found[-1][0], max(hi, found[-1][1])
        else:
            found.append((lo, hi))
    return found


def instants(tz: str, wall_lo: int, wall_hi: int) -> list[tuple[int, int, int]]:
    """The instants at which the wall shows `wall_lo` to `wall_hi`: ranges with their offset."""
    found = []
    years = (_year(wall_lo - _OFFSET_MAX_S), _year(wall_hi + _OFFSET_MAX_S))
    for year in range(years[0], years[1] + 1):
        for since, until, offset in _offsets(tz, year):
            lo, hi = max(since, wall_lo - offset), min(until, wall_hi - offset)
            if lo < hi:
                found.append((lo, hi, offset))
    return found


def midnight(ordinal: int) -> int:
    """The wall time at which a date begins."""
    return (ordinal - _EPOCH_ORDINAL) * DAY_S


def ordinal(at: int) -> int:
    """The date of an instant in UTC, or of a wall time."""
    return at // DAY_S + _EPOCH_ORDINAL


def shown(tz: str, at: int) -> datetime:
    """What the wall shows at an instant."""
    return datetime.fromtimestamp(at, zone(tz))


@lru_cache(maxsize=512)
def _offsets(tz: str, year: int) -> tuple[tuple[int, int, int], ...]:
    """The offsets from UTC that a zone has in a UTC year: since, until, seconds."""
    rules = zone(tz)

    def offset(at: int) -> int:
        shift = datetime.fromtimestamp(at, rules).utcoffset() or timedelta(0)
        return int(shift.total_seconds())

    since = int(datetime(year, 1, 1, tzinfo=UTC).timestamp())
    end = int(datetime(year + 1, 1, 1, tzinfo=UTC).timestamp())
    found, current = [], offset(since)
    for sample in range(since, end, _SAMPLE_S):
        following = min(sample + _SAMPLE_S, end - 1)
        if offset(following) == current:
            continue
        before, after = sample, following
        while after - before > 1:
            middle = (before + after) // 2
            before, after = (middle, after) if offset(middle) == current else (before, middle)
        found.append((since, after, current))
        since, current = after, offset(after)
    return (*found, (since, end, current))


def _year(at: int) -> int:
    return date.fromordinal(ordinal(at)).year
