"""Which messages follow from a client's training: questions that are asked, and encouragement."""

from datetime import datetime, timedelta
from uuid import UUID, uuid5

from services.notify.domain.planned import Planned
from services.notify.domain.templates import (
    CHECK_IN_AFTER,
    CHECK_IN_MORNING,
    CHECK_IN_MORNING_AGAIN,
    ENCOURAGED_FOR,
    MILESTONE,
    PLAN_READY,
    WHY_IT_HURT,
    Template,
)
from shared.contracts.conclusions import CheckInInvited, MilestoneReached, PlanActivated
from shared.contracts.progress import SubmissionAnswered

ASK_WHY = "ask-why"
"""The code of the action that asks what may have caused a bad morning."""

WHY_AFTER = timedelta(minutes=30)
"""The page asks first; the message comes when nothing was said there. A design value."""

WHY_FOR = timedelta(hours=36)
"""By then the next morning is asked about."""

AFTER_FOR = timedelta(hours=3)
"""How the session was is asked on the day: after that the morning's question is the better one."""

_SINCE: dict[str, timedelta] = {
    CHECK_IN_AFTER.name: timedelta(hours=1),
    CHECK_IN_MORNING.name: timedelta(hours=6),
    CHECK_IN_MORNING_AGAIN.name: timedelta(hours=18),
}
"""A check-in that names no session and is not older before the question answers it."""

_NAMES = UUID("c1b0a7e4-91d2-5a5e-b0c3-5d6b7a8e9f10")


def invitation(fact: CheckInInvited, *, now: datetime) -> list[Planned]:
    """The question about a session, while it is waited for."""
    template = _invitation(fact)
    if template is None:
        return []
    until = fact.until
    if template is CHECK_IN_AFTER:
        until = min(until, fact.at + AFTER_FOR)
    if until <= now:
        return []
    return [
        Planned(
            template=template,
            subject_id=fact.booking_id,
            subject_version=0,
            recipient_id=fact.client_id,
            nominal_at=fact.at,
            due_at=max(fact.at, now),
            expires_at=until,
            booking_id=fact.booking_id,
            detail={
                "kind": fact.kind,
                "since": (fact.at - _SINCE[template.name]).isoformat(),
                "until": fact.until.isoformat(),
            },
        )
    ]


def question_why(fact: SubmissionAnswered, *, at: datetime, now: datetime) -> list[Planned]:
    """What may have caused it, asked when the answer called for it and the page got no word."""
    if all(action.code != ASK_WHY for action in fact.actions) or at + WHY_FOR <= now:
        return []
    return [
        Planned(
            template=WHY_IT_HURT,
            subject_id=fact.submission_id,
            subject_version=0,
            recipient_id=fact.client_id,
            nominal_at=at + WHY_AFTER,
            due_at=max(at + WHY_AFTER, now),
            expires_at=at + WHY_FOR,
            detail={"since": at.isoformat()},
        )
    ]


def milestone(fact: MilestoneReached, *, now: datetime) -> list[Planned]:
    """A word about what was reached."""
    return _encouragement(
        MILESTONE,
        milestone_id(fact),
        fact.client_id,
        {"code": fact.code, "kind": fact.kind},
        at=fact.at,
        now=now,
    )


def milestone_id(fact: MilestoneReached) -> UUID:
    """A name for it: each is reached once."""
    return uuid5(_NAMES, f"{fact.client_id} {fact.code}")


def plan_ready(fact: PlanActivated, *, now: datetime) -> list[Planned]:
    """A plan has begun."""
    return _encouragement(PLAN_READY, fact.plan_id, fact.client_id, {}, at=fact.at, now=now)


def _invitation(fact: CheckInInvited) -> Template | None:
    match fact.kind:
        case "post":
            return CHECK_IN_AFTER
        case "next-morning":
            return CHECK_IN_MORNING_AGAIN if fact.reminder else CHECK_IN_MORNING
        case _:
            return None


def _encouragement(
    template: Template,
    subject_id: UUID,
    client_id: UUID,
    detail: dict[str, str],
    *,
    at: datetime,
    now: datetime,
) -> list[Planned]:
    if at + ENCOURAGED_FOR <= now:
        return []
    return [
        Planned(
            template=template,
            subject_id=subject_id,
            subject_version=0,
            recipient_id=client_id,
            nominal_at=now,
            due_at=now,
            expires_at=at + ENCOURAGED_FOR,
            detail=detail,
        )
    ]
