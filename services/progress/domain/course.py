"""How weeks go: rising pain (A5), pain that stays high (T2), little done (T4), low spirits (M1)."""

from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from services.progress.domain.facts import Facts, whole
from services.progress.domain.firing import Firing
from services.progress.domain.model import Client
from services.progress.domain.outcome import Step
from services.progress.domain.rules import Rule, Rules
from services.progress.domain.standing import begin, end
from shared.contracts.conclusions import SupportSuggested

WEEK = timedelta(days=7)

LONG_FLARE, HIGH_PAIN = 0, 1
"""T2's conditions, as the file orders them."""


def rising_weeks(rule: Rule, facts: Facts) -> list[Firing]:
    """A5: weekly medians of the client's own weeks, the last of which ends on the report's day."""
    report = facts.report
    today, weeks = report.day, int(rule.limits["weeks"])
    pains: list[list[int]] = [[] for _ in range(weeks + 1)]
    reach = report.at - (weeks + 1) * WEEK - timedelta(days=1)
    for one in (report, *facts.earlier):
        if one.kind in rule.kinds and one.at > reach:
            week = (today - one.day).days // 7
            if week <= weeks:
                pains[week].append(one.pain)
    if any(len(week) < rule.limits["reports"] for week in pains):
        return []
    medians = [float(median(week)) for week in pains]
    steps = [later - before for later, before in pairwise(medians)]
    if any(step < rule.limits["points"] for step in steps):
        return []
    return rule.fire(facts.rules.version, {"medians": [whole(one) for one in reversed(medians)]})


def said_flare(rule: Rule, facts: Facts) -> list[Firing]:
    """T1 by the client's word."""
    return rule.fire(facts.rules.version, {"by": "client"}) if facts.report.flare else []


def long_pain(rule: Rule, facts: Facts) -> list[Firing]:
    """T2 by pain: every report high for so long, since a person last looked at it."""
    client, report = facts.client, facts.report
    if report.pain < rule.limits["pain"] or any(hold.rule == rule.id for hold in client.holds):
        return []
    since = report.at
    for one in facts.earlier:
        if (
            one.pain < rule.limits["pain"]
            or since - one.at > rule.hours("gap_hours")
            or one.version <= client.lifted_version
        ):
            break
        since = one.at
    if report.at - since < rule.hours("hours"):
        return []
    hours = (report.at - since).total_seconds() / 3600
    inputs: dict[str, object] = {"pain": report.pain, "hours": whole(round(hours, 1))}
    return rule.fire(facts.rules.version, inputs, when=HIGH_PAIN)


def little_done(rule: Rule, facts: Facts) -> list[Firing]:
    """T4: low usual pain, little done of the active plan, and worry as a reason."""
    report, plan, usual = facts.report, facts.client.care.plan, facts.usual
    since = report.at - rule.days("within_days")
    if plan is None or plan.activated_at is None or usual is None:
        return []
    if usual > rule.limits["usual_at_most"] or _stands(facts.client, rule):
        return []
    active = report.at - max(plan.activated_at, since)
    recent = [one for one in (report, *facts.earlier) if one.at >= since]
    if active < rule.days("plan_days") or not any("afraid" in one.why for one in recent):
        return []
    planned = sum(item.per_week for item in plan.items) * (active / WEEK)
    done = sum(exercise.done for one in recent for exercise in one.exercises)
    if planned == 0 or done * 100 >= rule.limits["done_percent"] * planned:
        return []
    inputs: dict[str, object] = {
        "usual": whole(usual),
        "done": done,
        "planned": round(planned, 1),
    }
    return rule.fire(facts.rules.version, inputs)


def mood_heard(client: Client, at: datetime, phq_2: float, rules: Rules) -> Step:
    """M1: from a PHQ-2 score on, somebody speaks with the client; a lower one ends it."""
    rule = rules.by_id["M1"]
    if phq_2 < rule.limits["phq_2"]:
        return Step(end(client, rule.id))
    fired = rule.fire(rules.version, {"phq_2": whole(phq_2)})
    after = begin(client, rule, fired, at=at)
    return Step(after, (SupportSuggested(client_id=client.id, rule=rule.id, at=at),))


def _stands(client: Client, rule: Rule) -> bool:
    return any(standing.rule == rule.id for standing in client.care.standing)
