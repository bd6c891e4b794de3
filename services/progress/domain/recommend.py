"""Which options to propose next: only safe ones, by what helped this client and others like them.

A proposal is a pure function of its seed and of what the log holds. Every option's probability
of being proposed is computed, not counted, and kept with the proposal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from services.progress.domain.mixture import Floats
from services.progress.domain.propensity import inclusion
from shared.vocabulary.codes import Family

MODEL_VERSION = "pooled-damped-thompson.1"
"""Changes whenever the same seed and log may lead to another proposal."""

GENERATOR = "PCG64"
"""Named, as its stream of bits never changes between releases of numpy."""

SET_SIZES = (3, 5)
USUAL_SET = 4
"""Fewest and most options of a proposal; one of each family is part of it anyway."""

DAMPING = 0.5
"""Share of the posterior SD that is drawn with: undamped draws waste a client's few sessions."""

REWARD_NOISE = 0.20
"""SD of one session's score around what the option is worth to the client."""

HALF_LIFE_DAYS = 84.0
"""After twelve weeks a score counts half: bodies change."""

SWAPPED_IN, SWAPPED_OUT, SWAP_WEIGHT = 0.8, 0.2, 0.5
"""A trainer's swap counts as half a session that went well, or badly, in their judgement."""


@dataclass(frozen=True)
class Weights:
    """What counts to the client. Parts need not sum to 1.

    Raises:
        ValueError: a part is negative or not finite, or all are 0.
    """

    relief: float = 0.40
    enjoyment: float = 0.25
    done: float = 0.20
    fine_next_day: float = 0.15

    def __post_init__(self) -> None:
        parts = (self.relief, self.enjoyment, self.done, self.fine_next_day)
        if not (np.isfinite(parts).all() and min(parts) >= 0 and sum(parts) > 0):
            raise ValueError("weights are 0 or more, and one of them is more than 0")


RELIEF_SCALE = 4.0
"""Points of relief that count in full; as many points of worsening count nothing."""

FINE_WITHIN = 1.0
"""The next morning is fine when it is no more than this above the report before (rule A1)."""


@dataclass(frozen=True)
class Outcome:
    """One session of an option. Reports and enjoyment 0-10; `done` the share done; None unknown."""

    before: float | None = None
    after: float | None = None
    next_morning: float | None = None
    enjoyment: float | None = None
    done: float | None = None


@dataclass(frozen=True)
class Reward:
    """The score (0-1) of one session, and how many days ago it was."""

    score: float
    age_days: float


@dataclass(frozen=True)
class Swap:
    """A trainer took the option into a session in another's place, or (`away`) out of it."""

    away: bool
    age_days: float


@dataclass(frozen=True)
class Candidate:
    """An option as the log knows it. `masked` says why it is unsafe now; empty when it is not.

    `pool_mean` and `pool_sd` are what it is worth (0-1) to clients with the same condition, and
    how much that differs between them, the pool's own error included.

    Raises:
        ValueError: `pool_sd` is not above 0.
    """

    option: str
    family: Family
    pool_mean: float
    pool_sd: float
    masked: tuple[str, ...] = ()
    rewards: tuple[Reward, ...] = ()
    swaps: tuple[Swap, ...] = ()

    def __post_init__(self) -> None:
        if not 0 < self.pool_sd < float("inf"):
            raise ValueError("a pool's SD is above 0")


@dataclass(frozen=True)
class Considered:
    """A safe option: what it is thought to be worth, what was drawn, how probable it was."""

    option: str
    mean: float
    sd: float
    drawn: float
    propensity: float


@dataclass(frozen=True)
class Proposal:
    """`chosen` is in order of what was drawn; `masked` holds each unsafe option's reasons."""

    chosen: tuple[str, ...]
    considered: tuple[Considered, ...]
    masked: tuple[tuple[str, tuple[str, ...]], ...]
    seed: int
    generator: str = GENERATOR
    model_version: str = MODEL_VERSION


def score(outcome: Outcome, weights: Weights) -> float | None:
    """What a session was worth, 0-1: the weighted mean of what is known of it, None of nothing.

    Relief is the mean of the changes known by the end of the session and by the next morning.
    """
    parts: list[tuple[float, float]] = []
    if outcome.before is not None:
        later = [value for value in (outcome.after, outcome.next_morning) if value is not None]
        if later:
            relief = outcome.before - sum(later) / len(later)
            parts.append((weights.relief, min(max(0.5 + relief / (2 * RELIEF_SCALE), 0.0), 1.0)))
        if outcome.next_morning is not None:
            fine = outcome.next_morning <= outcome.before + FINE_WITHIN
            parts.append((weights.fine_next_day, float(fine)))
    if outcome.enjoyment is not None:
        parts.append((weights.enjoyment, outcome.enjoyment / 10))
    if outcome.done is not None:
        parts.append((weights.done, outcome.done))
    known = sum(weight for weight, _ in parts)
    return sum(weight * part for weight, part in parts) / known if known > 0 else None


def worth(candidate: Candidate) -> tuple[float, float]:
    """Posterior mean and SD of what an option is worth to the client: the pool, then the log."""
    seen = [(reward.score, 1.0, reward.age_days) for reward in candidate.rewards]
    seen += [
        (SWAPPED_OUT if swap.away else SWAPPED_IN, SWAP_WEIGHT, swap.age_days)
        for swap in candidate.swaps
    ]
    shares = [(value, weight * remembered(age)) for value, weight, age in seen]
    mean, sd = belief(
        candidate.pool_mean,
        candidate.pool_sd,
        total=sum(value * share for value, share in shares),
        count=sum(share for _, share in shares),
    )
    return mean, sd


def remembered(age_days: float) -> float:
    """How much a score of that age still counts, 0-1."""
    return float(0.5 ** (age_days / HALF_LIFE_DAYS))


Number = TypeVar("Number", float, Floats)


def belief(
    pool_mean: Number, pool_sd: Number, *, total: Number, count: Number
) -> tuple[Number, Number]:
    """Posterior mean and SD from the pool's and `count` scores that sum to `total`.

    Numbers, or arrays of one shape.
    """
    precision = pool_sd**-2 + count / REWARD_NOISE**2
    mean = (pool_mean * pool_sd**-2 + total / REWARD_NOISE**2) / precision
    return mean, precision**-0.5


def propose(candidates: Sequence[Candidate], *, seed: int, size: int = USUAL_SET) -> Proposal:
    """Choose `size` safe options, the best drawn of each family first, then the best of the rest.

    A set is larger than `size` where more families have a safe option, and smaller where fewer
    options are safe. The order of `candidates` does not matter.

    Raises:
        ValueError: an option comes twice, `size` is not 3 to 5, or the seed is negative.
    """
    if not SET_SIZES[0] <= size <= SET_SIZES[1]:
        raise ValueError("a proposal holds 3 to 5 options")
    ordered = sorted(candidates, key=lambda candidate: candidate.option)
    if len({candidate.option for candidate in ordered}) < len(ordered):
        raise ValueError("an option comes twice")
    masked = tuple((one.option, one.masked) for one in ordered if one.masked)
    safe = [one for one in ordered if not one.masked]
    beliefs = np.array([worth(one) for one in safe]).reshape(-1, 2)
    means, sds = beliefs[:, 0], beliefs[:, 1]
    drawn = means + DAMPING * sds * _normals(seed, len(safe))
    names = sorted({one.family for one in safe})
    families = np.array([names.index(one.family) for one in safe], int)
    spare = max(size - len(names), 0)
    chances = inclusion(means, DAMPING * sds, families, spare)
    considered = tuple(
        Considered(one.option, float(mean), float(sd), float(value), float(chance))
        for one, mean, sd, value, chance in zip(safe, means, sds, drawn, chances, strict=True)
    )
    chosen = tuple(safe[place].option for place in _best(drawn, families, spare))
    return Proposal(chosen, considered, masked, seed)


def _best(drawn: Floats, families: npt.NDArray[np.int_], spare: int) -> list[int]:
    order = [int(place) for place in np.argsort(-drawn, kind="stable")]
    met: set[int] = set()
    chosen = []
    for place in order:
        family = int(families[place])
        if family not in met:
            met.add(family)
            chosen.append(place)
        elif spare > 0:
            spare -= 1
            chosen.append(place)
    return chosen


def _normals(seed: int, count: int) -> list[float]:
    # numpy promises the bits of a named generator, not the way its normals are made of them.
    bits = np.random.PCG64(seed)
    bell = NormalDist()
    return [bell.inv_cdf(((int(bits.random_raw()) >> 11) + 0.5) * 2.0**-53) for _ in range(count)]
