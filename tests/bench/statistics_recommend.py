"""What clients lose by what they are proposed: ours beside simpler ways to choose.

Loss is the worth of the client's best option less that of the one chosen, summed over the
sessions; figures are how much of the loss of a uniform safe choice a way of choosing saves.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from services.progress.domain.mixture import Floats
from services.progress.domain.recommend import (
    DAMPING,
    Candidate,
    Reward,
    belief,
    propose,
    remembered,
)
from shared.vocabulary.codes import Family
from tests.bench.report import Row

OPTIONS, SESSIONS, WEEKS = 12, 36, 12
DAYS_BETWEEN = 7 * WEEKS / SESSIONS
CLIENTS, SET_CLIENTS, PROPOSALS = 6_000, 60, 20_000
MIDDLE = 0.5
PLAIN_SD = 0.25
"""Prior SD of a method that knows no pool."""

POOL_ERROR = 0.06
EXPLORED = 0.1

LEAST_SAVED = 0.60
SETTINGS = ((0.10, 0.08, 0.15), (0.10, 0.08, 0.25), (0.06, 0.10, 0.20), (0.15, 0.05, 0.20))
"""SD between clients, SD between options in the pool, SD of one session's score."""

FAMILIES: tuple[Family, ...] = ("mobility", "strength", "low-impact", "calm")
SET_SIZE = 4

Choose = Callable[[Floats, Floats, np.random.Generator], Floats]
"""From sums and counts of the scores so far, clients x options, to a value each: highest wins."""


@dataclass(frozen=True)
class World:
    """What options are truly worth, to the pool and to each client (clients x options)."""

    pool: Floats
    clients: Floats
    spread: float
    noise: float


def world(setting: tuple[float, float, float], clients: int, rng: np.random.Generator) -> World:
    """Clients of many pools, so that no single pool decides."""
    spread, pool_spread, noise = setting
    pool = MIDDLE + pool_spread * rng.normal(size=(clients, OPTIONS))
    return World(pool, pool + spread * rng.normal(size=pool.shape), spread, noise)


def saved(setting: tuple[float, float, float], *, clients: int, seed: int) -> dict[str, float]:
    """The share of a uniform choice's loss that each way of choosing saves."""
    rng = np.random.Generator(np.random.PCG64(seed))
    here = world(setting, clients, rng)
    wrong = here.pool + POOL_ERROR * rng.normal(size=here.pool.shape)
    spread = np.full_like(here.pool, here.spread)
    doubtful = np.full_like(here.pool, (here.spread**2 + POOL_ERROR**2) ** 0.5)
    plain, wide = np.full_like(here.pool, MIDDLE), np.full_like(here.pool, PLAIN_SD)
    ways: dict[str, Choose] = {
        "uniform": lambda sums, _counts, rng: rng.random(sums.shape),
        "pool's best": lambda _sums, _counts, _rng: here.pool,
        "pool's best, pool off": lambda _sums, _counts, _rng: wrong,
        "epsilon-greedy": _greedy,
        "plain Thompson": _thompson(plain, wide, 1.0),
        "pooled Thompson": _thompson(here.pool, spread, 1.0),
        "ours": _thompson(here.pool, spread, DAMPING),
        "ours, pool off": _thompson(wrong, doubtful, DAMPING),
    }
    losses = {name: _loss(here, way, seed) for name, way in ways.items()}
    return {name: 1 - loss / losses["uniform"] for name, loss in losses.items()}


def saved_by_sets(
    setting: tuple[float, float, float], *, clients: int, seed: int
) -> dict[str, float]:
    """The same for whole proposals as they are made: one option a family.

    The best that can be had is the best set of that make-up.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    here = world(setting, clients, rng)
    best = _by_family(here.clients).max(axis=2).sum(axis=1)
    uniform = _by_family(here.clients).mean(axis=2).sum(axis=1)
    first = _by_family(here.pool).argmax(axis=2)[:, :, None]
    pools = np.take_along_axis(_by_family(here.clients), first, axis=2)[:, :, 0].sum(axis=1)
    lost = float(np.mean([_lost_by_sets(here, client, rng) for client in range(clients)]))
    loss = float(np.mean(best - uniform))
    return {
        "ours": 1 - lost / loss,
        "pool's best": 1 - float(np.mean(best - pools)) / loss,
    }


def unsafe(proposals: int, *, seed: int) -> tuple[int, int]:
    """Options proposed, and those of them that were masked, when any may be."""
    rng = np.random.Generator(np.random.PCG64(seed))
    proposed = wrong = 0
    for number in range(proposals):
        masked = rng.random(OPTIONS) < rng.random()
        candidates = [
            Candidate(
                f"{place:02}",
                FAMILIES[place % len(FAMILIES)],
                # An unsafe option is the most tempting one.
                pool_mean=0.9 if masked[place] else MIDDLE,
                pool_sd=0.1,
                masked=("unsafe",) if masked[place] else (),
            )
            for place in range(OPTIONS)
        ]
        chosen = propose(candidates, seed=number, size=5).chosen
        proposed += len(chosen)
        wrong += sum(bool(masked[int(option)]) for option in chosen)
    return proposed, wrong


def rows(
    clients: int = CLIENTS, set_clients: int = SET_CLIENTS, proposals: int = PROPOSALS
) -> list[Row]:
    """One pick a session in each setting, then whole sets, then safety."""
    proposed, wrong = unsafe(proposals, seed=1)
    safety = Row(
        "unsafe options proposed",
        f"{wrong} of {proposed:,}",
        target="0",
        ok=wrong == 0,
        raw={"proposals": proposals, "proposed": proposed, "unsafe": wrong},
    )
    return [*_picks(clients), *_sets(set_clients), safety]


def _picks(clients: int) -> Iterator[Row]:
    for place, setting in enumerate(SETTINGS):
        found = saved(setting, clients=clients, seed=place)
        for name, rival in (("ours", "pool's best"), ("ours, pool off", "pool's best, pool off")):
            peers = ("pool's best", "epsilon-greedy", "plain Thompson", "pooled Thompson")
            told = [rival] if "off" in name else list(peers)
            yield Row(
                f"loss saved, spread/pool/noise {_told(setting)}: {name}",
                f"{found[name]:.0%}",
                ", ".join(f"{peer} {found[peer]:.0%}" for peer in told),
                found[name] / found[rival],
                f">= {LEAST_SAVED:.0%} and {rival}",
                found[name] >= LEAST_SAVED and found[name] >= found[rival],
                {"clients": clients, **found},
            )


def _sets(clients: int) -> Iterator[Row]:
    for place, setting in enumerate(SETTINGS):
        found = saved_by_sets(setting, clients=clients, seed=place)
        pools = found["pool's best"]
        yield Row(
            f"loss saved by sets of four, {_told(setting)}",
            f"{found['ours']:.0%}",
            f"pool's best {pools:.0%}",
            found["ours"] / pools,
            f">= {LEAST_SAVED:.0%} and pool's best",
            found["ours"] >= max(LEAST_SAVED, pools),
            {"clients": clients, **found},
        )


def _told(setting: tuple[float, float, float]) -> str:
    return "/".join(f"{part:.2f}" for part in setting)


def _loss(here: World, choose: Choose, seed: int) -> float:
    rng = np.random.Generator(np.random.PCG64([seed, SESSIONS]))
    sums, counts = np.zeros_like(here.clients), np.zeros_like(here.clients)
    every = np.arange(len(here.clients))
    best = here.clients.max(axis=1)
    lost = 0.0
    for _ in range(SESSIONS):
        chosen = choose(sums, counts, rng).argmax(axis=1)
        true = here.clients[every, chosen]
        lost += float(np.mean(best - true))
        sums *= remembered(DAYS_BETWEEN)
        counts *= remembered(DAYS_BETWEEN)
        sums[every, chosen] += true + here.noise * rng.normal(size=true.size)
        counts[every, chosen] += 1
    return lost


def _thompson(means: Floats, sds: Floats, damping: float) -> Choose:
    def choose(sums: Floats, counts: Floats, rng: np.random.Generator) -> Floats:
        mean, sd = belief(means, sds, total=sums, count=counts)
        return mean + damping * sd * rng.normal(size=mean.shape)

    return choose


def _greedy(sums: Floats, counts: Floats, rng: np.random.Generator) -> Floats:
    # The mean so far, and the middle for what was never tried; sometimes anything.
    means = np.where(counts > 0, sums / np.maximum(counts, 1e-9), MIDDLE)
    means += 1e-6 * rng.random(sums.shape)
    anything = rng.random(len(sums)) < EXPLORED
    return np.where(anything[:, None], rng.random(sums.shape), means)


def _by_family(values: Floats) -> Floats:
    return values.reshape(len(values), len(FAMILIES), -1)


def _lost_by_sets(here: World, client: int, rng: np.random.Generator) -> float:
    # Scores go through the engine as the log would hold them; the loss is a session's mean.
    per_family = OPTIONS // len(FAMILIES)
    given: list[list[tuple[float, int]]] = [[] for _ in range(OPTIONS)]
    best = _by_family(here.clients[client : client + 1]).max(axis=2).sum()
    lost = 0.0
    for session in range(SESSIONS):
        proposal = propose(
            [
                Candidate(
                    f"{place:02}",
                    FAMILIES[place // per_family],
                    float(here.pool[client, place]),
                    here.spread,
                    rewards=tuple(
                        Reward(score, (session - when) * DAYS_BETWEEN) for score, when in scores
                    ),
                )
                for place, scores in enumerate(given)
            ],
            seed=client * SESSIONS + session,
            size=SET_SIZE,
        )
        for option in proposal.chosen:
            true = float(here.clients[client, int(option)])
            lost -= true
            given[int(option)].append((true + here.noise * float(rng.normal()), session))
        lost += float(best)
    return lost / SESSIONS
