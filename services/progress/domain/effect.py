"""What an option does for one client: changes after it, pooled over the client's options.

Regression to the mean: people ask for help when pain is high, and a high report is followed by
a lower one whatever was done. So a change is held against how high the report before it was,
nobody is told that an option works better than doing nothing, and options are compared only
within one client.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from services.progress.domain.mixture import Floats, interval

Reason = Literal["too early", "overlap", "no gain", "clear"]

ENOUGH_SESSIONS = 3
"""With fewer sessions an option is not compared: its estimate is mostly the other options'."""


@dataclass(frozen=True)
class Population:
    """What is known before a client has reported anything. Points of the scale.

    `mean` and `mean_sd`: the average change of a client; `spread`: SD between the options of one
    client (half-normal); `noise`: SD between sessions of one option, known to the factor
    exp(`noise_log_sd`); `pull` and `pull_sd`: change for each point that the report before lies
    above the client's usual one.
    """

    mean: float = -0.3
    mean_sd: float = 1.0
    spread: float = 2.0
    noise: float = 1.5
    noise_log_sd: float = 0.5
    pull: float = -0.3
    pull_sd: float = 0.3


POPULATION = Population()
"""Design values, until a pool of clients has been fitted."""

SPREADS = np.linspace(0.0, 3.0, 17)[1:] - 3.0 / 32
"""Spreads tried, in units of the population's."""

NOISES = np.linspace(-3.0, 3.0, 13)
"""Noises tried, in log SDs around the population's."""


@dataclass(frozen=True)
class Response:
    """One session of an option: the report before it and the one after, 0-10 each."""

    option: str
    before: float
    after: float


@dataclass(frozen=True)
class Effect:
    """The mean change (after - before) that an option brings this client, at their usual level.

    `low` to `high` holds 95 %; `n` counts sessions.
    """

    option: str
    n: int
    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Comparison:
    """The option that helps most, only where that is clear; else why none is named."""

    best: str | None
    reason: Reason


def effects(
    responses: Sequence[Response], population: Population = POPULATION
) -> tuple[Effect, ...]:
    """Each option's effect, by option. For the effect of a day, `after` is the next morning's.

    Raises:
        ValueError: a report is not from 0 to 10.
    """
    if not all(0 <= given <= 10 for one in responses for given in (one.before, one.after)):
        raise ValueError("reports are from 0 to 10")
    if not responses:
        return ()
    sums = _sums(responses)
    posterior = _posterior(sums, population)
    found = []
    for place, option in enumerate(sums.options):
        means, scales = posterior.means[:, place], posterior.scales[:, place]
        low, high = interval(posterior.weights, means, scales)
        mean = float(np.sum(posterior.weights * means))
        found.append(Effect(option, int(sums.n[place]), mean, low, high))
    return tuple(found)


def compare(found: Sequence[Effect], *, more_is_better: bool = False) -> Comparison:
    """Name a best option only when its interval lies apart from every other's, and from 0."""
    compared = [one for one in found if one.n >= ENOUGH_SESSIONS]
    if len(compared) < 2:
        return Comparison(None, "too early")
    if more_is_better:
        first, *others = sorted(compared, key=lambda one: -one.mean)
        apart = all(first.low > other.high for other in others)
        gains = first.low > 0
    else:
        first, *others = sorted(compared, key=lambda one: one.mean)
        apart = all(first.high < other.low for other in others)
        gains = first.high < 0
    if not apart:
        return Comparison(None, "overlap")
    return Comparison(first.option, "clear") if gains else Comparison(None, "no gain")


@dataclass(frozen=True)
class _Sums:
    """All that the model needs of the sessions: `x` is before, from its mean; `d` the change."""

    options: tuple[str, ...]
    n: Floats
    x: Floats
    d: Floats
    xx: float
    xd: float
    dd: float


@dataclass(frozen=True)
class _Posterior:
    """Weights of the hyperparameters tried; normal curves, one row each and a column an option."""

    weights: Floats
    means: Floats
    scales: Floats


def _sums(responses: Sequence[Response]) -> _Sums:
    options = tuple(sorted({one.option for one in responses}))
    number = {option: place for place, option in enumerate(options)}
    place = np.array([number[one.option] for one in responses])
    before = np.array([one.before for one in responses], float)
    d = np.array([one.after for one in responses], float) - before
    x = before - before.mean()
    return _Sums(
        options,
        n=np.bincount(place).astype(float),
        x=np.bincount(place, x).astype(float),
        d=np.bincount(place, d).astype(float),
        xx=float(np.sum(x * x)),
        xd=float(np.sum(x * d)),
        dd=float(np.sum(d * d)),
    )


def _posterior(sums: _Sums, population: Population) -> _Posterior:
    # Given spread and noise all is normal: each option's mean hangs only on the client's mean m
    # and the pull b, so that those two are solved first (a 2 by 2 system) and the options follow.
    spread, log_noise = (grid.ravel() for grid in np.meshgrid(SPREADS, NOISES))
    tie = (population.spread * spread)[:, None] ** -2
    sure = (population.noise * np.exp(population.noise_log_sd * log_noise))[:, None] ** -2
    count = len(sums.options)

    own = sums.n * sure + tie
    pulled = sums.x * sure
    seen = sums.d * sure
    mm = count * tie[:, 0] + population.mean_sd**-2 - np.sum(tie**2 / own, axis=1)
    mb = np.sum(tie * pulled / own, axis=1)
    bb = sums.xx * sure[:, 0] + population.pull_sd**-2 - np.sum(pulled**2 / own, axis=1)
    m_seen = population.mean * population.mean_sd**-2 + np.sum(tie * seen / own, axis=1)
    b_seen = (
        population.pull * population.pull_sd**-2
        + sums.xd * sure[:, 0]
        - np.sum(pulled * seen / own, axis=1)
    )
    determinant = mm * bb - mb**2
    m = (bb * m_seen - mb * b_seen) / determinant
    b = (mm * b_seen - mb * m_seen) / determinant

    means = (seen + tie * m[:, None] - pulled * b[:, None]) / own
    toward_m, toward_b = tie / own, -pulled / own
    variances = (
        1 / own
        + (
            bb[:, None] * toward_m**2
            - 2 * mb[:, None] * toward_m * toward_b
            + mm[:, None] * toward_b**2
        )
        / (determinant[:, None])
    )

    explained = np.sum(seen**2 / own, axis=1) + m * m_seen + b * b_seen
    likelihood = 0.5 * (
        np.sum(sums.n) * np.log(sure[:, 0])
        + count * np.log(tie[:, 0])
        - np.sum(np.log(own), axis=1)
        - np.log(determinant)
        - sums.dd * sure[:, 0]
        + explained
    )
    before = -0.5 * (spread**2 + log_noise**2)
    weights = np.exp(likelihood + before - np.max(likelihood + before))
    return _Posterior(weights / weights.sum(), means, np.sqrt(variances))
