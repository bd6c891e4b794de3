"""Whether a series grew: the slope over its last half with a 95 % interval."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean

from scipy import stats

BLOCKS = 12
"""Neighbouring samples are alike; means of blocks are nearly independent of each other."""

CONFIDENCE = 0.95
TOLERATED = 0.02
"""Growth over the half, as a part of the mean, that is no leak: caches still fill a little."""


@dataclass(frozen=True)
class Growth:
    """How far a series moved over its last half, with its interval, in its own unit."""

    mean: float
    moved: float
    low: float
    high: float

    @property
    def is_flat(self) -> bool:
        """Whether growth of more than `TOLERATED` is not shown by the interval."""
        return self.low <= TOLERATED * self.mean

    def __str__(self) -> str:
        return f"{self.mean:.0f}, moved {self.moved:+.1f} [{self.low:+.1f}, {self.high:+.1f}]"


def growth(at: Sequence[float], values: Sequence[float]) -> Growth:
    """The straight line through the means of blocks of the last half of a series.

    Raises:
        ValueError: there are fewer than two samples a block.
    """
    half = len(values) // 2
    at, values = at[half:], values[half:]
    if len(values) < 2 * BLOCKS:
        raise ValueError(f"{len(values)} samples are too few for {BLOCKS} blocks")
    size = len(values) / BLOCKS
    cuts = [round(number * size) for number in range(BLOCKS + 1)]
    times = [fmean(at[lo:hi]) for lo, hi in itertools.pairwise(cuts)]
    means = [fmean(values[lo:hi]) for lo, hi in itertools.pairwise(cuts)]
    centre, level = fmean(times), fmean(means)
    spread = sum((time - centre) ** 2 for time in times)
    slope = sum((t - centre) * (m - level) for t, m in zip(times, means, strict=True)) / spread
    left = sum((m - level - slope * (t - centre)) ** 2 for t, m in zip(times, means, strict=True))
    error = sqrt(left / (BLOCKS - 2) / spread)
    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, BLOCKS - 2)) * error
    length = at[-1] - at[0]
    return Growth(level, slope * length, (slope - reach) * length, (slope + reach) * length)
