"""How long one answer takes, by how much the log holds."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import numpy as np

from services.progress.domain.effect import Response, effects
from services.progress.domain.flare import Report, look
from services.progress.domain.recommend import Candidate, Reward, propose
from services.progress.domain.trend import trend
from shared.vocabulary.codes import Family
from tests.bench.report import Row, percentile

CALLS = 40
FAMILIES: tuple[Family, ...] = ("mobility", "strength", "low-impact", "calm")
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def rows() -> list[Row]:
    """The median of some calls each, against what a call may take."""
    rng = np.random.Generator(np.random.PCG64(1))
    answers: list[tuple[str, Callable[[], object], float]] = []
    for days, most in ((90, 3.0), (400, 15.0), (1_095, 50.0)):
        at, values = np.arange(days).tolist(), rng.integers(2, 8, days).tolist()
        answers.append((f"trend of {days} reports", partial(trend, at, values), most))
    responses = [
        Response(f"option-{number % 12}", *rng.integers(2, 8, 2).tolist()) for number in range(144)
    ]
    answers.append(("effects of 12 options, 144 sessions", partial(effects, responses), 20.0))
    month = [Report(START + timedelta(days=day), float(rng.integers(2, 8))) for day in range(28)]
    answers.append(("flare look at 4 weeks", partial(look, month, (), at=month[-1].at), 2.0))
    for options, most in ((12, 5.0), (80, 50.0)):
        safe = [_candidate(number, rng) for number in range(options)]
        told = f"proposal of {options} safe options"
        answers.append((told, partial(propose, safe, seed=1), most))
    return [_row(name, answer, most) for name, answer, most in answers]


def _candidate(number: int, rng: np.random.Generator) -> Candidate:
    rewards = tuple(Reward(float(rng.random()), 2.0 * age) for age in range(10))
    family = FAMILIES[number % len(FAMILIES)]
    return Candidate(f"option-{number:02}", family, 0.5, 0.1, rewards=rewards)


def _row(name: str, answer: Callable[[], object], most_ms: float) -> Row:
    taken = []
    for _ in range(CALLS):
        began = time.perf_counter()
        answer()
        taken.append((time.perf_counter() - began) * 1000)
    middle = percentile(taken, 50)
    return Row(
        name,
        f"{middle:.2f} ms",
        target=f"<= {most_ms:g} ms",
        ok=middle <= most_ms,
        raw={"unit": "ms", "all": [round(one, 3) for one in taken]},
    )
