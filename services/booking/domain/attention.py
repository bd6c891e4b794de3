"""Which clients need their trainer, and why: read off the progress views, the gravest first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

View = Mapping[str, Any]

AttentionCode = Literal[
    "emergency", "session-hold", "stopped", "part-hold", "review", "worsening", "flare",
    "take-care", "screening-due", "clearance-due", "assessment-due", "missed-check-in", "silent",
    "draft-waits", "no-plan",
]  # fmt: skip

URGENCY: tuple[AttentionCode, ...] = (
    "emergency", "session-hold", "stopped", "part-hold", "review", "worsening", "flare",
    "take-care", "clearance-due", "screening-due", "assessment-due", "missed-check-in", "silent",
    "draft-waits", "no-plan",
)  # fmt: skip
"""The order in which a trainer looks at them: danger, what only a trainer ends, then the rest."""

ASKS_THE_TRAINER = frozenset(
    {"review-plan", "new-assessment", "talk-to-someone", "medical-review", "option-locked"}
)
"""Actions of rules that wait for a person."""

ANSWERED_BY_CHECK_IN = frozenset(
    {"pre-check-in", "post-check-in", "next-morning", "flare-follow-up"}
)
"""Next steps that are a check-in."""

MISSED_AFTER = timedelta(hours=24)
"""A check-in that is late by a day will not come by itself."""

SILENT_AFTER = timedelta(days=7)
"""A week without a word, with a plan to follow, is worth a call."""

DUE_WITHIN = timedelta(days=14)
"""Two weeks before a review runs out there is still a session to do it in."""


@dataclass(frozen=True)
class Reason:
    """Why somebody needs care; `about` is what of, such as a rule, an option or an instant."""

    code: AttentionCode
    about: str | None = None
    since: datetime | None = None


def reasons(view: View, *, now: datetime) -> tuple[Reason, ...]:
    """Why a client needs their trainer, the gravest first; none when all is well."""
    found = [
        *_from_level(view),
        *_from_holds(view),
        *_from_rules(view),
        *_from_trends(view),
        *_from_reviews(view, now),
        *_from_silence(view, now),
        *_from_plan(view),
    ]
    return tuple(sorted(dict.fromkeys(found), key=lambda one: URGENCY.index(one.code)))


def order(found: tuple[Reason, ...]) -> tuple[int, int]:
    """A key to sort clients with: who has the gravest reason comes first, then who has more."""
    gravest = URGENCY.index(found[0].code) if found else len(URGENCY)
    return gravest, -len(found)


def _from_level(view: View) -> list[Reason]:
    level = view["level"]
    if level == "emergency":
        return [Reason("emergency")]
    if level in {"stop", "hold"} and not _held(view, "session"):
        return [Reason("stopped")]
    return [Reason("take-care")] if level == "modify" else []


def _from_holds(view: View) -> list[Reason]:
    return [
        Reason(
            "session-hold" if one["kind"] == "session" else "part-hold",
            one.get("option") or one["rule"],
            datetime.fromisoformat(one["since"]),
        )
        for one in view["holds"]
    ]


def _from_rules(view: View) -> list[Reason]:
    rules = view["safety"].get("rules", ())
    return [Reason("review", one["code"]) for one in rules if one["code"] in ASKS_THE_TRAINER]


def _from_trends(view: View) -> list[Reason]:
    found = [
        Reason("worsening", one["measure"])
        for one in view["trends"]
        if one["verdict"] == "worsening"
    ]
    flare = view["flare"]
    if flare and flare["resolved_at"] is None:
        found.append(Reason("flare", None, datetime.fromisoformat(flare["since"])))
    return found


def _from_reviews(view: View, now: datetime) -> list[Reason]:
    found = []
    screening, clearance, assessment = (
        view[part] for part in ("screening", "clearance", "assessment")
    )
    if screening is None or _ends_soon(screening["valid_until"], now):
        found.append(_due("screening-due", screening and screening["valid_until"]))
    if clearance and (
        clearance["status"] in {"requested", "expired"} or _ends_soon(clearance["valid_until"], now)
    ):
        found.append(_due("clearance-due", clearance["valid_until"]))
    if screening and (
        assessment is None or not assessment["complete"] or _ends_soon(assessment["due_at"], now)
    ):
        complete = assessment is not None and assessment["complete"]
        found.append(_due("assessment-due", assessment["due_at"] if complete else None))
    return found


def _from_silence(view: View, now: datetime) -> list[Reason]:
    step = view["next"]
    if step and step["code"] in ANSWERED_BY_CHECK_IN and step.get("at"):
        due = datetime.fromisoformat(step["at"])
        if due < now - MISSED_AFTER:
            return [Reason("missed-check-in", step["code"], due)]
    if not _active(view):
        return []
    told = [datetime.fromisoformat(one["at"]) for one in view["check_ins"][:1]]
    begun = view["plan"].get("activated_at")
    last = told[0] if told else datetime.fromisoformat(begun) if begun else None
    return [Reason("silent", None, last)] if last and last < now - SILENT_AFTER else []


def _from_plan(view: View) -> list[Reason]:
    plan = view["plan"]
    if plan and (plan["status"] == "drafted" or plan.get("draft")):
        return [Reason("draft-waits")]
    ready = view["assessment"] is not None and view["assessment"]["complete"]
    return [Reason("no-plan")] if ready and not plan else []


def _held(view: View, kind: str) -> bool:
    return any(one["kind"] == kind for one in view["holds"])


def _active(view: View) -> bool:
    return bool(view["plan"]) and view["plan"]["status"] == "active"


def _ends_soon(at: str | None, now: datetime) -> bool:
    return at is not None and datetime.fromisoformat(at) < now + DUE_WITHIN


def _due(code: AttentionCode, at: str | None) -> Reason:
    return Reason(code, None, None if at is None else datetime.fromisoformat(at))
