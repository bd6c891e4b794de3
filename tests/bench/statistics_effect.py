"""How often an option's interval holds its true effect: ours beside Student's t interval."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.stats

from services.progress.domain.effect import Response, compare, effects
from tests.bench.report import Row

SESSIONS, SPREADS = (3, 5, 8, 12), (0.0, 0.5, 1.0)
OPTIONS = 4
CLIENTS = 400

CLIENT_MEAN, CLIENT_SD = -0.5, 0.8
"""The average change of a client: a little relief, less or more."""

LEVEL, STATE_SD, REPORT_SD, SESSION_SD = 5.5, 1.2, 0.7, 0.7
"""Pain before a session; a report strays from it, and so does how a session goes."""

BAD_DAY = 6.0
"""Where the first option is used on bad days only: the least report before it."""

LEAST_COVERED, MOST_FALSE_WINNERS = 0.93, 0.02


@dataclass(frozen=True)
class Found:
    """Shares and points: intervals that hold the truth, their width, winners that are none."""

    covered: float
    width: float
    t_covered: float
    t_width: float
    winners: float
    false_winners: float
    first_bias: float
    first_plain_bias: float


def simulate(
    sessions: int, spread: float, *, clients: int, seed: int, bad_days: bool = False
) -> Found:
    """Estimate `OPTIONS` options of each client from whole reports.

    A winner is false when another option truly helps more. Biases are of the first option, of
    our estimate and of the plain mean change.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    seen = [_client(rng, sessions, spread, bad_days=bad_days) for _ in range(clients)]
    return Found(*(float(value) for value in np.mean(seen, axis=0)))


def rows(clients: int = CLIENTS) -> list[Row]:
    """Coverage by sessions an option and by how unlike the options are; then on bad days."""
    found = [
        _row(f"n={sessions}, options' SD {spread}", clients, sessions, spread)
        for sessions in SESSIONS
        for spread in SPREADS
    ]
    biased = simulate(8, 0.5, clients=clients, seed=1, bad_days=True)
    return [
        *found,
        Row(
            "bias of an option used on bad days",
            f"{biased.first_bias:+.2f} points",
            f"{biased.first_plain_bias:+.2f} (plain mean change)",
            target="<= 0.15",
            ok=abs(biased.first_bias) <= 0.15,
            raw={"clients": clients, **vars(biased)},
        ),
    ]


def _row(name: str, clients: int, sessions: int, spread: float) -> Row:
    found = simulate(sessions, spread, clients=clients, seed=sessions)
    return Row(
        f"effect covered, {name}",
        f"{found.covered:.3f} (width {found.width:.1f}, winners {found.winners:.3f}, "
        f"false {found.false_winners:.3f})",
        f"t {found.t_covered:.3f} (width {found.t_width:.1f})",
        target=f">= {LEAST_COVERED}, false <= {MOST_FALSE_WINNERS}",
        ok=found.covered >= LEAST_COVERED and found.false_winners <= MOST_FALSE_WINNERS,
        raw={"clients": clients, **vars(found)},
    )


def _client(
    rng: np.random.Generator, sessions: int, spread: float, *, bad_days: bool
) -> tuple[float, ...]:
    truth = rng.normal(CLIENT_MEAN, CLIENT_SD) + spread * rng.normal(size=OPTIONS)
    given = [
        _session(rng, truth[place], least=BAD_DAY if bad_days and place == 0 else 0.0)
        for place in range(OPTIONS)
        for _ in range(sessions)
    ]
    names = [f"option-{place}" for place in range(OPTIONS)]
    responses = [
        Response(names[number // sessions], before, after)
        for number, (before, after) in enumerate(given)
    ]
    found = effects(responses)
    best = compare(found).best
    changes = np.array([after - before for before, after in given]).reshape(OPTIONS, sessions)
    t_low, t_high = _student(changes)
    return (
        float(np.mean([e.low <= true <= e.high for e, true in zip(found, truth, strict=True)])),
        float(np.mean([effect.high - effect.low for effect in found])),
        float(np.mean((t_low <= truth) & (truth <= t_high))),
        float(np.mean(t_high - t_low)),
        float(best is not None),
        float(best is not None and best != names[int(np.argmin(truth))]),
        found[0].mean - truth[0],
        float(changes[0].mean() - truth[0]),
    )


def _session(rng: np.random.Generator, effect: float, least: float) -> tuple[float, float]:
    before = -1.0
    while before < least:
        state = rng.normal(LEVEL, STATE_SD)
        before = float(np.clip(round(state + REPORT_SD * rng.normal()), 0, 10))
    change = effect + SESSION_SD * rng.normal() + REPORT_SD * rng.normal()
    return before, float(np.clip(round(state + change), 0, 10))


def _student(changes: np.ndarray) -> Sequence[np.ndarray]:
    count = changes.shape[1]
    half = scipy.stats.t.ppf(0.975, count - 1) * changes.std(axis=1, ddof=1) / count**0.5
    return changes.mean(axis=1) - half, changes.mean(axis=1) + half
