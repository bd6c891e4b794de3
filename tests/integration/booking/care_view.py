"""A progress view with something in every part, in the shape in which progress writes it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from shared.clock import rfc3339
from shared.contracts.progress import ViewUpdated

BEGAN = datetime(2026, 2, 1, 14, tzinfo=UTC)


def an_id(number: int) -> str:
    """The id of an item; the same for the same number."""
    return str(UUID(int=(0x0190D3A0 << 96) | (0x7 << 76) | (0x8 << 60) | number))


def on(day: int) -> str:
    """An instant so many days after the beginning."""
    return rfc3339(BEGAN + timedelta(days=day))


SCREENING, CLEARANCE, ASSESSMENT, GOALS, PLAN, HOLD = (an_id(number) for number in range(2, 8))
FIRST_PEG, NEWEST_PEG, MOOD = (an_id(number) for number in range(20, 23))


def a_check_in(number: int, *, day: int, pain: int, **other: Any) -> dict[str, Any]:
    """A check-in as the view shows it."""
    return {
        "id": an_id(1000 + number),
        "kind": "daily",
        "at": on(day),
        "booking": None,
        "pain": pain,
        "stiffness": None,
        "energy": None,
        "mood": None,
        "confidence": None,
        "effort": None,
        "enjoyment": None,
        "worst_pain": None,
        "exercises": [],
        "exercises_left_out": 0,
        "red_flags": [],
        "why": [],
        "flare": False,
        "level": "go",
        **other,
    }


def a_document(client: str, *, check_ins: int = 3) -> dict[str, Any]:
    """The whole view of a client, newest check-in first."""
    return {
        "client_id": client,
        "version": 143,
        "level": "go-care",
        "holds": [
            {
                "id": HOLD,
                "kind": "option",
                "option": "bridges",
                "rule": "A3",
                "since": on(80),
                "reason": "Twice red.",
            }
        ],
        "screening": {
            "id": SCREENING,
            "at": on(0),
            "outcome": "needs-clearance",
            "rules": ["G2"],
            "reasons": ["heart_condition"],
            "conditions": ["back-pain", "fibromyalgia"],
            "red_flags": [],
            "active": False,
            "wish": "light",
            "enjoys": ["calm"],
            "valid_until": on(365),
        },
        "clearance": {
            "id": CLEARANCE,
            "status": "limited",
            "rules": ["G2"],
            "reasons": ["heart_condition"],
            "requested_at": on(0),
            "decided_at": on(4),
            "max_effort": 5,
            "avoid": ["high-chair-stands", "strength", "knee"],
            "valid_until": on(300),
        },
        "assessment": {
            "id": ASSESSMENT,
            "at": on(3),
            "by": an_id(99),
            "complete": True,
            "due_at": on(87),
            "posture": [{"region": "upper-back", "finding": "rounded-upper-back", "severity": 2}],
            "mechanics": [{"movement": "hinge", "finding": "other", "severity": 1}],
            "rom": [
                {
                    "joint": "hip",
                    "side": "left",
                    "motion": "extension",
                    "degrees": -5,
                    "active": True,
                }
            ],
            "chair_stand": 11,
            "baseline": {"pain_now": 5, "pain_week": 6},
        },
        "questionnaires": [
            _answered(FIRST_PEG, "peg", [5, 6, 4], 5.0, day=1),
            _answered(NEWEST_PEG, "peg", [3, 4, 3], 3.33, day=71),
            _answered(MOOD, "phq-2", [1, 0], 1.0, day=2),
        ],
        "goals": {"id": GOALS, "at": on(60), "first": [3, 2], "newest": [6, 5]},
        "plan": {
            "id": PLAN,
            "status": "active",
            "drafted_at": on(5),
            "drafted_by": an_id(99),
            "activated_at": on(6),
            "activated_by": an_id(99),
            "rules_version": "1",
            "comments": 1,
            "items": [
                _planned("knee-rolls", "mobility", sets=2, repetitions=8),
                _planned("easy-walk", "low-impact", minutes=15),
            ],
            "menu": [],
            "draft": None,
        },
        "check_ins": [
            a_check_in(0, day=89, pain=3, stiffness=2, enjoyment=8),
            a_check_in(1, day=80, pain=7, red_flags=["night-pain"]),
            *(a_check_in(n, day=80 - n, pain=4) for n in range(2, check_ins)),
        ],
        "trends": [
            _trend("pain", "improving", low=-2.4, high=-0.3),
            _trend("confidence", "too early", low=None, high=None),
        ],
        "effects": [],
        "milestones": [],
        "next": None,
        "safety": {"rules": [], "gates": [{"rule": "G3", "code": "screening-old"}]},
    }


def a_full_view(client: str, **how: Any) -> ViewUpdated:
    """The event that carries it."""
    return ViewUpdated(
        client_id=UUID(client), version=143, level="go-care", document=a_document(client, **how)
    )


def _answered(
    identity: str, instrument: str, answers: list[int], score: float, *, day: int
) -> dict[str, Any]:
    return {
        "id": identity,
        "instrument": instrument,
        "version": "1",
        "at": on(day),
        "answers": answers,
        "score": score,
    }


def _planned(option: str, family: str, **dose: int) -> dict[str, Any]:
    empty = {"sets": None, "repetitions": None, "minutes": None}
    return {"option": option, "family": family, "effort": 3, "per_week": 3, **empty, **dose} | {
        "masked": None
    }


def _trend(measure: str, verdict: str, *, low: float | None, high: float | None) -> dict[str, Any]:
    return {
        "measure": measure,
        "verdict": verdict,
        "meaningful": False,
        "n": 30,
        "low": low,
        "high": high,
    }
