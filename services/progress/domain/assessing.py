"""An assessment: what a trainer saw, in codes; complete with posture and mechanics both."""

from dataclasses import replace
from typing import get_args

from services.progress.domain.care import Assessment, Finding
from services.progress.domain.milestones import reached
from services.progress.domain.model import Client
from services.progress.domain.outcome import Outcome, done, next_entry, refused
from services.progress.domain.rules import Rules
from shared.contracts.care import Assessment as Given
from shared.contracts.care import (
    AssessmentSubmitted,
    MovementFinding,
    PostureFinding,
    RangeOfMotion,
)
from shared.contracts.conclusions import AssessmentRecorded
from shared.instruments.table import instruments
from shared.vocabulary import codes

KEPT = 4
"""A year of assessments at one every 12 weeks; the first complete one and the newest stay."""

MOST_FINDINGS = 40
"""Of posture or mechanics: twice as many as there are movements; the view has to hold them."""

MOST_JOINTS = 80
"""Every joint, side and motion of the vocabulary once; the view has to hold them."""

OTHER = "other"
"""Shown for a word that the vocabulary does not know; the word itself stays in the log."""

REGIONS = frozenset(get_args(codes.Region))
MOVEMENTS = frozenset(get_args(codes.Movement))
POSTURE = frozenset(get_args(codes.PostureFinding))
MECHANICS = frozenset(get_args(codes.MovementFinding))
JOINTS = frozenset(get_args(codes.Joint))
MOTIONS = frozenset(get_args(codes.Motion))


def assess(client: Client, submission: AssessmentSubmitted, rules: Rules) -> Outcome:
    """Keep an assessment; refused when it measures what cannot be."""
    given, at = submission.assessment, submission.submitted_at
    if wrong := _fault(given):
        return refused(client, submission, rule=None, reason=wrong)
    found = Assessment(
        id=submission.submission_id,
        at=at,
        by=submission.submitted_by,
        complete=bool(given.posture and given.mechanics),
        posture=tuple(_posture(one) for one in given.posture),
        mechanics=tuple(_movement(one) for one in given.mechanics),
        rom=tuple(_joint(one) for one in given.rom),
        chair_stand=given.chair_stand,
        baseline=given.baseline,
    )
    recorded = AssessmentRecorded(
        client_id=client.id,
        assessment_id=found.id,
        complete=found.complete,
        posture_findings=len(found.posture),
        mechanics_findings=len(found.mechanics),
        joints_measured=len(found.rom),
        chair_stand=found.chair_stand,
        at=at,
    )
    kept = _kept((*client.care.assessments, found))
    after = replace(
        next_entry(client, at), care=client.care.model_copy(update={"assessments": kept})
    )
    step = reached(after, at, rules)
    return done(client, step.client, submission, rules, [recorded, *step.events])


def _fault(given: Given) -> str | None:
    limits = instruments().physical
    if max(len(given.posture), len(given.mechanics)) > MOST_FINDINGS:
        return f"An assessment holds at most {MOST_FINDINGS} findings of posture or mechanics."
    if len(given.rom) > MOST_JOINTS:
        return f"An assessment holds at most {MOST_JOINTS} measured motions."
    for place, one in enumerate(given.rom, start=1):
        if one.degrees not in limits.degrees:
            return f"Measurement {place}: degrees have to be {limits.degrees}."
    if given.chair_stand is not None and given.chair_stand not in limits.chair_stand:
        return f"The chair stand has to be {limits.chair_stand}."
    return None


def _kept(known: tuple[Assessment, ...]) -> tuple[Assessment, ...]:
    # What gates and milestones look at never makes room: the first to compare with, the newest.
    complete = [one.id for one in known if one.complete]
    stand = [one.id for one in known if one.chair_stand is not None]
    needed = {*complete[:1], *complete[-1:], *stand[:1], known[-1].id}
    surplus = len(known) - KEPT
    left: list[Assessment] = []
    for one in known:
        if surplus > 0 and one.id not in needed:
            surplus -= 1
        else:
            left.append(one)
    return tuple(left)


def _posture(one: PostureFinding) -> Finding:
    return Finding(
        about=_code(one.region, REGIONS),
        finding=_code(one.finding, POSTURE),
        severity=one.severity,
    )


def _movement(one: MovementFinding) -> Finding:
    return Finding(
        about=_code(one.movement, MOVEMENTS),
        finding=_code(one.finding, MECHANICS),
        severity=one.severity,
    )


def _joint(one: RangeOfMotion) -> RangeOfMotion:
    known = {"joint": _code(one.joint, JOINTS), "motion": _code(one.motion, MOTIONS)}
    return one.model_copy(update=known)


def _code(word: str, known: frozenset[str]) -> str:
    return word if word in known else OTHER
