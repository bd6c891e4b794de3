"""How often trends are declared, on made-up clients: ours beside OLS and Theil-Sen."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.stats

from services.progress.domain.mixture import Floats
from services.progress.domain.trend import Trend, trend
from tests.bench.report import Row

DAYS = 84
SWING = 1.3
FALL = 2.0
REPORTS, MEMORIES = (12, 24, 36), (0.0, 0.4, 0.6)
RUNS = 1_000

MOST_FALSE, LEAST_COVERED = 0.06, 0.92


@dataclass(frozen=True)
class Found:
    """Shares of the runs: a trend declared by each method, and our interval holding the truth."""

    ours: float
    covered: float
    ols: float
    theil_sen: float


def series(
    rng: np.random.Generator, reports: int, memory: float, fall: float
) -> tuple[Floats, Floats]:
    """Days and whole values 0-10 of one client; each report remembers the one before."""
    noise = rng.normal(size=reports)
    for place in range(1, reports):
        noise[place] = memory * noise[place - 1] + (1 - memory**2) ** 0.5 * noise[place]
    days = np.linspace(0, DAYS, reports)
    return days, np.clip(np.round(6 - fall * days / DAYS + SWING * noise), 0, 10)


def simulate(reports: int, memory: float, fall: float, *, runs: int, seed: int) -> Found:
    """Judge `runs` clients whose measure falls by `fall` points over twelve weeks."""
    rng = np.random.Generator(np.random.PCG64(seed))
    hits = np.array([_hits(*series(rng, reports, memory, fall), fall) for _ in range(runs)])
    return Found(*(float(share) for share in hits.mean(axis=0)))


def rows(runs: int = RUNS) -> list[Row]:
    """False trends and coverage where nothing falls; power and coverage where two points do."""
    found = list(_rows(runs))
    return [row for row in found if "false" in row.name] + [r for r in found if "fall" in r.name]


def _rows(runs: int) -> Iterator[Row]:
    for memory in MEMORIES:
        for reports in REPORTS:
            flat = simulate(reports, memory, 0.0, runs=runs, seed=reports)
            falling = simulate(reports, memory, FALL, runs=runs, seed=reports + 1)
            setting = f"n={reports}, memory {memory}"
            yield Row(
                f"false trends, {setting}",
                f"{flat.ours:.3f} (covers {flat.covered:.3f})",
                f"OLS {flat.ols:.3f}, Theil-Sen {flat.theil_sen:.3f}",
                target=f"<= {MOST_FALSE}, covers >= {LEAST_COVERED}",
                ok=flat.ours <= MOST_FALSE and flat.covered >= LEAST_COVERED,
                raw={"runs": runs, **vars(flat)},
            )
            yield Row(
                f"fall of 2 found, {setting}",
                f"{falling.ours:.3f} (covers {falling.covered:.3f})",
                f"OLS {falling.ols:.3f}, Theil-Sen {falling.theil_sen:.3f}",
                target=f"covers >= {LEAST_COVERED}",
                ok=falling.covered >= LEAST_COVERED,
                raw={"runs": runs, **vars(falling)},
            )


def _hits(days: Floats, values: Floats, fall: float) -> tuple[bool, bool, bool, bool]:
    judged = trend(days.tolist(), values.tolist())
    low, high = _bounds(judged)
    slopes = scipy.stats.theilslopes(values, days)
    line = scipy.stats.linregress(days, values)
    return (
        judged.verdict in {"improving", "worsening"},
        low <= -fall <= high,
        bool(line.pvalue < 0.05),
        not slopes.low_slope <= 0 <= slopes.high_slope,
    )


def _bounds(judged: Trend) -> tuple[float, float]:
    if judged.low is None or judged.high is None:
        raise ValueError("simulated reports are enough for a verdict")
    return judged.low, judged.high
