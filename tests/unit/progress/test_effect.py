"""What an option does for a client, and when one is called the best."""

from itertools import pairwise

import numpy as np
import pytest
import scipy.stats

from services.progress.domain import effect as model
from services.progress.domain.effect import (
    Comparison,
    Effect,
    Population,
    Response,
    compare,
    effects,
)
from tests.bench.statistics_effect import simulate

WALK, YOGA, CALM = "walk", "yoga", "calm"


def sessions(option: str, *changes: float, before: float = 6) -> list[Response]:
    return [Response(option, before, before + change) for change in changes]


def an_effect(option: str, low: float, high: float, n: int = 8) -> Effect:
    return Effect(option, n, (low + high) / 2, low, high)


def test_each_option_has_its_mean_interval_and_number_of_sessions() -> None:
    found = effects([*sessions(WALK, -2, -1, -2, -3), *sessions(YOGA, 0, 1, 0)])

    assert [(WALK, 4), (YOGA, 3)] == [(effect.option, effect.n) for effect in found]
    assert all(effect.low < effect.mean < effect.high for effect in found)
    assert found[0].mean < found[1].mean


def test_nothing_reported_has_no_effect() -> None:
    assert () == effects([])


def test_a_few_sessions_lean_on_the_clients_other_options() -> None:
    others = [*sessions(CALM, *[-4, 1] * 5), *sessions(YOGA, *[-3, 0] * 5)]

    (alone,) = effects(sessions(WALK, 2))
    pooled = effects([*others, *sessions(WALK, 2)])[1]

    assert (WALK, 1) == (pooled.option, pooled.n)
    assert pooled.mean < alone.mean < 2


def test_more_sessions_make_the_interval_narrower() -> None:
    widths = []
    for count in (1, 3, 6, 12, 24):
        (found,) = effects(sessions(WALK, *[-2, -1, 0] * count))
        widths.append(found.high - found.low)

    assert all(wider > narrower for wider, narrower in pairwise(widths))


def test_the_order_of_sessions_does_not_matter() -> None:
    given = [*sessions(WALK, -2, -1), *sessions(YOGA, 0, 1, 0, before=4)]

    forth, back = effects(given), effects(given[::-1])

    assert [(e.option, e.n) for e in forth] == [(e.option, e.n) for e in back]
    assert [e.mean for e in forth] == pytest.approx([e.mean for e in back])


def test_an_option_used_on_bad_days_gets_no_credit_for_the_days() -> None:
    found = simulate(8, 0.5, clients=60, seed=3, bad_days=True)

    assert found.first_plain_bias < -0.2
    assert abs(found.first_bias) < abs(found.first_plain_bias) / 2


@pytest.mark.parametrize("off", [-1.0, 11.0, float("nan")])
def test_reports_off_the_scale_are_refused(off: float) -> None:
    with pytest.raises(ValueError, match="0 to 10"):
        effects([Response(WALK, 5, 5), Response(WALK, 5, off)])


def test_the_estimate_is_that_of_the_model_solved_the_long_way() -> None:
    rng = np.random.Generator(np.random.PCG64(4))
    given = [
        Response(option, float(before), float(after))
        for option, count in ((CALM, 2), (WALK, 5), (YOGA, 3))
        for before, after in rng.integers(2, 8, (count, 2))
    ]

    found = effects(given)

    assert the_long_way(given) == pytest.approx([effect.mean for effect in found], abs=1e-6)


def the_long_way(given: list[Response]) -> list[float]:
    """Posterior means by whole matrices, one for each spread and noise tried."""
    known = Population()
    options = sorted({one.option for one in given})
    member = np.array([[one.option == option for option in options] for one in given], float)
    before = np.array([one.before for one in given])
    x = before - before.mean()
    change = np.array([one.after for one in given]) - before
    expected = known.mean + known.pull * x
    logs, means = [], []
    for spread in model.SPREADS:
        for log_noise in model.NOISES:
            noise = known.noise * np.exp(known.noise_log_sd * log_noise)
            between = known.mean_sd**2 + (known.spread * spread) ** 2 * np.eye(len(options))
            shape = member @ between @ member.T
            shape += noise**2 * np.eye(x.size) + known.pull_sd**2 * np.outer(x, x)
            seen = scipy.stats.multivariate_normal.logpdf(change, expected, shape)
            logs.append(seen - (spread**2 + log_noise**2) / 2)
            gain = between @ member.T @ np.linalg.inv(shape)
            means.append(known.mean + gain @ (change - expected))
    weights = np.exp(np.array(logs) - max(logs))
    return list(weights @ np.array(means) / weights.sum())


@pytest.mark.parametrize("sessions_each", [3, 5, 12])
def test_intervals_hold_the_truth(sessions_each: int) -> None:
    found = simulate(sessions_each, 0.5, clients=60, seed=6)

    assert found.covered >= 0.92
    assert found.width < found.t_width


def test_options_that_do_the_same_have_no_winner() -> None:
    found = simulate(8, 0.0, clients=60, seed=7)

    assert found.winners <= 0.02


def test_the_best_is_named_when_its_interval_lies_apart() -> None:
    found = [an_effect(WALK, -3, -2), an_effect(YOGA, -1.9, -0.5), an_effect(CALM, -1, 1)]

    assert Comparison(WALK, "clear") == compare(found)


@pytest.mark.parametrize("touching", [-2.0, -2.5])
def test_no_winner_when_intervals_overlap(touching: float) -> None:
    found = [an_effect(WALK, -3, -2), an_effect(YOGA, touching, 1), an_effect(CALM, 1, 2)]

    assert Comparison(None, "overlap") == compare(found)


def test_an_uncertain_option_that_is_not_second_can_overlap_too() -> None:
    found = [an_effect(WALK, -3, -2), an_effect(YOGA, -1, 0), an_effect(CALM, -2.5, 4)]

    assert Comparison(None, "overlap") == compare(found)


def test_the_least_bad_option_is_no_winner() -> None:
    assert Comparison(None, "no gain") == compare([an_effect(WALK, 0.1, 1), an_effect(YOGA, 2, 3)])


def test_an_option_with_few_sessions_is_not_compared() -> None:
    rare = an_effect(CALM, -4, -3.5, n=2)

    assert Comparison(None, "too early") == compare([an_effect(WALK, -3, -2), rare])
    assert Comparison(WALK, "clear") == compare(
        [an_effect(WALK, -3, -2), an_effect(YOGA, -1, 1), rare]
    )


def test_where_more_is_better_the_highest_wins() -> None:
    found = [an_effect(WALK, 2, 3), an_effect(YOGA, -1, 1)]

    assert Comparison(WALK, "clear") == compare(found, more_is_better=True)
    assert Comparison(None, "no gain") == compare(
        [an_effect(WALK, -1, -0.5), an_effect(YOGA, -3, -2)], more_is_better=True
    )
