"""The one document per client that the page shows."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from services.progress.domain import care_view, intake_view, statistics_view
from services.progress.domain.gates import closed
from services.progress.domain.mask import Today
from services.progress.domain.model import Client, Firing, Hold, Report, highest
from services.progress.domain.rules import Rules
from shared.clock import rfc3339
from shared.contracts.progress import Level, ViewUpdated

SHOWN_CHECK_INS = 90
"""About three months of daily check-ins."""

CHECK_INS_BYTES = 60_000
"""The check-ins' share of the 100 kB a document may have; older ones are left out beyond it."""

ITEM_BYTES, EXERCISE_BYTES, WORD_BYTES = 480, 72, 4
"""An item of a check-in without its lists, an exercise without its option, a word of a list."""

SHOWN_EXERCISES, EXERCISES_BYTES = 20, 2_000
"""A session with more exercises than this is shown without them, with their number."""

SHOWN_HOLDS = 20
"""Holds shown, oldest first; later ones appear as these are lifted."""


def level(client: Client) -> Level:
    """The gravest of the levels of standing holds, of rules in force and of the newest report.

    After a lift nothing is known until the next check-in, whatever was reported before.
    """
    newest = client.reports[0] if client.reports else None
    heard = newest is not None and newest.version > client.lifted_version
    said = newest.level if newest is not None and heard else "unknown"
    if said in {"go", "go-care"} and any(one.rule == "A4" for one in client.care.standing):
        said = "unknown"  # A morning nobody told of is not green, whatever was said before it.
    return highest(
        said,
        *(hold.level for hold in client.holds if hold.kind == "session"),
        *(firing.level for one in client.care.standing for firing in one.firings),
    )


def in_force(client: Client) -> list[Firing]:
    """The rules that make the level: of holds first, then those that stand, then the newest."""
    held = client.holds[:SHOWN_HOLDS]
    firings = [firing for hold in held for firing in hold.firings]
    firings += [firing for one in client.care.standing for firing in one.firings]
    if client.reports and client.reports[0].version > client.lifted_version:
        newest = client.reports[0]
        held_rules = {hold.rule for hold in held if hold.check_in_id == newest.id}
        already = held_rules | {one.rule for one in client.care.standing}
        firings += [firing for firing in newest.firings if firing.rule not in already]
    return firings


def today(client: Client, rules: Rules) -> Today:
    """How the client stands today, for the mask and for doses."""
    gates = () if client.as_of is None else closed(client.care, client.as_of, rules)
    return Today(level(client), tuple(in_force(client)), gates)


@dataclass(frozen=True)
class Shown:
    """A document that is due, and made once somebody wants it: of several the last one counts."""

    client: Client
    rules: Rules

    def event(self) -> ViewUpdated:
        """The event that carries the document."""
        return updated(self.client, self.rules)


def updated(client: Client, rules: Rules) -> ViewUpdated:
    """The event that carries the document."""
    return ViewUpdated(
        client_id=client.id,
        version=client.version,
        level=client.level,
        document=document(client, rules),
    )


def document(client: Client, rules: Rules) -> dict[str, Any]:
    """The progress view, ready for JSON; below 100 kB whatever the history."""
    now = today(client, rules)
    return {
        "client_id": str(client.id),
        "version": client.version,
        "level": client.level,
        "holds": [_hold(hold) for hold in client.holds[:SHOWN_HOLDS]],
        "screening": intake_view.screening(client.care),
        "clearance": intake_view.clearance(client.care),
        "assessment": care_view.assessment(client.care, rules),
        "questionnaires": care_view.questionnaires(client.care),
        "goals": care_view.goals(client.care),
        "plan": care_view.plan(client, rules, now),
        "check_ins": _check_ins(client.reports),
        "trends": statistics_view.trends(client.care),
        "effects": statistics_view.effects(client.care),
        "recommendation": statistics_view.recommendation(client, rules, now),
        "weights": statistics_view.weights(client.care),
        "flare": statistics_view.flare(client.care),
        "milestones": care_view.milestones(client.care),
        "next": client.next,
        "safety": {
            "rules": [firing.as_stored() for firing in in_force(client)],
            "gates": intake_view.gates(now.gates),
        },
    }


def _check_ins(reports: Iterable[Report]) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = []
    room = CHECK_INS_BYTES
    for report in reports:
        room -= _most_bytes(report)
        if room < 0 or len(shown) == SHOWN_CHECK_INS:
            break
        shown.append(_check_in(report))
    return shown


def _most_bytes(report: Report) -> int:
    # Added up, as writing each item as JSON to measure it took most of a check-in's time.
    exercises = _exercises_bytes(report)
    words = sum(len(word) + WORD_BYTES for word in (*report.red_flags, *report.why))
    return ITEM_BYTES + words + (0 if exercises > EXERCISES_BYTES else exercises)


def _exercises_bytes(report: Report) -> int:
    if len(report.exercises) > SHOWN_EXERCISES:
        return EXERCISES_BYTES + 1
    # A letter that is not ASCII is written as six.
    return sum(
        EXERCISE_BYTES + len(one.option) * (1 if one.option.isascii() else 6)
        for one in report.exercises
    )


def _check_in(report: Report) -> dict[str, Any]:
    exercises = _exercises(report)
    return {
        "id": str(report.id),
        "kind": report.kind,
        "at": rfc3339(report.at),
        "booking": None if report.booking_id is None else str(report.booking_id),
        "pain": report.pain,
        "stiffness": report.stiffness,
        "energy": report.energy,
        "mood": report.mood,
        "confidence": report.confidence,
        "effort": report.effort,
        "enjoyment": report.enjoyment,
        "worst_pain": report.worst_pain,
        "exercises": exercises,
        "exercises_left_out": len(report.exercises) - len(exercises),
        "red_flags": list(report.red_flags),
        "why": list(report.why),
        "flare": report.flare,
        "level": report.level,
    }


def _exercises(report: Report) -> list[dict[str, Any]]:
    if _exercises_bytes(report) > EXERCISES_BYTES:
        return []
    return [
        {
            "option": one.option,
            "done": one.done,
            "worst_pain": one.worst_pain,
            "enjoyment": one.enjoyment,
        }
        for one in report.exercises
    ]


def _hold(hold: Hold) -> dict[str, Any]:
    return {
        "id": str(hold.id),
        "kind": hold.kind,
        "option": hold.option,
        "rule": hold.rule,
        "since": rfc3339(hold.since),
        "reason": hold.reason,
    }
