"""What is proposed, and why replaying it gives the same."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.progress.domain.propensity import inclusion
from services.progress.domain.recommend import (
    GENERATOR,
    MODEL_VERSION,
    Candidate,
    Outcome,
    Reward,
    Swap,
    Weights,
    propose,
    score,
    worth,
)
from shared.vocabulary.codes import Family
from tests.bench.statistics_recommend import SETTINGS, saved, saved_by_sets

FAMILIES: tuple[Family, ...] = ("mobility", "strength", "low-impact", "calm")


def a_candidate(option: str = "walk", family: Family = "low-impact") -> Candidate:
    return Candidate(option, family, pool_mean=0.5, pool_sd=0.1)


def menu(each: int = 3) -> list[Candidate]:
    """Some options of every family."""
    return [
        a_candidate(f"{family}-{number}", family) for family in FAMILIES for number in range(each)
    ]


def rewarded(candidate: Candidate, value: float, times: int = 10, age: float = 1) -> Candidate:
    return replace(candidate, rewards=(Reward(value, age),) * times)


# What a session was worth


def test_a_session_is_scored_by_the_clients_own_weights() -> None:
    session = Outcome(before=6, after=4, next_morning=4, enjoyment=5, done=1.0)

    assert 0.4 * 0.75 + 0.25 * 0.5 + 0.2 + 0.15 == pytest.approx(score(session, Weights()))
    assert 0.5 == score(session, Weights(relief=0, enjoyment=2, done=0, fine_next_day=0))


def test_relief_is_that_after_the_session_and_the_next_morning() -> None:
    only = Weights(relief=1, enjoyment=0, done=0, fine_next_day=0)

    assert (0.5, 0.75, 0.625) == (
        score(Outcome(before=5, after=5), only),
        score(Outcome(before=5, next_morning=3), only),
        score(Outcome(before=5, after=5, next_morning=3), only),
    )
    assert (0.0, 1.0) == (
        score(Outcome(before=2, after=9), only),
        score(Outcome(before=9, after=2), only),
    )


@pytest.mark.parametrize(("morning", "fine"), [(6, 1.0), (7, 0.0)])
def test_a_morning_one_point_up_is_still_fine(morning: float, fine: float) -> None:
    only = Weights(relief=0, enjoyment=0, done=0, fine_next_day=1)

    assert fine == score(Outcome(before=5, next_morning=morning), only)


def test_what_is_unknown_neither_helps_nor_harms() -> None:
    assert 0.8 == score(Outcome(enjoyment=8), Weights())
    assert score(Outcome(), Weights()) is None
    assert score(Outcome(before=5), Weights()) is None
    assert score(Outcome(done=1.0), Weights(done=0)) is None


@pytest.mark.parametrize(
    "weights", [(-0.1, 1, 1, 1), (0, 0, 0, 0), (float("nan"), 1, 1, 1), (float("inf"), 1, 1, 1)]
)
def test_weights_that_weigh_nothing_are_refused(
    weights: tuple[float, float, float, float],
) -> None:
    with pytest.raises(ValueError, match="weights"):
        Weights(*weights)


# What an option is thought to be worth


def test_without_a_session_the_pool_is_all_that_is_known() -> None:
    assert (0.5, 0.1) == pytest.approx(worth(a_candidate()))


def test_the_clients_own_sessions_outweigh_the_pool_with_time() -> None:
    few, many = (worth(rewarded(a_candidate(), 0.9, times, age=0)) for times in (1, 40))

    assert 0.5 < few[0] < 0.6
    assert 0.85 < many[0] < 0.9
    assert many[1] < few[1] < 0.1
    # One score: precisions 1/0.1² of the pool and 1/0.2² of the session.
    assert (0.5 * 100 + 0.9 * 25) / 125 == pytest.approx(few[0])


def test_an_old_session_counts_less_than_a_new_one() -> None:
    new, half, old = (worth(rewarded(a_candidate(), 0.9, 1, age)) for age in (0, 84, 400))

    assert new[0] > half[0] > old[0] > 0.5
    assert (0.5 * 100 + 0.9 * 12.5) / 112.5 == pytest.approx(half[0])


def test_a_trainers_swap_counts_for_the_option_taken_and_against_the_one_replaced() -> None:
    taken, replaced = (
        worth(replace(a_candidate(), swaps=(Swap(away, 0),))) for away in (False, True)
    )
    session = worth(rewarded(a_candidate(), 0.8, 1, age=0))

    assert replaced[0] < 0.5 < taken[0] < session[0]


# What is proposed


def test_a_proposal_covers_the_four_families() -> None:
    for seed in range(50):
        proposal = propose(menu(), seed=seed)

        assert 4 == len(proposal.chosen)
        assert set(FAMILIES) == {option.rpartition("-")[0] for option in proposal.chosen}


@pytest.mark.parametrize(
    ("size", "families", "each", "chosen"),
    [(3, 4, 3, 4), (5, 4, 3, 5), (3, 3, 3, 3), (5, 2, 3, 5), (5, 1, 3, 3), (4, 2, 1, 2)],
)
def test_a_set_is_as_large_as_asked_for_where_safe_options_allow(
    size: int, families: int, each: int, chosen: int
) -> None:
    some = [option for option in menu(each) if option.family in FAMILIES[:families]]

    proposal = propose(some, seed=1, size=size)

    assert chosen == len(set(proposal.chosen))


def test_an_unsafe_option_is_named_with_its_reasons_and_never_proposed() -> None:
    locked = replace(rewarded(menu()[0], 1.0), masked=("locked", "clearance"))

    for seed in range(200):
        proposal = propose([locked, *menu()[1:]], seed=seed, size=5)

        assert locked.option not in proposal.chosen
        assert locked.option not in {seen.option for seen in proposal.considered}
        assert ((locked.option, ("locked", "clearance")),) == proposal.masked


def test_where_nothing_is_safe_nothing_is_proposed() -> None:
    proposal = propose([replace(option, masked=("hold",)) for option in menu()], seed=1)

    assert ((), (), 12) == (proposal.chosen, proposal.considered, len(proposal.masked))
    assert () == propose([], seed=1).chosen


@settings(max_examples=60, deadline=None)
@given(
    safe=st.lists(st.booleans(), min_size=12, max_size=12),
    size=st.integers(3, 5),
    seed=st.integers(0, 2**64),
)
def test_no_mask_and_no_seed_breaks_a_set(safe: list[bool], size: int, seed: int) -> None:
    options = [
        option if fine else replace(option, masked=("unsafe",))
        for option, fine in zip(menu(), safe, strict=True)
    ]
    allowed = {option.option: option.family for option in options if not option.masked}

    proposal = propose(options, seed=seed, size=size)

    assert set(proposal.chosen) <= set(allowed)
    assert {allowed[option] for option in proposal.chosen} == set(allowed.values())
    wanted = min(max(size, len(set(allowed.values()))), len(allowed))
    assert wanted == len(set(proposal.chosen)) == len(proposal.chosen)
    assert wanted == pytest.approx(sum(seen.propensity for seen in proposal.considered), abs=1e-4)


def test_the_same_seed_and_log_propose_the_same_in_any_order() -> None:
    options = [rewarded(option, 0.1 * number) for number, option in enumerate(menu()[:9])]

    assert propose(options, seed=7) == propose(options[::-1], seed=7)


def test_a_proposal_made_long_ago_is_made_again_today() -> None:
    proposal = propose(menu(), seed=2026)

    assert ("PCG64", "pooled-damped-thompson.1") == (GENERATOR, MODEL_VERSION)
    assert REMEMBERED == [(seen.option, round(seen.drawn, 9)) for seen in proposal.considered[:3]]


REMEMBERED = [("calm-0", 0.454028397), ("calm-1", 0.517911335), ("calm-2", 0.495893089)]
"""What the first release drew: when this changes, so must the model's version."""


def test_another_seed_proposes_something_else() -> None:
    assert 1 < len({propose(menu(), seed=seed).chosen for seed in range(20)})


def test_what_helped_this_client_is_proposed_more_often() -> None:
    options = [rewarded(menu()[0], 0.6), rewarded(menu()[1], 0.4), *menu()[2:]]

    (best, worst, unknown) = (propose(options, seed=1).considered[place] for place in (6, 7, 8))

    assert ["mobility-0", "mobility-1", "mobility-2"] == [
        seen.option for seen in (best, worst, unknown)
    ]
    assert best.propensity > unknown.propensity > worst.propensity > 0


def test_refused_are_an_option_twice_and_sizes_and_seeds_out_of_range() -> None:
    with pytest.raises(ValueError, match="twice"):
        propose([*menu(), menu()[0]], seed=1)
    for size in (2, 6):
        with pytest.raises(ValueError, match="3 to 5"):
            propose(menu(), seed=1, size=size)
    with pytest.raises(ValueError, match="non-negative"):
        propose(menu(), seed=-1)


@pytest.mark.parametrize("sd", [0.0, -0.1, float("nan"), float("inf")])
def test_a_pool_without_a_spread_is_refused(sd: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        replace(a_candidate(), pool_sd=sd)


# How probable it was


@pytest.mark.parametrize("spare", [0, 1, 2])
def test_propensities_are_how_often_an_option_is_chosen(spare: int) -> None:
    rng = np.random.Generator(np.random.PCG64(8))
    families = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, 3])
    means, sds = rng.normal(0.5, 0.06, 10), rng.uniform(0.03, 0.12, 10)

    drawn = means + sds * rng.normal(size=(20_000, 10))
    often = np.zeros(10)
    first = np.stack(
        [np.where(families == name, drawn, -9).argmax(axis=1) for name in range(4)], axis=1
    )
    rest = drawn.copy()
    np.put_along_axis(rest, first, -9, axis=1)
    more = np.argsort(-rest, axis=1)[:, :spare]
    np.add.at(often, np.concatenate([first, more], axis=1).ravel(), 1 / 20_000)

    assert often.tolist() == pytest.approx(
        inclusion(means, sds, families, spare).tolist(), abs=0.015
    )


def test_the_best_drawn_of_each_family_are_chosen_and_then_the_best_of_the_rest() -> None:
    family = {option.option: option.family for option in menu()}
    for seed in range(50):
        proposal = propose(menu(), seed=seed, size=5)
        ranked = [one.option for one in sorted(proposal.considered, key=lambda one: -one.drawn)]
        first = {family[option]: option for option in ranked[::-1]}
        more = next(option for option in ranked if option not in first.values())

        assert {*first.values(), more} == set(proposal.chosen)
        assert sorted(proposal.chosen, key=ranked.index) == list(proposal.chosen)


def test_a_proposal_tells_the_propensities_of_what_it_drew_with() -> None:
    options = [rewarded(option, 0.1 * number, 2) for number, option in enumerate(menu(2))]
    seen = [propose(options, seed=seed, size=5).considered for seed in (1, 2)]
    drawn = [propose(options, seed=seed, size=5).chosen for seed in range(400)]
    often = Counter(option for chosen in drawn for option in chosen)

    assert [one.propensity for one in seen[0]] == [one.propensity for one in seen[1]]
    assert [one.propensity for one in seen[0]] == pytest.approx(
        [often[one.option] / 400 for one in seen[0]], abs=0.1
    )


@pytest.mark.parametrize("spare", [0, 1, 2, 3])
def test_equal_options_are_equally_probable(spare: int) -> None:
    families = np.repeat(np.arange(4), 3)

    chances = inclusion(np.full(12, 0.5), np.full(12, 0.1), families, spare)

    assert [(4 + spare) / 12] * 12 == pytest.approx(chances.tolist(), abs=1e-6)


def test_two_options_of_one_family_are_as_probable_as_one_normal_beats_the_other() -> None:
    chances = inclusion(np.array([0.6, 0.5]), np.array([0.03, 0.04]), np.zeros(2, int), 0)

    # The difference is normal with mean 0.1 and SD 0.05: P(Z < 2).
    assert [0.977249868, 0.022750132] == pytest.approx(chances.tolist(), abs=1e-7)


# What it saves


@pytest.mark.parametrize("setting", SETTINGS)
def test_clients_lose_least_by_this_way_of_choosing(setting: tuple[float, float, float]) -> None:
    found = saved(setting, clients=400, seed=1)

    assert found["ours"] >= 0.58
    assert found["ours"] >= found["pool's best"] - 0.01
    assert found["ours"] > max(found["epsilon-greedy"], found["plain Thompson"])
    assert found["ours, pool off"] > found["pool's best, pool off"]


def test_whole_sets_save_as_much() -> None:
    found = saved_by_sets(SETTINGS[3], clients=4, seed=3)

    assert found["ours"] >= max(0.6, found["pool's best"])
