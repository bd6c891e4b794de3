"""Screenings: who needs a clearance, what waits, and which signs hold sessions at once."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest

from services.progress.domain.intake import clearance_reasons
from services.progress.domain.model import Client
from shared.contracts.conclusions import ClearanceRequested, ScreeningRecorded
from shared.contracts.progress import RuleFired, SafetyHoldPlaced
from tests.unit.progress.builders import (
    CLIENT,
    NOW,
    TRAINER,
    a_booking,
    a_check_in,
    answer,
    tell,
    view,
)
from tests.unit.progress.intake import a_screening, asked, clearance, decided, gates, life

NOBODY = Client(CLIENT)


def reasons(*yes: str, **more: Any) -> tuple[str, ...]:
    return clearance_reasons(a_screening(1, *yes, **more).screening)


@pytest.mark.parametrize("wish", ["light", "moderate", "vigorous"])
@pytest.mark.parametrize("active", [True, False])
@pytest.mark.parametrize("answer", ["chest_pain", "dizziness", "supervised_only", "pregnant"])
def test_symptoms_advice_and_pregnancy_need_a_clearance_before_anything(
    answer: str, active: bool, wish: str
) -> None:
    assert (answer,) == reasons(answer, active=active, wish=wish)


@pytest.mark.parametrize("answer", ["heart_condition", "other_chronic"])
@pytest.mark.parametrize(
    ("active", "wish", "expected"),
    [
        (True, "light", ()),
        (True, "moderate", ()),
        (True, "vigorous", ("vigorous",)),
        (False, "light", ("inactive",)),
        (False, "moderate", ("inactive",)),
        (False, "vigorous", ("inactive", "vigorous")),
    ],
)
def test_a_known_disease_needs_one_before_new_or_vigorous_effort(
    answer: str, active: bool, wish: str, expected: tuple[str, ...]
) -> None:
    found = reasons(answer, active=active, wish=wish)

    assert (((answer, *expected)) if expected else ()) == found


def test_medicine_counts_as_a_disease_where_nothing_named_explains_it() -> None:
    assert ("medication", "inactive") == reasons("medication", active=False, conditions=[])
    assert () == reasons("medication", active=False)
    assert () == reasons("medication", "joint_problem", active=False, conditions=[])
    assert () == reasons("medication", conditions=[])


def test_nothing_known_needs_none_whatever_is_wished_for() -> None:
    assert () == reasons(active=False, wish="vigorous")
    assert () == reasons("fever", active=False, wish="vigorous")


def test_a_joint_problem_leads_to_the_questions_about_signs_and_not_to_an_end() -> None:
    clear = tell(NOBODY, a_screening(1, "joint_problem", active=False))
    sign = tell(NOBODY, a_screening(1, "joint_problem", red_flags=["night-pain"]))

    assert [] == gates(clear.client)
    assert ("done", "unknown", ()) == (
        (said := answer(clear.events)).status,
        said.level,
        said.actions,
    )
    assert [] == gates(sign.client)
    assert "hold" == sign.client.level


def test_a_clear_screening_is_recorded_and_shown_and_asks_nobody() -> None:
    outcome = tell(NOBODY, a_screening(1, medications="something private", enjoys=["walks by me"]))

    [recorded] = [one for one in outcome.events if isinstance(one, ScreeningRecorded)]
    assert ("clear", (), ("back-pain",), datetime(2027, 3, 2, 15, tzinfo=UTC)) == (
        recorded.outcome,
        recorded.rules,
        recorded.conditions,
        recorded.valid_until,
    )
    assert not any(isinstance(one, ClearanceRequested) for one in outcome.events)
    document = view(outcome.events).document
    assert ("clear", "2027-03-02T15:00:00Z") == (
        document["screening"]["outcome"],
        document["screening"]["valid_until"],
    )
    assert None is document["clearance"]
    told = "".join(event.model_dump_json() for event in outcome.events)
    assert not any(word in told for word in ("private", "walks by me"))
    assert "private" not in json.dumps(outcome.client.care.model_dump(mode="json"))


def test_what_is_enjoyed_is_kept_where_the_catalogue_knows_it() -> None:
    liked = ["calm", "tai-chi", "my dog", "calm"]
    screening = life(NOBODY, a_screening(1, enjoys=liked)).care.screening

    assert screening is not None
    assert ("calm", "tai-chi") == screening.enjoys


def test_a_symptom_closes_the_gate_asks_a_clinician_and_says_so() -> None:
    outcome = tell(NOBODY, a_screening(1, "chest_pain"))

    [asked_for] = [one for one in outcome.events if isinstance(one, ClearanceRequested)]
    assert (("G2",), NOW) == (asked_for.rules, asked_for.at)
    assert [("G2", "clearance-open")] == gates(outcome.client)
    said = answer(outcome.events)
    assert ("done", "unknown", [("G2", "see-clinician")]) == (
        said.status,
        said.level,
        [(one.rule, one.code) for one in said.actions],
    )
    shown = view(outcome.events).document
    assert ("needs-clearance", ["chest_pain"]) == (
        shown["screening"]["outcome"],
        shown["screening"]["reasons"],
    )
    assert (str(asked_for.clearance_id), "requested") == (
        shown["clearance"]["id"],
        shown["clearance"]["status"],
    )
    assert [("G2", "clearance"), ("G1", "assessment")] == [
        (gate["rule"], gate["task"]) for gate in shown["safety"]["gates"]
    ]


def test_a_fever_postpones_until_a_screening_says_that_it_is_over() -> None:
    ill = tell(NOBODY, a_screening(1, "fever"))

    assert ("hold", [("G4", "unwell")]) == (ill.client.level, gates(ill.client))
    assert ("hold", ["postpone"]) == (
        (said := answer(ill.events)).level,
        [one.code for one in said.actions],
    )
    [fired] = [one for one in ill.events if isinstance(one, RuleFired)]
    assert ("G4", "hold", ("client", "trainer")) == (fired.rule, fired.level, fired.notify)
    assert () == ill.client.holds

    still = life(ill.client, a_check_in(1, pain=1, at=NOW + timedelta(days=3)))
    assert "hold" == still.level
    well = life(still, a_screening(2, at=NOW + timedelta(days=4)))
    assert ("go", []) == (well.level, gates(well))


def test_a_fever_hides_no_symptom_and_ends_no_clearance() -> None:
    ill = asked("chest_pain", "fever")
    assert [("G4", "unwell"), ("G2", "clearance-open")] == gates(ill)

    well = life(ill, a_screening(2, "chest_pain", at=NOW + timedelta(days=4)))
    assert clearance(ill).id == clearance(well).id
    assert [("G2", "clearance-open")] == gates(well)


def test_a_pregnancy_is_held_until_a_professional_has_said_something() -> None:
    pregnant = asked("pregnant")
    assert ("hold", [("G4", "clearance-open")], ("G4",)) == (
        pregnant.level,
        gates(pregnant),
        clearance(pregnant).rules,
    )

    advised = decided(pregnant, "limited", max_effort=4)
    assert ("unknown", []) == (advised.level, gates(advised))
    assert [("G4", "clearance-refused")] == gates(decided(pregnant, "refused"))


def test_a_pregnancy_beside_a_symptom_is_held_by_both_rules() -> None:
    both = asked("pregnant", "dizziness")

    assert [("G2", "clearance-open"), ("G4", "clearance-open")] == gates(both)
    assert ("G2", "G4") == clearance(both).rules


@pytest.mark.parametrize(
    ("flag", "rule", "kind", "level"),
    [
        ("chest-pain", "R1", "session", "emergency"),
        ("cancer-history", "R2", "session", "hold"),
        ("hot-swollen-joint", "R3", "joint", "hold"),
    ],
)
def test_signs_of_a_screening_hold_at_once_as_those_of_a_check_in(
    flag: str, rule: str, kind: str, level: str
) -> None:
    booked = Client(CLIENT, bookings=(a_booking(),))
    screening = a_screening(1, red_flags=[flag])
    outcome = tell(booked, screening)
    as_check_in = tell(booked, a_check_in(1, "daily", red_flags=[flag]))

    [placed] = [one for one in outcome.events if isinstance(one, SafetyHoldPlaced)]
    [expected] = [one for one in as_check_in.events if isinstance(one, SafetyHoldPlaced)]
    assert (uuid5(screening.submission_id, rule), kind, level, (TRAINER,)) == (
        placed.hold_id,
        placed.kind,
        placed.level,
        placed.trainer_ids,
    )
    same = {"hold_id": placed.hold_id}
    assert expected.model_copy(update=same) == placed
    assert level == answer(outcome.events).level
    actions = [(one.rule, one.code) for one in answer(as_check_in.events).actions]
    assert [one for one in actions if one[0] == rule] == [
        (one.rule, one.code) for one in answer(outcome.events).actions
    ]


def test_a_hot_joint_with_a_fever_is_for_a_doctor_today() -> None:
    outcome = tell(NOBODY, a_screening(1, "fever", red_flags=["hot-swollen-joint"]))

    assert {("R2", "session"), ("R3", "joint")} == {
        (hold.rule, hold.kind) for hold in outcome.client.holds
    }
    assert "medical-advice-today" in [one.code for one in answer(outcome.events).actions]


def test_a_sign_that_ends_a_session_is_answered_and_holds_nothing() -> None:
    outcome = tell(NOBODY, a_screening(1, red_flags=["giving-way"]))

    assert ("stop", ["stop-session", "ask-red-flags"]) == (
        (said := answer(outcome.events)).level,
        [one.code for one in said.actions],
    )
    assert ((), "unknown") == (outcome.client.holds, outcome.client.level)


def test_a_screening_that_arrives_late_opens_nothing_but_its_signs_are_heard() -> None:
    newer = asked("chest_pain", at=NOW + timedelta(hours=1))
    late = tell(newer, a_screening(2, at=NOW, red_flags=["fainting"]))

    assert (newer.care.screening, newer.care.clearance) == (
        late.client.care.screening,
        late.client.care.clearance,
    )
    assert ["R1"] == [hold.rule for hold in late.client.holds]


@pytest.mark.parametrize(
    ("day", "until"),
    [
        (datetime(2026, 3, 2, 15, tzinfo=UTC), datetime(2027, 3, 2, 15, tzinfo=UTC)),
        (datetime(2028, 2, 29, 4, tzinfo=UTC), datetime(2029, 2, 28, 4, tzinfo=UTC)),
    ],
)
def test_a_screening_counts_for_twelve_calendar_months(day: datetime, until: datetime) -> None:
    client = life(NOBODY, a_screening(1, at=day))

    assert [] == gates(client, until - timedelta(microseconds=1))
    assert [("G3", "screening-outdated")] == gates(client, until)


def test_the_same_screening_gives_the_same_clearance_id_whenever_it_is_replayed() -> None:
    assert clearance(asked()).id == clearance(asked()).id != UUID(int=3001)
