"""The view's parts about assessment, measures, plan and milestones, ready for JSON."""

from datetime import timedelta
from typing import Any

from services.progress.domain.care import Assessment, Care, Plan
from services.progress.domain.mask import Mask, Today
from services.progress.domain.menu import menu
from services.progress.domain.model import Client
from services.progress.domain.rules import Rules
from shared.clock import rfc3339
from shared.contracts.conclusions import PlanItem
from shared.options.catalogue import catalogue


def assessment(care: Care, rules: Rules) -> dict[str, Any] | None:
    """The newest complete assessment, else the newest; `due_at` is when the next one is due."""
    found = care.assessment or (care.assessments[-1] if care.assessments else None)
    return None if found is None else _assessment(found, rules)


def questionnaires(care: Care) -> list[dict[str, Any]]:
    """The first and the newest answers to each instrument."""
    shown = []
    for name in dict.fromkeys(one.instrument for one in care.questionnaires):
        known = [one for one in care.questionnaires if one.instrument == name]
        for one in dict.fromkeys((known[0].id, known[-1].id)):
            found = next(answered for answered in known if answered.id == one)
            shown.append(
                {
                    "id": str(found.id),
                    "instrument": found.instrument,
                    "version": found.version,
                    "at": rfc3339(found.at),
                    "answers": list(found.answers),
                    "score": found.score,
                }
            )
    return shown


def goals(care: Care) -> dict[str, Any] | None:
    """The ratings of the client's activities, in their order."""
    if care.goals is None:
        return None
    return {
        "id": str(care.goals.id),
        "at": rfc3339(care.goals.at),
        "first": list(care.goals.first),
        "newest": list(care.goals.newest),
    }


def plan(client: Client, rules: Rules, today: Today) -> dict[str, Any] | None:
    """The active plan with today's menu and, as `draft`, one that was drafted since; without an
    active plan the newest draft."""
    plans = client.care.plans
    drafts = [one for one in plans if one.status == "drafted"]
    active = client.care.plan
    if active is None:
        return _plan(drafts[-1], client, rules, today) | {"draft": None} if drafts else None
    later = [one for one in drafts if one.drafted_at >= active.drafted_at]
    return _plan(active, client, rules, today) | {
        "draft": _plan(later[-1], client, rules, today) if later else None
    }


def milestones(care: Care) -> list[dict[str, Any]]:
    """What was reached, oldest first."""
    return [{"code": one.code, "kind": one.kind, "at": rfc3339(one.at)} for one in care.milestones]


def _assessment(found: Assessment, rules: Rules) -> dict[str, Any]:
    due = found.at + timedelta(weeks=rules.plan.assessment_weeks)
    return {
        "id": str(found.id),
        "at": rfc3339(found.at),
        "by": str(found.by),
        "complete": found.complete,
        "due_at": rfc3339(due) if found.complete else rfc3339(found.at),
        "posture": [
            {"region": one.about, "finding": one.finding, "severity": one.severity}
            for one in found.posture
        ],
        "mechanics": [
            {"movement": one.about, "finding": one.finding, "severity": one.severity}
            for one in found.mechanics
        ],
        "rom": [one.model_dump(mode="json") for one in found.rom],
        "chair_stand": found.chair_stand,
        "baseline": found.baseline.model_dump(mode="json"),
    }


def _plan(shown: Plan, client: Client, rules: Rules, today: Today) -> dict[str, Any]:
    options, mask = catalogue().by_code(), Mask(client, rules)
    items = []
    for item in shown.items:
        option = options.get(item.option)
        masked = None if option is None else mask.why_not(option)
        why = None if masked is None else {"rule": masked.rule, "code": masked.code}
        items.append(_item(item) | {"masked": why})
    choices = menu(client, rules, today) if shown.status == "active" else ()
    return {
        "id": str(shown.id),
        "status": shown.status,
        "drafted_at": rfc3339(shown.drafted_at),
        "drafted_by": str(shown.drafted_by),
        "activated_at": None if shown.activated_at is None else rfc3339(shown.activated_at),
        "activated_by": None if shown.activated_by is None else str(shown.activated_by),
        "rules_version": shown.rules_version,
        "comments": shown.comments,
        "items": items,
        "menu": [_item(choice.item) | {"planned": choice.planned} for choice in choices],
    }


def _item(item: PlanItem) -> dict[str, Any]:
    # Written out: a view has dozens of them, and each check-in makes one.
    return {
        "option": item.option,
        "family": item.family,
        "effort": item.effort,
        "per_week": item.per_week,
        "sets": item.sets,
        "repetitions": item.repetitions,
        "minutes": item.minutes,
    }
