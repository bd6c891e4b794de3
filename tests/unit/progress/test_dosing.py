"""Doses: one step up after green alone, down after worse, less on a hard day."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.progress.domain.care import Flare, Revised
from services.progress.domain.doses import today_dose
from services.progress.domain.mask import Today
from services.progress.domain.model import Client
from services.progress.domain.view import today as today_of
from shared.contracts.conclusions import PlanItem, PlanRevised
from shared.contracts.submissions import CheckInSubmitted
from tests.unit.progress.builders import NOW, RULES, a_check_in, after, tell
from tests.unit.progress.planned import a_plan, an_activation, assessed, held, item, planned, ready

DONE = ("easy-walk", "chair-stands")


def a_session(
    *,
    pre: int = 3,
    morning: int = 3,
    worst: int = 2,
    done: Sequence[str] = DONE,
    day: int = 0,
    **more: Any,
) -> list[CheckInSubmitted]:
    """Before, after and the morning after a session; `morning` is its pain."""
    at = NOW + timedelta(days=2 * day)
    exercises = [{"option": one, "done": True, "worst_pain": worst} for one in done]
    return [
        a_check_in(10 * day + 1, "pre", pre, at=at),
        a_check_in(
            10 * day + 2,
            "post",
            pre,
            at=at + timedelta(hours=1),
            exercises=exercises,
            worst_pain=worst,
            **more,
        ),
        a_check_in(10 * day + 3, "next-morning", morning, at=at + timedelta(hours=18)),
    ]


def a_client(*items: PlanItem, **more: Any) -> Client:
    """A client whose plan holds these options."""
    return ready(plans=(planned(*(items or (item("easy-walk"), item("chair-stands")))),), **more)


def doses(client: Client) -> dict[str, tuple[int | None, int | None]]:
    """Repetitions and minutes of the active plan."""
    plan = client.care.plan
    assert plan is not None
    return {one.option: (one.repetitions, one.minutes) for one in plan.items}


def revisions(client: Client, *life: CheckInSubmitted) -> list[str]:
    """What the last of these check-ins changes."""
    *before, last = life
    events = tell(after(client, before), last).events
    return [
        f"{one.rule} {one.option} {one.variable} {one.before} {one.after}"
        for one in events
        if isinstance(one, PlanRevised)
    ]


def test_a_green_morning_raises_one_dose_by_a_tenth() -> None:
    assert ["A1 easy-walk minutes 10 11"] == revisions(a_client(), *a_session())


def test_the_next_green_morning_raises_what_has_waited_longest() -> None:
    life = [*a_session(), *a_session(day=1)]

    assert ["A1 chair-stands repetitions 6 7"] == revisions(a_client(), *life)
    assert ["A1 easy-walk minutes 11 13"] == revisions(a_client(), *life, *a_session(day=2))


@pytest.mark.parametrize(
    ("minutes", "after"), [(1, 2), (10, 11), (11, 13), (20, 22), (21, 24), (44, 45), (45, None)]
)
def test_a_step_up_is_a_tenth_rounded_up_to_the_bound(minutes: int, after: int | None) -> None:
    client = a_client(item("easy-walk", minutes=minutes))
    expected = [] if after is None else [f"A1 easy-walk minutes {minutes} {after}"]

    assert expected == revisions(client, *a_session())


@pytest.mark.parametrize(("repetitions", "after"), [(8, 9), (14, 15), (15, None)])
def test_repetitions_stop_rising_at_fifteen(repetitions: int, after: int | None) -> None:
    client = a_client(item("chair-stands", repetitions=repetitions))
    expected = [] if after is None else [f"A1 chair-stands repetitions {repetitions} {after}"]

    assert expected == revisions(client, *a_session())


@pytest.mark.parametrize(
    "life",
    [
        a_session(worst=3),
        a_session(worst=6),
        a_session(effort=9),
        a_session(red_flags=["giving-way"]),
        a_session()[1:],
        [a_session()[0], a_session()[2]],
        a_session(done=()),
        a_session(done=("pole-walk",)),
    ],
    ids=["amber", "red", "too hard", "a sign", "no pre", "no post", "none named", "unplanned"],
)
def test_nothing_rises_after_anything_but_green(life: list[CheckInSubmitted]) -> None:
    assert [] == revisions(a_client(), *life)


@pytest.mark.parametrize(
    ("morning", "rules"), [(3, {"A1"}), (4, {"A1"}), (5, {"A2"})], ids=["same", "one", "two"]
)
def test_a_morning_up_to_one_point_worse_is_green(morning: int, rules: set[str]) -> None:
    assert rules == {one.split()[0] for one in revisions(a_client(), *a_session(morning=morning))}


def test_nothing_rises_under_a_hold_a_closed_gate_or_a_flare() -> None:
    under_hold = replace(a_client(), holds=(held("joint", "R3"),))
    locked = replace(a_client(item("easy-walk")), holds=(held("option", "A3", option="easy-walk"),))
    gate = a_client(assessments=(assessed(at=NOW - timedelta(weeks=13)),))
    flare = after(a_client(), [a_check_in(90, "daily", 3, flare=True, at=NOW - timedelta(days=1))])

    for client in (under_hold, locked, gate, flare):
        assert [] == revisions(client, *a_session())


def test_a_session_in_a_flare_raises_nothing_even_when_the_flare_has_settled() -> None:
    began = NOW - timedelta(days=1)
    over = Flare(id=UUID(int=9), by="client", since=began, resolved_at=NOW + timedelta(hours=18))
    before = over.model_copy(update={"resolved_at": NOW - timedelta(minutes=1)})

    assert [] == revisions(a_client(flare=over), *a_session())
    assert [] == revisions(a_client(earlier_flares=(over,)), *a_session())
    assert 1 == len(revisions(a_client(flare=before), *a_session()))


def test_calm_has_no_step_up() -> None:
    assert [] == revisions(a_client(item("long-breath-out")), *a_session(done=("long-breath-out",)))


def test_without_an_active_plan_nothing_moves() -> None:
    assert [] == revisions(ready(), *a_session())
    assert [] == revisions(
        ready(plans=(planned(item("easy-walk"), status="drafted"),)), *a_session()
    )


def test_a_worse_morning_lowers_every_option_of_the_session() -> None:
    client = a_client(item("easy-walk"), item("chair-stands"), item("bridges"))

    assert ["A2 easy-walk minutes 10 7", "A2 chair-stands repetitions 6 4"] == revisions(
        client, *a_session(morning=5)
    )


def test_where_nobody_said_what_was_done_all_that_exerts_goes_down() -> None:
    client = a_client(item("easy-walk"), item("bridges"), item("long-breath-out"))
    found = revisions(client, *a_session(morning=5, done=()))

    assert ["A2 easy-walk minutes 10 7", "A2 bridges repetitions 8 6"] == found


def test_a_session_moves_a_dose_once_in_each_direction() -> None:
    life = a_session()
    again = a_check_in(7, "next-morning", 3, at=NOW + timedelta(hours=19))
    worse = a_check_in(8, "next-morning", 6, at=NOW + timedelta(hours=20))
    worst = a_check_in(9, "next-morning", 7, at=NOW + timedelta(hours=21))

    assert [] == revisions(a_client(), *life, again)
    assert ["A2 easy-walk minutes 11 8", "A2 chair-stands repetitions 6 4"] == revisions(
        a_client(), *life, worse
    )
    assert [] == revisions(a_client(), *life, worse, worst)


def test_a_dose_never_falls_below_one() -> None:
    client = a_client(item("easy-walk", minutes=1))

    assert [] == revisions(client, *a_session(morning=6))
    assert {"easy-walk": (None, 1)} == doses(after(client, a_session(morning=6)))


def test_a_new_plan_starts_with_its_own_doses_and_without_what_was_revised() -> None:
    raised = after(a_client(), a_session())
    anew = after(
        raised,
        [
            a_plan({"option": "easy-walk", "per_week": 2, "minutes": 20}),
            an_activation(UUID(int=2001)),
        ],
    )

    assert (None, 11) == doses(raised)["easy-walk"]
    assert 1 == len(raised.care.revised)
    assert {"easy-walk": (None, 20)} == doses(anew)
    assert () == anew.care.revised


@pytest.mark.parametrize(
    ("pain", "minutes"),
    [(5, 10), (6, 7), (7, 7)],
)
def test_a_hard_day_asks_for_thirty_percent_less_today_alone(pain: int, minutes: int) -> None:
    client = tell(a_client(), a_check_in(1, "pre", pain)).client
    walk = item("easy-walk")

    assert minutes == today_dose(walk, client, RULES, today_of(client, RULES)).minutes
    assert (None, 10) == doses(client)["easy-walk"]


def test_a_flare_halves_the_dose_of_each_day() -> None:
    client = tell(a_client(), a_check_in(1, "daily", 4, flare=True)).client

    assert 5 == today_dose(item("easy-walk"), client, RULES, today_of(client, RULES)).minutes
    assert 4 == today_dose(item("bridges"), client, RULES, today_of(client, RULES)).repetitions


def test_after_a_missed_morning_the_last_safe_dose_is_asked_for() -> None:
    step = Revised(
        report=UUID(int=1), option="easy-walk", variable="minutes", before=10, after=11, rule="A1"
    )
    client = a_client(item("easy-walk", minutes=11), revised=(step,), misses=1)
    plan = client.care.plan
    assert plan is not None

    assert 10 == today_dose(plan.items[0], client, RULES, Today("go")).minutes
    told = replace(client, care=client.care.model_copy(update={"misses": 0}))
    assert 11 == today_dose(plan.items[0], told, RULES, Today("go")).minutes


def test_tips_have_no_dose_to_change() -> None:
    client = tell(a_client(), a_check_in(1, "daily", 4, flare=True)).client
    tip = item("colourful-plate")

    assert tip == today_dose(tip, client, RULES, today_of(client, RULES))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "pre": st.integers(0, 10),
                "morning": st.integers(0, 10),
                "worst": st.integers(0, 10),
                "parts": st.sets(st.sampled_from([0, 1, 2])),
                "flare": st.booleans(),
            }
        ),
        min_size=1,
        max_size=6,
    )
)
def test_a_dose_never_rises_after_anything_but_green(sessions: list[dict[str, Any]]) -> None:
    client = a_client()
    for day, one in enumerate(sessions):
        life = a_session(
            pre=one["pre"], morning=one["morning"], worst=one["worst"], day=day, flare=one["flare"]
        )
        green = (
            one["parts"] == {0, 1, 2}
            and one["worst"] <= 2
            and one["morning"] <= one["pre"] + 1
            and not one["flare"]
        )
        for part in sorted(one["parts"]):
            outcome = tell(client, life[part])
            steps = [event for event in outcome.events if isinstance(event, PlanRevised)]
            ups = [step for step in steps if step.after > step.before]
            client = outcome.client
            assert green or not ups
            assert len(ups) <= 1
            assert all(step.after - step.before <= max(1, 0.2 * step.before) for step in ups)
