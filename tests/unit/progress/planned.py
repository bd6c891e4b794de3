"""Screenings, assessments, plans and what is submitted about them, with plain defaults."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.progress.domain.care import Assessment, Care, Clearance, Finding, Plan, Screening
from services.progress.domain.firing import Firing
from services.progress.domain.model import Client, Hold, Report
from shared.contracts.care import (
    Activity,
    AssessmentSubmitted,
    Baseline,
    GoalsSubmitted,
    Health,
    PlanActivationSubmitted,
    PlanCommentSubmitted,
    PlannedOption,
    PlanSubmitted,
    QuestionnaireSubmitted,
    ScreeningSubmitted,
)
from shared.contracts.care import Assessment as Given
from shared.contracts.care import Screening as Screened
from shared.contracts.conclusions import PlanItem
from shared.contracts.progress import HoldKind
from shared.options.catalogue import Option, catalogue
from shared.vocabulary.codes import Instrument
from tests.unit.progress.builders import CLIENT, NOW, TRAINER, TZ

OPTIONS = catalogue().by_code()
PLAN = UUID(int=700)


def healthy(**yes: bool) -> Health:
    """A readiness form with no everywhere else."""
    return Health(**(dict.fromkeys(Health.model_fields, False) | yes))


def screened(*conditions: str, at: datetime = NOW - timedelta(days=30), **more: Any) -> Screening:
    """A clear screening of an active client who would like moderate effort."""
    values = {
        "id": UUID(int=600),
        "at": at,
        "outcome": "clear",
        "rules": (),
        "health": healthy(),
        "active": True,
        "wish": "moderate",
        "conditions": conditions,
        "red_flags": (),
        "enjoys": (),
        "valid_until": at + timedelta(days=365),
    }
    return Screening(**(values | more))


def assessed(at: datetime = NOW - timedelta(days=7), **more: Any) -> Assessment:
    """A complete assessment in which nothing stands out."""
    values = {
        "id": UUID(int=601),
        "at": at,
        "by": TRAINER,
        "complete": True,
        "posture": (finding("knee"),),
        "mechanics": (finding("walking"),),
        "rom": (),
        "chair_stand": None,
        "baseline": Baseline(pain_now=3, pain_week=4),
    }
    return Assessment(**(values | more))


def finding(about: str, finding: str = "nothing-notable", severity: int = 0) -> Finding:
    """A finding of posture or mechanics."""
    return Finding(about=about, finding=finding, severity=severity)


def cleared(status: str = "granted", **more: Any) -> Clearance:
    """A clearance that was decided a week ago."""
    values = {
        "id": UUID(int=602),
        "status": status,
        "rules": ("G2",),
        "requested_at": NOW - timedelta(days=8),
        "decided_at": NOW - timedelta(days=7),
        "valid_until": NOW + timedelta(days=300),
    }
    return Clearance(**(values | more))


def item(option: str, **more: Any) -> PlanItem:
    """An option of a plan with the catalogue's dose."""
    found = OPTIONS[option]
    dose = found.dose.model_dump(exclude={"hold_seconds"})
    return PlanItem(option=option, family=found.family, effort=found.effort, **(dose | more))


def planned(*items: PlanItem, status: str = "active", **more: Any) -> Plan:
    """A plan that began three days ago."""
    values = {
        "id": PLAN,
        "status": status,
        "drafted_at": NOW - timedelta(days=4),
        "drafted_by": TRAINER,
        "items": items,
        "rules_version": "test",
        "activated_at": NOW - timedelta(days=3) if status == "active" else None,
        "activated_by": TRAINER if status == "active" else None,
    }
    return Plan(**(values | more))


def ready(*conditions: str, reports: Sequence[Report] = (), **more: Any) -> Client:
    """A client before whom every gate is open."""
    care: dict[str, Any] = {"screening": screened(*conditions), "assessments": (assessed(),)}
    return replace(
        Client(CLIENT, version=len(reports), as_of=NOW, care=Care(**(care | more))),
        reports=tuple(sorted(reports, key=lambda one: one.place, reverse=True)),
    )


def held(
    kind: HoldKind, rule: str, *, option: str | None = None, flags: Sequence[str] = ()
) -> Hold:
    """A hold that stands."""
    firing = Firing(rule, "test", "hold", "Wait.", "wait", "Because.", {"red_flags": list(flags)})
    return Hold(UUID(int=603), None, kind, option, rule, "hold", NOW, "Because.", firings=(firing,))


def an_option(code: str, **more: Any) -> Option:
    """An option of the catalogue, changed."""
    return replace(OPTIONS[code], **more)


def submitted(number: int, at: datetime = NOW) -> dict[str, Any]:
    """What every submission carries."""
    return {
        "submission_id": UUID(int=2000 + number),
        "client_id": CLIENT,
        "submitted_by": TRAINER,
        "submitted_at": at,
        "tz": TZ,
    }


def a_screening(number: int = 1, *, at: datetime = NOW, **more: Any) -> ScreeningSubmitted:
    """An active client with back pain and nothing that stands in the way."""
    values = {
        "health": healthy(joint_problem=True),
        "active": True,
        "wish": "moderate",
        "conditions": ("back-pain",),
        "medications": "private",
    }
    return ScreeningSubmitted(**submitted(number, at), screening=Screened(**(values | more)))


def an_assessment(number: int = 1, *, at: datetime = NOW, **more: Any) -> AssessmentSubmitted:
    """A complete assessment of a stiff knee."""
    given = {
        "posture": [{"region": "knee", "finding": "swelling", "severity": 2, "note": "private"}],
        "mechanics": [{"movement": "squat", "finding": "stiff", "severity": 1}],
        "rom": [],
        "baseline": {"pain_now": 3, "pain_week": 4},
    } | more
    return AssessmentSubmitted(**submitted(number, at), assessment=Given.model_validate(given))


def answers(
    instrument: Instrument, *given: int, number: int = 1, at: datetime = NOW, version: str = "1.0"
) -> QuestionnaireSubmitted:
    """An instrument, answered."""
    return QuestionnaireSubmitted(
        **submitted(number, at),
        instrument=instrument,
        version=version,
        language="en",
        answers=given,
    )


def some_goals(*ratings: int, number: int = 1, at: datetime = NOW, name: str = "stairs") -> Any:
    """Activities with these ratings."""
    activities = tuple(
        Activity(name=f"{name} {place}", rating=rating) for place, rating in enumerate(ratings)
    )
    return GoalsSubmitted(**submitted(number, at), activities=activities)


def a_plan(
    *given: dict[str, Any], number: int = 1, at: datetime = NOW, draft: bool = False
) -> PlanSubmitted:
    """A trainer's plan, or the wish for a draft."""
    items = None if draft else tuple(PlannedOption.model_validate(one) for one in given)
    return PlanSubmitted(**submitted(number, at), items=items, note="private")


def an_activation(plan: UUID, number: int = 50, *, at: datetime = NOW) -> PlanActivationSubmitted:
    """A trainer wants that plan to begin."""
    return PlanActivationSubmitted(**submitted(number, at), plan_id=plan)


def a_comment(plan: UUID, number: int = 60) -> PlanCommentSubmitted:
    """Words on a plan."""
    return PlanCommentSubmitted(**submitted(number), plan_id=plan, text="private")
