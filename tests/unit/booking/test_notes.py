"""No typed text of a report is left out, and each belongs to what a client shares."""

from typing import Any
from uuid import UUID

import pytest

from services.booking.domain.care_team import Purpose
from services.booking.domain.notes import KINDS, LIMITS, PURPOSES, kinds_shown, subject, texts
from shared.contracts import care, submissions
from shared.contracts.submissions import Submission
from shared.sealing import PREFIX, MasterKey

PLAN = UUID(int=7)
NOON = "2026-05-04T12:00:00Z"
OWN = {"severity": 1, "note": "said-note"}
REPORTS: dict[str, Any] = {
    "checkin": {"check_in": {"kind": "post", "pain": 4, "note": "said", "at": NOON}},
    "goals": {"activities": [{"name": "said-one", "rating": 3}, {"name": "said-two", "rating": 2}]},
    "hold-lift": {"hold_id": str(PLAN), "reason": "said"},
    "plan": {"items": None, "note": "said"},
    "plan-comment": {"plan_id": str(PLAN), "text": "said"},
    "swap": {"set_id": str(PLAN), "given_up": "bridges", "taken": "easy-walk", "reason": "said"},
    "screening": {
        "screening": {
            "health": dict.fromkeys(care.Health.model_fields, False),
            "active": True,
            "wish": "light",
            "medications": "said",
        }
    },
    "assessment": {
        "assessment": {
            "posture": [{"region": "said-region", "finding": "said-finding", **OWN}],
            "mechanics": [{"movement": "said-movement", "finding": "said-way", **OWN}],
            "rom": [
                {
                    "joint": "said-joint",
                    "side": "left",
                    "motion": "said-motion",
                    "degrees": 5,
                    "active": True,
                }
            ],
            "baseline": {"pain_now": 1, "pain_week": 2},
        }
    },
    "clearance-decision": {
        "clearance_id": str(PLAN),
        "decision": "limited",
        "limits": {"max_effort": 4, "note": "said-limits"},
        "note": "said-note",
    },
}  # fmt: skip
"""Reports in which everything that can be typed is typed, beginning with `said`."""

IN_COLUMNS = {
    "submission_id": str(UUID(int=1)),
    "client_id": str(UUID(int=2)),
    "submitted_by": str(UUID(int=3)),
    "submitted_at": NOON,
    "tz": "America/Toronto",
}


def reports() -> dict[str, type[Submission]]:
    """Every report there is by its kind."""
    found = [*vars(care).values(), *vars(submissions).values()]
    return {
        one.type.partition(".")[0]: one
        for one in found
        if isinstance(one, type) and issubclass(one, Submission) and one is not Submission
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_note_holds_all_that_booking_seals_of_a_report(kind: str) -> None:
    report = reports()[kind].model_validate(REPORTS[kind] | IN_COLUMNS)
    sealer = MasterKey(bytes(32)).unwrap(MasterKey(bytes(32)).new_key(PLAN), PLAN)
    sealed = sealer.seal_typed(report).model_dump_json().count(PREFIX)

    found = [word for one in texts(kind, REPORTS[kind]) for word in (*one.about, one.text)]

    assert sealed == len([word for word in found if word and word.startswith("said")])


def test_a_report_that_is_no_note_has_nothing_typed_in_it() -> None:
    for kind in reports().keys() - set(KINDS):
        schema = str(reports()[kind].model_json_schema())
        assert "note" not in schema, kind
        assert () == texts(kind, {}), kind
    assert set(KINDS) == REPORTS.keys() == PURPOSES.keys()


def test_what_nobody_typed_is_no_note() -> None:
    assert () == texts("checkin", {"check_in": {"pain": 4}})
    assert () == texts("checkin", {"check_in": {"pain": 4, "note": " \n"}})
    coded = {"region": "upper-back", "finding": "rounded-upper-back", "severity": 1}
    assert () == texts("assessment", {"assessment": {"posture": [coded]}})


def test_a_trainers_own_words_are_a_note_by_themselves() -> None:
    odd = {"region": "left ear", "finding": "rounded-upper-back", "severity": 1}
    (found,) = texts("assessment", {"assessment": {"posture": [odd]}})
    assert (("left ear", "rounded-upper-back"), None) == (found.about, found.text)


def test_texts_about_limits_and_plans_say_so() -> None:
    own, limits = texts("clearance-decision", REPORTS["clearance-decision"])
    assert ((), (LIMITS,)) == (own.about, limits.about)
    assert PLAN == subject(REPORTS["plan-comment"]) == subject(REPORTS["clearance-decision"])
    assert subject(REPORTS["goals"]) is None


def test_who_is_shown_a_purpose_reads_its_kinds_alone() -> None:
    plan: tuple[Purpose, ...] = ("plan",)
    assert KINDS == kinds_shown(None)
    assert () == kinds_shown(())
    assert ("plan", "plan-comment", "swap") == kinds_shown(plan)
