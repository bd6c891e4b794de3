"""Rule T3: after twelve weeks something should be better, else everything is looked at anew."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from statistics import fmean

from services.progress.domain.care import Questionnaire
from services.progress.domain.model import Client
from services.progress.domain.outcome import Step, rule_fired
from services.progress.domain.rules import Rule, Rules
from services.progress.domain.standing import begin
from shared.contracts.event import Event
from shared.vocabulary.codes import Instrument


def due_review(client: Client, rules: Rules) -> datetime | None:
    """So many weeks after the first plan began, or after the last look; while a plan is active."""
    since = _since(client)
    return None if since is None else since + rules.by_id["T3"].weeks("weeks")


def review_passed(client: Client, at: datetime, rules: Rules) -> Step:
    """T3: nothing of PEG, PSFS and PGIC is better enough. What was not asked is not better."""
    rule, events = rules.by_id["T3"], list[Event]()
    while (since := _since(client)) is not None and (due := since + rule.weeks("weeks")) <= at:
        care = client.care.model_copy(update={"reviewed_at": due})
        seen = _changes(client, since)
        if not _better(seen, rule):
            fired = rule.fire(rules.version, dict(seen))
            client = begin(client, rule, fired, at=due)
            care = client.care.model_copy(update={"reviewed_at": due})
            events.append(rule_fired(client, rule, fired, rules.version, at=due))
        client = replace(client, care=care)
    return Step(client, tuple(events))


def _since(client: Client) -> datetime | None:
    if client.care.plan is None:
        return None
    began = [plan.activated_at for plan in client.care.plans if plan.activated_at is not None]
    return client.care.reviewed_at or min(began, default=None)


def _changes(client: Client, since: datetime) -> dict[str, float | None]:
    """PEG in percent better, PSFS in points better, and the newest PGIC; None is not known."""
    care = client.care
    peg = _answers(care.questionnaires, "peg")
    pgic = [one for one in _answers(care.questionnaires, "pgic") if one.at > since]
    psfs = _answers(care.questionnaires, "psfs")
    goals = care.goals
    rated = None if goals is None else fmean(goals.newest) - fmean(goals.first)
    answered = psfs[-1].score - psfs[0].score if len(psfs) > 1 else None
    first, newest = (peg[0].score, peg[-1].score) if len(peg) > 1 else (0.0, 0.0)
    return {
        "peg_percent": round((first - newest) / first * 100, 1) if first > 0 else None,
        "psfs_points": _largest(rated, answered),
        "pgic": pgic[-1].score if pgic else None,
    }


def _better(seen: dict[str, float | None], rule: Rule) -> bool:
    peg, psfs, pgic = seen["peg_percent"], seen["psfs_points"], seen["pgic"]
    return (
        (peg is not None and peg >= rule.limits["peg_percent"])
        or (psfs is not None and psfs >= rule.limits["psfs_points"])
        or (pgic is not None and pgic <= rule.limits["pgic_at_most"])
    )


def _answers(known: Sequence[Questionnaire], instrument: Instrument) -> list[Questionnaire]:
    mine = (one for one in known if one.instrument == instrument)
    return sorted(mine, key=lambda one: one.at)


def _largest(*changes: float | None) -> float | None:
    known = [round(change, 2) for change in changes if change is not None]
    return max(known, default=None)
