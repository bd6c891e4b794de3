"""Rule L1: a week's load against the weeks before it, which do not hold it."""

from dataclasses import replace
from datetime import timedelta

from services.progress.domain.care import Load
from services.progress.domain.facts import Facts, whole
from services.progress.domain.firing import Firing
from services.progress.domain.model import Client, Report
from services.progress.domain.outcome import Step
from services.progress.domain.rules import Rule, Rules
from shared.zones import zone

KEPT = 100
"""Loads kept: three sessions a day for the weeks that count, and a late one."""


def load_step(rule: Rule, facts: Facts) -> list[Firing]:
    """L1: the week that ends today is a big step; every week before it had a session."""
    report = facts.report
    load = _load(report, facts.client, rule)
    if load is None:
        return []
    here = zone(report.tz)
    today, weeks = report.at.astimezone(here).date(), int(rule.limits["weeks"])
    loads = [0] * (weeks + 1)
    for one in _with(facts.client, load):
        week = (today - one.at.astimezone(here).date()).days // 7
        if 0 <= week <= weeks:
            loads[week] += one.load
    this, *before = loads
    if not all(before) or this * weeks <= rule.limits["times"] * sum(before):
        return []
    inputs: dict[str, object] = {"week": this, "before": whole(round(sum(before) / weeks, 1))}
    return rule.fire(facts.rules.version, inputs)


def load_kept(client: Client, report: Report, rules: Rules) -> Step:
    """The client with the session's load; what no rule can look at any more is left out."""
    rule = rules.by_id["L1"]
    load = _load(report, client, rule) if report.kind in rule.kinds else None
    if load is None:
        return Step(client)
    loads = sorted(_with(client, load), key=lambda one: (one.at, str(one.of)))
    reach = loads[-1].at - rule.weeks("weeks") - timedelta(days=9)
    kept = tuple(one for one in loads if one.at > reach)[-KEPT:]
    return Step(replace(client, care=client.care.model_copy(update={"loads": kept})))


def _with(client: Client, load: Load) -> list[Load]:
    return [*(one for one in client.care.loads if one.of != load.of), load]


def _load(report: Report, client: Client, rule: Rule) -> Load | None:
    if report.effort is None:
        return None
    booking = next((one for one in client.bookings if one.id == report.booking_id), None)
    minutes = rule.limits["minutes"]
    if booking is not None:
        minutes = (booking.end_at - booking.start_at).total_seconds() / 60
    return Load(
        of=report.booking_id or report.id, at=report.at, load=round(report.effort * minutes)
    )
