"""Doses: up by one step after a green morning, down after a worse one, less on a hard day."""

from collections.abc import Iterable
from dataclasses import replace

from services.progress.domain.care import Care, Plan, Revised
from services.progress.domain.doses import amount_of, less, share, variable_of
from services.progress.domain.gates import closed
from services.progress.domain.mask import Mask
from services.progress.domain.model import Client, Report
from services.progress.domain.next_day import may_progress
from services.progress.domain.outcome import Step
from services.progress.domain.rules import Rules
from services.progress.domain.sessions import about, done_options
from shared.contracts.conclusions import PlanRevised
from shared.options.catalogue import catalogue

KEPT = 24
"""Revisions remembered: enough for every option of a plan, and the sessions still spoken of."""

GREEN, WORSE = "A1", "A2"


def dose_heard(client: Client, report: Report, rules: Rules) -> Step:
    """What a check-in moves in the active plan; `client` as after the report.

    A session moves the dose of an option once in each direction.
    """
    plan, at = client.care.plan, client.as_of
    if plan is None or at is None:
        return Step(client)
    session = about(report, client.reports)
    if any(firing.rule == WORSE for firing in report.firings):
        return _revised(client, plan, _lowered(client, plan, session, rules), report)
    green = may_progress(client, report) and not _in_a_flare(client.care, session)
    if green and not closed(client.care, at, rules):
        return _revised(client, plan, _raised(client, plan, session, rules), report)
    return Step(client)


def _in_a_flare(care: Care, session: Iterable[Report]) -> bool:
    """Whether a session met a flare, also one that has settled since: it was done with less."""
    times = [report.at for report in session]
    flares = [*care.earlier_flares, *([care.flare] if care.flare else [])]
    return any(
        one.since <= max(times) and (one.resolved_at is None or one.resolved_at >= min(times))
        for one in flares
    )


def _raised(client: Client, plan: Plan, session: Iterable[Report], rules: Rules) -> list[Revised]:
    """One step for the option of the session that has waited longest; calm has no step."""
    session, figures = list(session), rules.dose
    ids = {report.id for report in session}
    if any(one.report in ids for one in client.care.revised):
        return []
    options, mask = catalogue().by_code(), Mask(client, rules)
    caps = {"minutes": figures.minutes_at_most, "repetitions": figures.repetitions_at_most}
    waited = {one.option: number for number, one in enumerate(client.care.revised, start=1)}
    done = set(done_options(session))
    steps: list[tuple[int, Revised]] = []
    for item in plan.items:
        variable = variable_of(item)
        known = item.option in done and item.option in options and item.family != "calm"
        if variable is None or not known or mask.why_not(options[item.option]) is not None:
            continue
        before = amount_of(item, variable)
        after = min(before + share(before, figures.raise_percent), caps[variable])
        if after > before:
            step = Revised(
                report=session[0].id,
                option=item.option,
                variable=variable,
                before=before,
                after=after,
                rule=GREEN,
            )
            steps.append((waited.get(item.option, 0), step))
    return [min(steps, key=lambda one: one[0])[1]] if steps else []


def _lowered(client: Client, plan: Plan, session: Iterable[Report], rules: Rules) -> list[Revised]:
    """Every option of the session goes down; all that exert where nobody said which were done."""
    session = list(session)
    ids = {report.id for report in session}
    already = {one.option for one in client.care.revised if one.report in ids and one.rule == WORSE}
    done = set(done_options(session))
    steps = []
    for item in plan.items:
        meant = item.option in done if done else item.family != "calm"
        variable = variable_of(item)
        if not meant or variable is None or item.option in already:
            continue
        before = amount_of(item, variable)
        after = less(before, rules.dose.lower_percent)
        if after < before:
            steps.append(
                Revised(
                    report=session[0].id,
                    option=item.option,
                    variable=variable,
                    before=before,
                    after=after,
                    rule=WORSE,
                )
            )
    return steps


def _revised(client: Client, plan: Plan, steps: list[Revised], report: Report) -> Step:
    if not steps:
        return Step(client)
    by_option = {step.option: step for step in steps}
    items = tuple(
        item.model_copy(update={by_option[item.option].variable: by_option[item.option].after})
        if item.option in by_option
        else item
        for item in plan.items
    )
    changed = plan.model_copy(update={"items": items})
    care = client.care.model_copy(
        update={
            "plans": tuple(changed if one.id == plan.id else one for one in client.care.plans),
            "revised": (*client.care.revised, *steps)[-KEPT:],
        }
    )
    events = tuple(
        PlanRevised(
            client_id=client.id,
            plan_id=plan.id,
            option=step.option,
            variable=step.variable,
            before=step.before,
            after=step.after,
            rule=step.rule,
            at=client.as_of or report.at,
        )
        for step in steps
    )
    return Step(replace(client, care=care), events)
