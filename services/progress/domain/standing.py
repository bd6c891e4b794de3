"""Rules that stay in force beyond one report: begun, ended, and run out."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from services.progress.domain.care import Standing
from services.progress.domain.firing import Firing
from services.progress.domain.model import Client, Report
from services.progress.domain.outcome import Step, rule_fired
from services.progress.domain.rules import Rule, Rules
from shared.contracts.event import Event


def begin(client: Client, rule: Rule, firings: Sequence[Firing], *, at: datetime) -> Client:
    """The client with the rule in force; what stood of the same rule goes on from its start."""
    former = next((one for one in client.care.standing if one.rule == rule.id), None)
    until = at + rule.days("in_force_days") if "in_force_days" in rule.limits else None
    standing = Standing(
        rule=rule.id,
        version=client.version,
        since=at if former is None else former.since,
        until=until if former is None or former.until is None else max(former.until, until or at),
        firings=tuple(firings),
    )
    others = [one for one in client.care.standing if one.rule != rule.id]
    return _with(client, [*others, standing])


def began(client: Client, report: Report, rules: Rules) -> Step:
    """The rules of a check-in that last longer than it come into force; people hear of it once."""
    events: list[Event] = []
    named = {firing.rule for firing in report.firings}
    for rule in rules.rules:
        if rule.id in named and "in_force_days" in rule.limits:
            fired = [firing for firing in report.firings if firing.rule == rule.id]
            if not any(one.rule == rule.id for one in client.care.standing):
                events.append(rule_fired(client, rule, fired, rules.version, at=report.at))
            client = begin(client, rule, fired, at=report.at)
    return Step(client, tuple(events))


def end(client: Client, rule: str) -> Client:
    """The client without the rule in force."""
    left = [one for one in client.care.standing if one.rule != rule]
    return client if len(left) == len(client.care.standing) else _with(client, left)


def due_end(client: Client, _: Rules) -> datetime | None:
    """When the next of them runs out."""
    return min((one.until for one in client.care.standing if one.until), default=None)


def end_passed(client: Client, at: datetime, _: Rules) -> Step:
    """Without those that have run out."""
    left = [one for one in client.care.standing if one.until is None or one.until > at]
    return Step(_with(client, left))


def _with(client: Client, standing: Sequence[Standing]) -> Client:
    ordered = sorted(standing, key=lambda one: (one.since, one.rule))
    return replace(client, care=client.care.model_copy(update={"standing": tuple(ordered)}))
