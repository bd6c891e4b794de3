"""Assessments: complete or not, in codes alone, and never crowding out what gates look at."""

from datetime import timedelta
from typing import Any

import pytest

from services.progress.domain.assessing import KEPT, MOST_FINDINGS
from services.progress.domain.model import Client
from shared.contracts.conclusions import AssessmentRecorded
from tests.unit.progress.builders import CLIENT, NOW, after, answer, tell, view
from tests.unit.progress.planned import an_assessment

NOBODY_YET = Client(CLIENT)
POSTURE = {"region": "knee", "finding": "swelling", "severity": 1}
MECHANICS = {"movement": "squat", "finding": "stiff", "severity": 1}
KNEE = {"joint": "knee", "side": "left", "motion": "flexion", "active": True}


@pytest.mark.parametrize(
    ("posture", "mechanics", "complete"),
    [
        ([POSTURE], [MECHANICS], True),
        ([POSTURE], [], False),
        ([], [MECHANICS], False),
        ([], [], False),
    ],
)
def test_it_is_complete_with_posture_and_mechanics_both(
    posture: list[Any], mechanics: list[Any], complete: bool
) -> None:
    outcome = tell(NOBODY_YET, an_assessment(posture=posture, mechanics=mechanics))
    [recorded] = [one for one in outcome.events if isinstance(one, AssessmentRecorded)]

    assert "done" == answer(outcome.events).status
    assert complete == recorded.complete
    assert (len(posture), len(mechanics)) == (
        recorded.posture_findings,
        recorded.mechanics_findings,
    )
    assert complete == (outcome.client.care.assessment is not None)
    assert complete == view(outcome.events).document["assessment"]["complete"]


def test_words_that_the_vocabulary_does_not_know_are_other_and_notes_stay_out() -> None:
    outcome = tell(
        NOBODY_YET,
        an_assessment(
            posture=[{"region": "left big toe", "finding": "odd", "severity": 1, "note": "secret"}],
            mechanics=[
                {"movement": "moonwalk", "finding": "funky", "severity": 1, "note": "secret"}
            ],
            rom=[
                {"joint": "toe", "side": "left", "motion": "wiggle", "degrees": 5, "active": True}
            ],
        ),
    )
    shown = view(outcome.events).document["assessment"]

    assert [{"region": "other", "finding": "other", "severity": 1}] == shown["posture"]
    assert [{"movement": "other", "finding": "other", "severity": 1}] == shown["mechanics"]
    assert ("other", "other") == (shown["rom"][0]["joint"], shown["rom"][0]["motion"])
    said = outcome.client.care.model_dump_json() + "".join(
        event.model_dump_json() for event in outcome.events
    )
    for word in ("toe", "odd", "moonwalk", "funky", "wiggle", "secret"):
        assert word not in said


@pytest.mark.parametrize(
    ("more", "names"),
    [
        ({"rom": [KNEE | {"degrees": 201}]}, "degrees"),
        ({"rom": [KNEE | {"degrees": -61}]}, "degrees"),
        ({"chair_stand": 61}, "chair stand"),
        ({"chair_stand": -1}, "chair stand"),
        ({"posture": [POSTURE] * (MOST_FINDINGS + 1)}, "at most"),
    ],
)
def test_what_cannot_be_measured_is_refused_by_name(more: dict[str, Any], names: str) -> None:
    outcome = tell(NOBODY_YET, an_assessment(**more))
    told = answer(outcome.events)

    assert "rejected" == told.status
    assert names in (told.reason or "")
    assert () == outcome.client.care.assessments
    assert 1 == len(outcome.events)


def test_incomplete_ones_never_push_out_the_complete_one_nor_the_first_to_compare_with() -> None:
    life = [
        an_assessment(1, chair_stand=9, at=NOW),
        *(an_assessment(2 + n, posture=[], at=NOW + timedelta(days=n)) for n in range(9)),
    ]
    client = after(NOBODY_YET, life)

    assert client.care.assessment is not None
    assert 9 == client.care.assessments[0].chair_stand
    assert KEPT == len(client.care.assessments)


def test_the_next_one_is_due_after_twelve_weeks() -> None:
    shown = view(tell(NOBODY_YET, an_assessment()).events).document["assessment"]

    assert "2026-05-25T15:00:00Z" == shown["due_at"]
