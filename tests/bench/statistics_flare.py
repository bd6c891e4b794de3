"""How soon flares are suspected, and how often for nothing; beside it a single high report."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median

import numpy as np

from services.progress.domain.flare import Flare, Report, hear, look
from tests.bench.report import Row

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LEVEL, SWING, MEMORY, MISSING = 5.0, 1.3, 0.4, 0.3
RISE, FLARE_DAYS = 2.8, 8

LEARNED_DAYS = 28
"""Nothing is counted before: three weeks of baseline and one watched."""

QUIET_MONTHS, MONTH = 2, 30
KEPT = timedelta(days=40)
CLIENTS = 400

MOST_FALSE, LEAST_FOUND, MOST_DELAY = 0.3, 0.8, 2


@dataclass(frozen=True)
class Found:
    """False alarms a month, share of flares found while they last, days until half of those are.

    A flare's first day is day 0. `asked` is the same of a single report far above the median.
    """

    false: float
    share: float
    delay: float
    asked_false: float
    asked_share: float


def simulate(
    clients: int, seed: int, *, memory: float = MEMORY, swing: float = SWING, level: float = LEVEL
) -> Found:
    """Follow `clients` for two quiet months each, and as many into a flare."""
    rng = np.random.Generator(np.random.PCG64(seed))
    alarms = asks = 0
    for _ in range(clients):
        heard, asked = _follow(rng, _pains(rng, QUIET_MONTHS * MONTH, memory, swing, level))
        alarms += len(heard)
        asks += len(asked)
    delays, asked_in_time, counted = [], 0, 0
    for _ in range(clients):
        quiet = int(rng.integers(0, 8))
        pains = _pains(rng, quiet + FLARE_DAYS, memory, swing, level)
        pains[-FLARE_DAYS:] += RISE
        heard, asked = _follow(rng, pains)
        if any(day < quiet for day in heard):
            continue
        counted += 1
        delays += [day - quiet for day in heard]
        asked_in_time += any(day >= quiet for day in asked)
    months = clients * QUIET_MONTHS
    return Found(
        alarms / months,
        len(delays) / counted,
        median(delays),
        asks / months,
        asked_in_time / counted,
    )


def rows(clients: int = CLIENTS) -> list[Row]:
    """The setting of the targets; then clients unlike it, for what they are."""
    settings = {
        "as in the targets": {},
        "no memory": {"memory": 0.0},
        "memory 0.6": {"memory": 0.6},
        "swing 0.8": {"swing": 0.8},
        "swing 2.0": {"swing": 2.0},
    }
    found = {name: simulate(clients, 7, **given) for name, given in settings.items()}
    return [_row(name, one, clients, held=not settings[name]) for name, one in found.items()]


def _row(name: str, found: Found, clients: int, *, held: bool) -> Row:
    met = found.false <= MOST_FALSE and found.share >= LEAST_FOUND and found.delay <= MOST_DELAY
    return Row(
        f"flares, {name}",
        f"{found.false:.2f} false a month, {found.share:.0%} found, median day {found.delay:g}",
        f"{found.asked_false:.2f} false, {found.asked_share:.0%} (one report 3 above)",
        target=f"<= {MOST_FALSE}, >= {LEAST_FOUND:.0%}, <= {MOST_DELAY}" if held else "",
        ok=met if held else None,
        raw={"clients": clients, **vars(found)},
    )


def _pains(
    rng: np.random.Generator, days: int, memory: float, swing: float, level: float
) -> np.ndarray:
    noise = rng.normal(size=LEARNED_DAYS + days)
    for day in range(1, noise.size):
        noise[day] = memory * noise[day - 1] + (1 - memory**2) ** 0.5 * noise[day]
    return level + swing * noise


def _follow(rng: np.random.Generator, pains: np.ndarray) -> tuple[list[int], list[int]]:
    # Days, counted from the end of the learned ones, of suspicions and of questions.
    reports: list[Report] = []
    flares: tuple[Flare, ...] = ()
    asked = []
    for day, pain in enumerate(pains):
        if rng.random() < MISSING:
            continue
        at = START + timedelta(days=day)
        reports = [report for report in reports if report.at > at - KEPT]
        reports.append(Report(at, float(np.clip(round(pain), 0, 10))))
        if day >= LEARNED_DAYS and _is_jump(reports, at):
            asked.append(day - LEARNED_DAYS)
        flares = hear(flares, reports, at=at)
    begun = [(flare.since - START).days - LEARNED_DAYS for flare in flares]
    return [day for day in begun if day >= 0], asked


def _is_jump(reports: Sequence[Report], at: datetime) -> bool:
    seen = look(reports, (), at=at)
    return seen.usual is not None and reports[-1].pain - seen.usual >= 3
