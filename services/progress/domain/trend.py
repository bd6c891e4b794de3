"""Whether a measure moves: a Bayesian line whose errors remember the report before."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from services.progress.domain.mixture import Floats, interval

Verdict = Literal["too early", "unclear", "improving", "worsening"]

ENOUGH_REPORTS, ENOUGH_DAYS = 12, 28
"""Before 12 days with a report over 4 weeks even a fall of two points cannot be proved."""

MEANINGFUL_POINTS, MEANINGFUL_SHARE = 2.0, 0.30
"""What people call better: 2 points, or 30 % of where they began (Farrar 2001)."""

SCALE_MAX = 10.0
NO_CHANGE = 4
"""The middle of the seven steps of the global impression of change."""

MEMORY = 1 - (1 - (np.arange(40) + 0.5) / 40) ** 2
"""Correlations tried between two reports that lie the usual gap apart, all as likely before.

They are denser near 1, a Beta(1, 1/2): a series that wanders must not pass for a trend.
"""

USUAL_LEVEL, USUAL_NOISE = 5.0, 1.3
"""Where a measure may be, and how far it swings by itself (SD), before anything is reported."""

NOISE_REPORTS = 3.0
"""How many reports the guess of the swing is worth."""

LEVEL_SPREAD, CHANGE_SPREAD = 5.0, 3.0
"""Prior SD of level and of change over the window, in swings: a change of 4 points is usual."""


@dataclass(frozen=True)
class Trend:
    """What the reports say. Points of the measure; None while it is too early to say.

    `n` counts days with a report. `change` is over the whole window, `low` to `high` holds 95 %.
    """

    n: int
    verdict: Verdict
    meaningful: bool
    slope_per_week: float | None = None
    change: float | None = None
    low: float | None = None
    high: float | None = None


def trend(
    days: Sequence[float],
    values: Sequence[float],
    *,
    more_is_better: bool = False,
    impression: int | None = None,
) -> Trend:
    """Judge reports `values` (0-10) given at `days` since any start, in any order.

    Reports of one day count as one, their mean. `impression` is the client's latest global
    impression of change, 1 (very much improved) to 7 (very much worse); a change is called
    meaningful only when it agrees.

    Raises:
        ValueError: lengths differ, a number is not finite, or a value or impression is off scale.
    """
    at, reported = _daily(days, values)
    if impression is not None and not 1 <= impression <= 2 * NO_CHANGE - 1:
        raise ValueError(f"an impression of change is 1 to 7, not {impression}")
    n = at.size
    if n < ENOUGH_REPORTS or at[-1] - at[0] < ENOUGH_DAYS:
        return Trend(n, "too early", meaningful=False)
    line = _fit(at, reported)
    low, high = interval(line.weights, line.changes, line.scales, line.degrees)
    change = float(np.sum(line.weights * line.changes))
    verdict = _verdict(low, high, more_is_better=more_is_better)
    start = float(np.sum(line.weights * line.levels)) - change / 2
    return Trend(
        n,
        verdict,
        _meaningful(verdict, change, start, impression),
        slope_per_week=change / float(at[-1] - at[0]) * 7,
        change=change,
        low=low,
        high=high,
    )


@dataclass(frozen=True)
class _Line:
    """The posterior, one entry a memory tried: a weight, and t curves of level and change."""

    weights: Floats
    levels: Floats
    changes: Floats
    scales: Floats
    degrees: float


def _daily(days: Sequence[float], values: Sequence[float]) -> tuple[Floats, Floats]:
    at, reported = np.asarray(days, float), np.asarray(values, float)
    if at.shape != reported.shape or at.ndim != 1:
        raise ValueError("days and values must be two plain lists of the same length")
    if not np.isfinite(at).all() or not ((reported >= 0) & (reported <= SCALE_MAX)).all():
        raise ValueError("days must be finite and values from 0 to 10")
    dates, place, reports = np.unique(np.floor(at), return_inverse=True, return_counts=True)
    return dates, np.bincount(place, reported, minlength=dates.size) / reports


def _fit(at: Floats, reported: Floats) -> _Line:
    # Knowing the report before makes the rest of each report independent: the whole fit, for all
    # memories at once, is sums over neighbours instead of inverses of n by n matrices.
    gaps = np.diff(at)
    kept = MEMORY[:, None] ** (gaps / np.median(gaps))
    fresh = 1 - kept**2
    y = reported - USUAL_LEVEL
    x = (at - (at[0] + at[-1]) / 2) / (at[-1] - at[0])
    root = np.sqrt(fresh)

    def whitened(series: Floats) -> Floats:
        rest = (series[1:] - kept * series[:-1]) / root
        return np.concatenate((np.full((MEMORY.size, 1), series[0]), rest), axis=1)

    ones, slopes, values = whitened(np.ones_like(y)), whitened(x), whitened(y)

    def product(left: Floats, right: Floats) -> Floats:
        total: Floats = np.einsum("mi,mi->m", left, right)
        return total

    level_level = product(ones, ones) + LEVEL_SPREAD**-2
    level_change = product(ones, slopes)
    change_change = product(slopes, slopes) + CHANGE_SPREAD**-2
    level_value, change_value = product(ones, values), product(slopes, values)
    determinant = level_level * change_change - level_change**2
    levels = (change_change * level_value - level_change * change_value) / determinant
    changes = (level_level * change_value - level_change * level_value) / determinant
    degrees = NOISE_REPORTS + y.size
    squares = NOISE_REPORTS * USUAL_NOISE**2 + (
        product(values, values) - levels * level_value - changes * change_value
    )
    likelihood = -0.5 * (
        np.sum(np.log(fresh), axis=1) + np.log(determinant) + degrees * np.log(squares)
    )
    weights = np.exp(likelihood - likelihood.max())
    return _Line(
        weights / weights.sum(),
        levels + USUAL_LEVEL,
        changes,
        np.sqrt(squares / degrees * level_level / determinant),
        degrees,
    )


def _verdict(low: float, high: float, *, more_is_better: bool) -> Verdict:
    if low <= 0 <= high:
        return "unclear"
    return "improving" if (low > 0) == more_is_better else "worsening"


def _meaningful(verdict: Verdict, change: float, start: float, impression: int | None) -> bool:
    agrees = impression is not None and (
        (verdict == "improving" and impression < NO_CHANGE)
        or (verdict == "worsening" and impression > NO_CHANGE)
    )
    large = abs(change) >= min(MEANINGFUL_POINTS, MEANINGFUL_SHARE * max(start, 0.0))
    return agrees and large
