"""`limber simulate`: where it refuses, and how lives queue up for what they do."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.commands.failure import Failure
from deploy.commands.simulate import simulate
from deploy.simulation import days, people
from deploy.simulation.body import option_effects
from deploy.simulation.habits import CITIES
from deploy.simulation.life import ACTIONS, Life, Session

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


@pytest.fixture
def life() -> Life:
    return Life(people.person(1, 0), people.body(1, 0, option_effects(1)), random.Random(1))


def test_it_refuses_a_stack_that_follows_real_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIMBER_HOME", str(tmp_path))
    monkeypatch.delenv("LIMBER_TEST_CLOCK", raising=False)

    with pytest.raises(Failure, match="set LIMBER_TEST_CLOCK=1"):
        simulate()


def test_it_refuses_a_place_for_its_truth_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIMBER_HOME", str(tmp_path))
    monkeypatch.setenv("LIMBER_TEST_CLOCK", "1")

    with pytest.raises(Failure, match="does not exist"):
        simulate(out=tmp_path / "nowhere" / "truth.json")


def test_what_is_due_comes_in_order_and_by_its_lane(life: Life) -> None:
    life.later(NOW + timedelta(hours=2), "evening")
    life.later(NOW, "book-training")
    life.later(NOW - timedelta(hours=1), "evening")
    life.later(NOW, "next-morning")

    free = life.due(NOW, ("free",))
    queued = life.due(NOW, ("trainer",))

    assert [ACTIONS["evening"][1], ACTIONS["next-morning"][1]] == [act for act, _ in free]
    assert [ACTIONS["book-training"][1]] == [act for act, _ in queued]
    assert not life.is_due(NOW)
    assert life.is_due(NOW + timedelta(hours=2))


def test_all_that_takes_or_frees_a_trainers_time_queues_up() -> None:
    queued = {name for name, (lane, _) in ACTIONS.items() if lane != "free"}

    assert {
        "book-first", "book-assessment", "book-training", "move", "cancel", "look-at-offer",
        "leave",
    } == queued  # fmt: skip


def test_who_has_left_does_nothing_any_more(life: Life) -> None:
    life.since = NOW - timedelta(weeks=3)
    life.later(NOW, "evening")
    life.leave(NOW)

    assert not life.is_due(NOW + timedelta(days=9))
    assert 3.0 == life.weeks(NOW + timedelta(days=9))


def test_nobody_books_two_sessions_at_once(life: Life) -> None:
    hour = timedelta(hours=1)
    life.sessions = [
        Session("a", "training", "t", NOW, NOW + hour),
        Session("b", "training", "t", NOW + 3 * hour, NOW + 4 * hour, gone=True),
    ]

    assert not life.is_free(NOW + hour / 2, NOW + 2 * hour)
    assert life.is_free(NOW + hour, NOW + 2 * hour)
    assert life.is_free(NOW + 3 * hour, NOW + 4 * hour)


def test_before_each_session_and_after_it_there_is_a_moment_to_report() -> None:
    moments = [one.hour * 60 + one.minute for one in days.MOMENTS]
    for start in range(9 * 60, 16 * 60 + 1, 30):
        assert any(start - 40 <= one < start for one in moments), start
        assert any(start + 60 <= one < start + 2 * 60 for one in moments), start


def test_the_shares_of_cities_make_one() -> None:
    assert 1.0 == pytest.approx(sum(one.share for one in CITIES))
