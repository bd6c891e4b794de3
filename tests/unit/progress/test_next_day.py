"""What the next days say of a session, in whatever order they are told."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.progress.domain.model import Client, Hold
from services.progress.domain.next_day import may_progress
from services.progress.domain.view import document
from shared.contracts.progress import SafetyHoldPlaced
from shared.contracts.submissions import CheckInSubmitted, Submission
from tests.unit.progress.builders import (
    BOOKING,
    CLIENT,
    NOW,
    RULES,
    a_booking,
    a_check_in,
    a_lift,
    after,
    answer,
    tell,
)

END = NOW
SESSION = a_booking(start_at=END - timedelta(hours=1), status="completed")
AFTER_SESSION = Client(CLIENT, bookings=(SESSION,))


def told(number: int, kind: str, pain: int, hours: float, **more: Any) -> CheckInSubmitted:
    """What is told so many hours after the session's end."""
    values = {"booking": BOOKING} if kind != "daily" else {}
    return a_check_in(number, kind, pain, at=END + timedelta(hours=hours), **(values | more))


def done(*options: str) -> list[dict[str, Any]]:
    return [{"option": option, "done": True, "worst_pain": 1} for option in options]


PRE = told(1, "pre", 3, -1)
POST = told(2, "post", 2, 0.1, worst_pain=1, exercises=done("row"))
GREEN, RED = told(3, "next-morning", 4, 17), told(3, "next-morning", 5, 17)
STILL = told(4, "daily", 5, 41)


def locked(client: Client) -> list[Hold]:
    return [hold for hold in client.holds if hold.kind == "option"]


def test_an_option_that_is_still_felt_after_two_days_is_locked_until_a_trainer_unlocks_it() -> None:
    client = after(AFTER_SESSION, [PRE, POST, RED, STILL])

    [hold] = locked(client)
    assert (uuid5(STILL.submission_id, "A3 row"), "row", "A3", "hold") == (
        hold.id,
        hold.option,
        hold.rule,
        hold.level,
    )
    assert "hold" == client.level
    [rule] = hold.firings
    assert {"pain": 5, "before": 3, "hours": 41, "options": ["row"]} == rule.inputs

    unlocked = after(client, [a_lift(9, hold.id, at=END + timedelta(hours=42))])
    assert ("unknown", []) == (unlocked.level, locked(unlocked))


def test_a_level_that_a_later_report_set_stays_when_an_option_is_unlocked() -> None:
    client = after(AFTER_SESSION, [PRE, POST, RED, STILL, told(5, "daily", 6, 43)])

    unlocked = after(client, [a_lift(9, locked(client)[0].id, at=END + timedelta(hours=44))])
    assert "modify" == unlocked.level


def test_an_option_hold_freezes_no_session_and_stands_beside_a_green_report() -> None:
    client = after(AFTER_SESSION, [PRE, POST, RED, STILL, told(5, "daily", 2, 60)])

    assert "go" == client.level
    assert ["option"] == [hold["kind"] for hold in document(client, RULES)["holds"]]


@pytest.mark.parametrize("last", [PRE, POST, RED, STILL], ids=lambda one: one.check_in.kind)
def test_the_option_is_locked_whichever_report_comes_last(last: CheckInSubmitted) -> None:
    others = [one for one in (PRE, POST, RED, STILL) if one is not last]
    late = last.model_copy(update={"submitted_at": END + timedelta(hours=46)})

    # Before it is known which option it was, the session's options are locked as one.
    assert {"row"} == {hold.option for hold in locked(after(AFTER_SESSION, [*others, late]))} - {
        None
    }


@settings(deadline=None)
@given(order=st.permutations([PRE, POST, RED, told(6, "next-morning", 3, 18), STILL]))
def test_no_order_hides_a_red_morning_behind_a_green_one(order: list[Submission]) -> None:
    client = after(AFTER_SESSION, order)

    assert {"row"} <= {hold.option for hold in locked(client)} <= {"row", None}


def test_what_was_unlocked_is_locked_again_only_by_something_new() -> None:
    client = after(AFTER_SESSION, [PRE, POST, RED, STILL])
    client = after(client, [a_lift(9, locked(client)[0].id, at=END + timedelta(hours=42))])

    client = after(client, [told(10, "post", 2, 0.2, worst_pain=1, exercises=done("row"))])
    assert [] == locked(client)
    later = timedelta(days=3)
    again = [
        a_check_in(20, "pre", 3, at=END + later),
        a_check_in(21, "post", 2, at=END + later, worst_pain=1, exercises=done("row")),
        a_check_in(22, "next-morning", 5, at=END + later + timedelta(hours=20)),
    ]
    assert [] == locked(after(client, again))
    still = a_check_in(23, "daily", 5, at=END + later + timedelta(hours=41))
    assert ["row"] == [hold.option for hold in locked(after(client, [*again, still]))]


def test_an_option_that_is_locked_is_not_locked_twice() -> None:
    client = after(AFTER_SESSION, [PRE, POST, RED, STILL])

    more = told(10, "post", 2, 0.2, worst_pain=1, exercises=done("squat"))
    outcome = tell(client, more)
    placed = [event for event in outcome.events if isinstance(event, SafetyHoldPlaced)]
    assert ["squat"] == [event.option for event in placed]


def green(client: Client, morning: Submission) -> bool:
    """Whether the morning lets a dose go up."""
    outcome = tell(client, morning)
    assert outcome.report is not None
    return may_progress(outcome.client, outcome.report)


def test_only_a_green_morning_after_a_session_green_throughout_lets_a_dose_go_up() -> None:
    felt = told(2, "post", 2, 0.1, worst_pain=4)
    silent = told(2, "post", 2, 0.1)
    hard = told(1, "pre", 6, -1)

    assert green(after(AFTER_SESSION, [PRE, POST]), GREEN)
    assert not green(after(AFTER_SESSION, [PRE, POST]), RED)
    assert not green(after(AFTER_SESSION, [PRE, felt]), GREEN)
    assert not green(after(AFTER_SESSION, [PRE, silent]), GREEN)
    assert not green(after(AFTER_SESSION, [hard, POST]), GREEN)
    assert not green(after(AFTER_SESSION, [PRE]), GREEN)
    assert not green(after(AFTER_SESSION, [POST]), GREEN)
    assert not green(after(AFTER_SESSION, [PRE, POST, told(9, "next-morning", 5, 16)]), GREEN)


def test_nothing_goes_up_while_something_stands_against_it() -> None:
    flare = told(8, "daily", 3, 1, flare=True)
    joint = told(8, "daily", 3, 1, red_flags=["hot-swollen-joint"])
    trauma = told(8, "daily", 3, 1, red_flags=["trauma"])

    for sign in (flare, joint, trauma):
        assert not green(after(AFTER_SESSION, [PRE, POST, sign]), GREEN)


def test_a_green_morning_told_late_raises_nothing_once_a_newer_report_was_not_green() -> None:
    red, fine = (told(8, "daily", pain, 30) for pain in (9, 2))
    late = told(3, "next-morning", 3, 16, submitted_at=END + timedelta(hours=31))

    assert green(after(AFTER_SESSION, [PRE, POST, fine]), late)
    assert not green(after(AFTER_SESSION, [PRE, POST, red]), late)


def test_a_report_that_comes_late_is_answered_with_what_it_makes_true() -> None:
    client = after(AFTER_SESSION, [POST, RED])

    late = told(1, "pre", 3, -1, submitted_at=END + timedelta(hours=18))
    told_now = answer(tell(client, late).events)
    assert ("modify", ["A2"]) == (told_now.level, [action.rule for action in told_now.actions])


def test_ids_of_holds_depend_on_report_and_option_alone() -> None:
    one, other = (
        {hold.id for hold in locked(after(Client(CLIENT, bookings=(SESSION,)), order))}
        for order in ([PRE, POST, RED, STILL], [RED, PRE, POST, STILL])
    )

    assert one == other
    assert UUID(int=0) not in one
