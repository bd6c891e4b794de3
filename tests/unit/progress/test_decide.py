"""What a check-in, a lift and a booking lead to."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.progress.domain import decide
from services.progress.domain.model import Client
from services.progress.domain.view import document
from shared.contracts.progress import (
    CheckInRecorded,
    SafetyHoldLifted,
    SafetyHoldPlaced,
    SafetyLevelChanged,
    SubmissionAnswered,
    ViewUpdated,
)
from shared.contracts.submissions import CheckInSubmitted, HoldLiftSubmitted, Submission
from tests.unit.progress.builders import (
    BOOKING,
    CLIENT,
    NOW,
    RULES,
    TRAINER,
    a_booking,
    a_check_in,
    a_lift,
    after,
    answer,
    tell,
    view,
)

NOBODY_YET = Client(CLIENT)
EMERGENCY = a_check_in(1, red_flags=["chest-pain"])
HOLD = uuid5(EMERGENCY.submission_id, "R1")


def test_a_first_check_in_is_recorded_judged_shown_and_answered() -> None:
    events = tell(NOBODY_YET, a_check_in(1, pain=6, note="bad night", booking=BOOKING)).events

    recorded, moved, shown, answered = events
    assert isinstance(recorded, CheckInRecorded)
    assert "bad night" not in recorded.model_dump_json()
    assert isinstance(moved, SafetyLevelChanged)
    assert ("unknown", "modify", ("P2",)) == (moved.previous, moved.level, moved.rules)
    assert isinstance(shown, ViewUpdated)
    assert (1, "modify") == (shown.version, shown.level)
    assert isinstance(answered, SubmissionAnswered)
    assert ("done", "modify", ["reduce-dose"]) == (
        answered.status,
        answered.level,
        [action.code for action in answered.actions],
    )


def test_the_view_has_what_the_api_names() -> None:
    document = view(tell(NOBODY_YET, a_check_in(1, pain=6, note="bad night")).events).document

    assert {
        "client_id", "version", "level", "holds", "screening", "clearance", "assessment", "plan",
        "check_ins", "trends", "effects", "milestones", "next", "safety", "questionnaires", "goals",
        "recommendation", "weights", "flare",
    } == set(document)  # fmt: skip
    [check_in] = document["check_ins"]
    assert ("2026-03-02T15:00:00Z", 6, "modify") == (
        check_in["at"],
        check_in["pain"],
        check_in["level"],
    )
    assert "bad night" not in json.dumps(document)
    [rule] = document["safety"]["rules"]
    assert {"rule", "version", "level", "action", "code", "detail", "inputs"} == set(rule)


def test_a_level_that_stays_is_not_announced() -> None:
    client = after(NOBODY_YET, [a_check_in(1, pain=6)])

    events = tell(client, a_check_in(2, pain=7)).events
    assert [] == [event for event in events if isinstance(event, SafetyLevelChanged)]


def test_an_emergency_places_a_hold_also_for_a_booking_nobody_knows() -> None:
    unknown = a_check_in(1, red_flags=["fainting"], booking=UUID(int=999))

    outcome = tell(NOBODY_YET, unknown)
    [placed] = [event for event in outcome.events if isinstance(event, SafetyHoldPlaced)]
    assert (uuid5(unknown.submission_id, "R1"), "session", "R1", "emergency") == (
        placed.hold_id,
        placed.kind,
        placed.rule,
        placed.level,
    )
    shown = view(outcome.events).document
    assert [str(placed.hold_id)] == [hold["id"] for hold in shown["holds"]]
    assert "await-trainer" == shown["next"]["code"]


def test_a_green_check_in_does_not_end_an_emergency_and_hears_of_it() -> None:
    client = after(NOBODY_YET, [EMERGENCY])

    outcome = tell(client, a_check_in(2, pain=1, at=NOW + timedelta(hours=3)))
    assert "emergency" == outcome.client.level
    told = answer(outcome.events)
    assert ("emergency", ["emergency-number"]) == (told.level, [a.code for a in told.actions])
    shown = view(outcome.events).document
    assert ["R1"] == [rule["rule"] for rule in shown["safety"]["rules"]]
    assert ["go", "emergency"] == [check_in["level"] for check_in in shown["check_ins"]]


def test_a_lift_makes_the_level_unknown_until_the_next_check_in() -> None:
    lifted = tell(after(NOBODY_YET, [EMERGENCY]), a_lift(2, HOLD))

    assert "unknown" == lifted.client.level
    assert [SafetyHoldLifted, SafetyLevelChanged, ViewUpdated, SubmissionAnswered] == [
        type(event) for event in lifted.events
    ]
    assert [] == view(lifted.events).document["safety"]["rules"]
    assert "go" == after(lifted.client, [a_check_in(3, at=NOW + timedelta(hours=1))]).level


def test_after_a_lift_a_late_report_from_before_the_emergency_says_nothing() -> None:
    client = after(NOBODY_YET, [EMERGENCY, a_lift(2, HOLD)])

    assert "unknown" == after(client, [a_check_in(3, at=NOW - timedelta(hours=1))]).level


@pytest.mark.parametrize("hold", [UUID(int=77), HOLD])
def test_a_hold_that_does_not_stand_cannot_be_lifted(hold: UUID) -> None:
    client = after(NOBODY_YET, [EMERGENCY, a_lift(2, HOLD)])

    outcome = tell(client, a_lift(3, hold))
    [refused] = outcome.events
    assert isinstance(refused, SubmissionAnswered)
    assert "rejected" == refused.status
    assert refused.reason


def test_each_emergency_is_looked_at_by_a_person() -> None:
    client = after(NOBODY_YET, [EMERGENCY, a_check_in(2, red_flags=["fainting"]), a_lift(3, HOLD)])

    assert ("emergency", 1) == (client.level, len(client.holds))


def test_the_level_follows_the_newest_check_in_by_its_own_time() -> None:
    newest = a_check_in(1, pain=7)
    late = a_check_in(2, pain=1, at=NOW - timedelta(hours=40), submitted_at=NOW)

    outcome = tell(after(NOBODY_YET, [newest]), late)
    assert "modify" == outcome.client.level
    assert "go" == answer(outcome.events).level
    assert [7, 1] == [c["pain"] for c in view(outcome.events).document["check_ins"]]


def test_a_changed_level_names_the_trainers_of_coming_sessions_and_of_the_last() -> None:
    coming, last, older, stood_up = (UUID(int=n) for n in (11, 12, 13, 14))
    client = Client(
        CLIENT,
        bookings=(
            a_booking(id=UUID(int=29), trainer_id=older, start_at=NOW - timedelta(days=9)),
            a_booking(id=UUID(int=22), trainer_id=last, start_at=NOW - timedelta(days=2)),
            a_booking(id=UUID(int=23), trainer_id=coming, status="frozen"),
            a_booking(id=UUID(int=24), trainer_id=stood_up, status="missed"),
        ),
    )

    [moved] = [e for e in tell(client, EMERGENCY).events if isinstance(e, SafetyLevelChanged)]
    assert (coming, last) == moved.trainer_ids


def test_a_client_is_shown_from_the_first_event_on_even_with_nothing_ahead() -> None:
    shown = view(decide.booking_changed(NOBODY_YET, NOW, RULES).events)

    assert (1, "unknown", "screening") == (
        shown.version,
        shown.level,
        shown.document["next"]["code"],
    )


def test_a_booking_that_changes_nothing_ahead_is_not_shown_again() -> None:
    client = Client(CLIENT, bookings=(a_booking(),))
    first = decide.booking_changed(client, NOW, RULES)

    assert [ViewUpdated] == [type(event) for event in first.events]
    assert () == decide.booking_changed(first.client, NOW + timedelta(minutes=1), RULES).events
    completed = decide.booking_changed(
        Client(
            CLIENT, version=1, next=first.client.next, bookings=(a_booking(status="completed"),)
        ),
        NOW,
        RULES,
    )
    assert [ViewUpdated] == [type(event) for event in completed.events]


@pytest.mark.parametrize(
    ("exercises", "option", "shown", "left_out"),
    [(150, "row", 90, 150), (15, "é" * 60, 90, 15), (15, "row" * 20, 23, 0), (0, "row", 90, 0)],
    ids=["many exercises", "long names", "as many as fit", "none"],
)
def test_the_document_stays_below_100_kb_whatever_the_history(
    exercises: int, option: str, shown: int, left_out: int
) -> None:
    session: dict[str, Any] = {
        "worst_pain": 9,
        "red_flags": ["chest-pain", "fainting"] * 500,
        "why": ["too-much"] * 500,
        "exercises": [
            {"option": f"{option}{n}", "done": True, "worst_pain": n % 11} for n in range(exercises)
        ],
    }
    client = after(
        NOBODY_YET,
        [
            a_check_in(n, "post", 9, at=NOW + timedelta(minutes=n), booking=BOOKING, **session)
            for n in range(100)
        ],
    )

    found = document(client, RULES)
    assert len(json.dumps(found)) < 100_000
    assert shown == len(found["check_ins"])
    assert {left_out} == {check_in["exercises_left_out"] for check_in in found["check_ins"]}
    assert 20 == len(found["holds"])


def test_the_same_log_gives_the_same_bytes() -> None:
    log: list[Submission] = [EMERGENCY, a_check_in(2), a_lift(3, HOLD), a_check_in(4, pain=9)]

    def told() -> list[str]:
        client, lines = NOBODY_YET, []
        for submission in log:
            outcome = tell(client, submission)
            client = outcome.client
            lines += [event.model_dump_json() for event in outcome.events]
        return lines

    assert told() == told()


check_ins = st.builds(
    a_check_in,
    number=st.integers(10, 400),
    kind=st.sampled_from(["pre", "post", "next-morning", "daily"]),
    pain=st.integers(0, 10),
    at=st.integers(-47, 200).map(lambda hours: NOW + timedelta(hours=hours)),
    worst_pain=st.none() | st.integers(0, 10),
    red_flags=st.lists(st.sampled_from(["dizziness", "trauma", "fainting"]), max_size=2),
)


@settings(deadline=None)
@given(
    before=st.lists(check_ins, max_size=5),
    others=st.lists(check_ins | st.just(EMERGENCY), max_size=8),
    lifts=st.lists(st.integers(0, 500).map(lambda n: a_lift(500 + n, UUID(int=n))), max_size=3),
    data=st.data(),
)
def test_no_order_or_repetition_of_reports_ends_an_emergency(
    before: list[CheckInSubmitted],
    others: list[CheckInSubmitted],
    lifts: list[HoldLiftSubmitted],
    data: st.DataObject,
) -> None:
    client = after(after(NOBODY_YET, before), [EMERGENCY])
    later: list[Submission] = data.draw(st.permutations([*others, *lifts]))

    for submission in later:
        outcome = tell(client, submission)
        client = outcome.client
        assert "emergency" == client.level
        assert HOLD in {hold.id for hold in client.holds}
        assert "done" != answer(outcome.events).status or (
            "emergency" == answer(outcome.events).level
        )


@settings(deadline=None)
@given(
    order=st.permutations([a_check_in(n, pain=n, at=NOW + timedelta(hours=n)) for n in range(8)])
)
def test_the_shown_order_does_not_depend_on_the_order_of_arrival(
    order: list[CheckInSubmitted],
) -> None:
    client = after(NOBODY_YET, order)

    shown = document(client, RULES)["check_ins"]
    assert [7, 6, 5, 4, 3, 2, 1, 0] == [check_in["pain"] for check_in in shown]


def test_every_event_speaks_of_its_client() -> None:
    events = tell(Client(CLIENT, bookings=(a_booking(),)), EMERGENCY).events

    assert {str(CLIENT)} == {event.key for event in events}
    assert TRAINER in next(e.trainer_ids for e in events if isinstance(e, SafetyLevelChanged))
    assert RULES.version == next(
        e.rules_version for e in events if isinstance(e, SafetyLevelChanged)
    )
