"""Each question of the kit gives the right figures, its interval, and none about a few people."""

import importlib
import json
import math
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import pytest
from scipy import stats

KIT = Path(__file__).parents[3] / "examples" / "analytics"
BEGAN = datetime(2026, 3, 2, 15, tzinfo=UTC).replace(tzinfo=None)
"""A Monday morning in Toronto."""


@pytest.fixture(scope="module")
def kit() -> Iterator[dict[str, Any]]:
    sys.path.insert(0, str(KIT))
    try:
        yield {name: importlib.import_module(name) for name in ("load", "query", "report")}
    finally:
        sys.path.remove(str(KIT))


class Lives:
    """A file of the kit that events are put into by hand."""

    def __init__(self, kit: dict[str, Any]) -> None:
        self.kit = kit
        self.db = kit["load"].open_file(":memory:")
        self._ids = count()

    def tell(self, kind: str, who: str, time: datetime = BEGAN, /, **data: object) -> None:
        topic = {"message": "notify.events", "booking": "booking.events"}.get(
            kind.partition(".")[0], "progress.events"
        )
        if kind.startswith("client."):
            topic = "booking.events"
        self.db.execute(
            "insert into events values ($1, $2, '/limber/test', $3, null, $4, $5, $6)",
            (str(next(self._ids)), kind, time, topic, who, json.dumps({"client_id": who, **data})),
        )

    def booking(
        self, name: str, who: str, ends: str, *, hours_ahead: float = 24, **more: object
    ) -> None:
        """A booking made `hours_ahead` of its hour-long session, and what became of it."""
        start = BEGAN + timedelta(hours=hours_ahead)
        data: dict[str, object] = {
            "booking_id": name,
            "trainer_id": "t1",
            "service": "training",
            "mode": "in-person",
            "area": "toronto",
            "start": f"{start.isoformat()}Z",
            "end": f"{(start + timedelta(hours=1)).isoformat()}Z",
            "tz": "America/Toronto",
            **more,
        }
        self.tell("booking.confirmed.v1", who, **data, version=1)
        if ends != "confirmed":
            self.tell(f"booking.{ends}.v1", who, start, **data, version=2)

    def check_in(self, who: str, booking: str, kind: str, pain: int, *options: str) -> None:
        at = BEGAN + timedelta(hours=1 if kind == "pre" else 3)
        self.tell(
            "checkin.recorded.v1",
            who,
            at,
            check_in_id=str(next(self._ids)),
            booking_id=booking,
            kind=kind,
            at=f"{at.isoformat()}Z",
            pain=pain,
            exercises=[{"option": option, "done": True} for option in options],
        )

    def ask(self, name: str) -> list[dict[str, Any]]:
        answer = self.kit["query"].ask(self.db, name)
        return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]


@pytest.fixture
def lives(kit: dict[str, Any]) -> Lives:
    return Lives(kit)


FIVE = [f"c{number}" for number in range(5)]


@pytest.mark.parametrize(("k", "n"), [(0, 10), (3, 19), (10, 10), (250, 1000)])
def test_the_interval_of_a_share_is_wilsons(lives: Lives, k: int, n: int) -> None:
    expected = stats.binomtest(k, n).proportion_ci(0.95, "wilson")

    [(low, high)] = lives.db.execute(
        "select wilson_low($1::int, $2::int), wilson_high($1::int, $2::int)", (k, n)
    ).fetchall()

    assert math.isclose(expected.low, low, abs_tol=1e-4)
    assert math.isclose(expected.high, high, abs_tol=1e-4)


@pytest.mark.parametrize("degrees", [4, 9, 30, 1000])
def test_students_t_is_right_within_three_in_a_thousand(lives: Lives, degrees: int) -> None:
    [(found,)] = lives.db.execute("select t_95($1::int)", (degrees,)).fetchall()

    assert math.isclose(stats.t.ppf(0.975, degrees), found, rel_tol=3e-3)


def test_no_show_counts_missed_of_missed_and_held_alone(lives: Lives) -> None:
    for who in FIVE:
        lives.booking(f"{who}-a", who, "completed")
        lives.booking(f"{who}-b", who, "cancelled", hours_ahead=48, cancelled_by="client")
        lives.booking(f"{who}-c", who, "confirmed", hours_ahead=96)
    lives.booking("c0-d", "c0", "missed", hours_ahead=30)

    [row] = lives.ask("no-show")

    assert ("training", "1: under 3 days", 5, 6, 1, 0.167) == tuple(row.values())[:6]
    assert row["low"] < row["rate"] < row["high"]


def test_lead_time_runs_from_the_booking_to_the_start_first_chosen(lives: Lives) -> None:
    for number, who in enumerate(FIVE):
        lives.booking(who, who, "rescheduled", hours_ahead=24 * (number + 1))
    moved = "update events set data = replace(data::varchar, '2026-03', '2027-03')::json"
    lives.db.execute(f"{moved} where type = 'booking.rescheduled.v1'")

    [row] = lives.ask("lead-time")

    assert (5, 5, 3.0, 4.6) == tuple(row.values())[2:]


def test_a_trainers_week_sums_held_and_lost_hours_where_the_client_is(lives: Lives) -> None:
    for who in FIVE:
        lives.booking(f"{who}-a", who, "completed")
    lives.booking("lost", "c0", "missed", hours_ahead=26)
    lives.booking("late", "c1", "cancelled", hours_ahead=27, cancelled_by="client", late=True)
    lives.booking("early", "c2", "cancelled", hours_ahead=28, cancelled_by="client", late=False)
    # Monday 02:00 in UTC is still Sunday in Toronto.
    lives.booking("sunday", "c3", "completed", hours_ahead=6 * 24 + 11)

    [row] = lives.ask("utilisation")

    assert ("2026-03-02", "toronto", "t1", 5, 6.0, 2.0, 0.15) == (
        str(row["week"]),
        *tuple(row.values())[1:],
    )


def test_relief_takes_each_clients_mean_first_and_students_t_over_clients(lives: Lives) -> None:
    falls = {"c0": [-1, -3], "c1": [0], "c2": [-2], "c3": [1], "c4": [-4]}
    for who, changes in falls.items():
        for number, change in enumerate(changes):
            booking = f"{who}-{number}"
            lives.check_in(who, booking, "pre", 5)
            lives.check_in(who, booking, "post", 5 + change, "easy-walk")

    [row] = lives.ask("relief-by-option")

    means = [fmean(changes) for changes in falls.values()]
    half = stats.t.ppf(0.975, 4) * stdev(means) / math.sqrt(5)
    assert ("easy-walk", "post", 5, 6, round(fmean(means), 2)) == tuple(row.values())[:5]
    assert math.isclose(fmean(means) - half, row["low"], abs_tol=0.02)
    assert math.isclose(fmean(means) + half, row["high"], abs_tol=0.02)


def test_adherence_holds_done_against_planned_over_whole_weeks_of_the_plan(lives: Lives) -> None:
    for number, who in enumerate(FIVE):
        lives.tell(
            "plan.activated.v1",
            who,
            plan_id=f"p{who}",
            at=f"{BEGAN.isoformat()}Z",
            items=[{"option": "easy-walk", "family": "low-impact", "effort": 3, "per_week": 2}],
        )
        for _ in range(number):
            lives.check_in(who, f"b{who}", "post", 4, "easy-walk")
    lives.tell("rule.fired.v1", "c0", BEGAN + timedelta(weeks=1))

    [row] = lives.ask("adherence")

    # Nobody is more than whole: 0, 1/2, 1, 3/2 and 2 of what was asked.
    assert ("low-impact", 5, 0.7) == tuple(row.values())[:3]


def test_messages_count_what_was_sent_and_how_late(lives: Lives) -> None:
    for number, who in enumerate(FIVE):
        data = {
            "message_id": f"m{number}",
            "recipient_id": who,
            "template": "reminder-24h",
            "channel": "email",
            "message_class": "service",
        }
        due = BEGAN + timedelta(hours=1)
        at = due + timedelta(minutes=10 if number == 0 else 0, seconds=1)
        lives.tell(
            "message.scheduled.v1",
            who,
            **data,
            at=f"{BEGAN.isoformat()}Z",
            due_at=f"{due.isoformat()}Z",
        )
        end = "cancelled" if number == 4 else "sent"
        lives.tell(f"message.{end}.v1", who, at, **data, at=f"{at.isoformat()}Z")

    [row] = lives.ask("messages")

    assert ("service", "reminder-24h", "email", 5, 0.8, 0.2, 0.0, 0.25, 1.0) == (
        tuple(row.values())[:9]
    )


def test_the_funnel_counts_clients_once_a_step(lives: Lives) -> None:
    for number, who in enumerate([*FIVE, "c5", "c6"]):
        lives.tell("client.registered.v1", who)
        lives.booking(f"{who}-a", who, "completed", service="first-workout")
        lives.booking(f"{who}-b", who, "missed", service="first-workout", hours_ahead=50)
        if number > 1:
            lives.tell("screening.recorded.v1", who)
        if number > 2:
            lives.tell("assessment.recorded.v1", who, complete=True)

    rows = [(row["step"][:1], row["clients"], row["share"]) for row in lives.ask("funnel")]

    # Only four were assessed, so that step is not told.
    assert [("1", 7, 1.0), ("2", 7, 1.0), ("3", 5, 0.714)] == rows


def test_about_fewer_than_five_clients_no_question_says_anything(lives: Lives) -> None:
    for who in FIVE[:4]:
        lives.tell("client.registered.v1", who)
        for number in range(6):
            booking = f"{who}-{number}"
            lives.booking(booking, who, "completed", hours_ahead=24 + number)
            lives.check_in(who, booking, "pre", 5)
            lives.check_in(who, booking, "post", 4, "easy-walk")
            lives.tell("message.sent.v1", who, message_id=booking, recipient_id=who)

    assert {name: [] for name in lives.kit["query"].names()} == {
        name: lives.ask(name) for name in lives.kit["query"].names()
    }


def test_the_report_shows_every_question_also_when_nothing_is_there(lives: Lives) -> None:
    empty = lives.kit["report"].page(lives.db)
    for who in FIVE:
        lives.booking(who, who, "completed")
    some = lives.kit["report"].page(lives.db)

    assert set(lives.kit["query"].names()) == set(lives.kit["report"].SECTIONS)
    for name in lives.kit["query"].names():
        assert f'<section id="{name}">' in empty
    assert (0, 4) == (empty.count("<svg"), some.count("<svg"))
    assert some.count("<table") == some.count("<svg")


def test_every_question_says_what_it_cannot_say(lives: Lives) -> None:
    for name in lives.kit["query"].names():
        answer = lives.kit["query"].ask(lives.db, name)

        assert answer.question.endswith("?"), name
        assert len(answer.caveats) > 80, name
