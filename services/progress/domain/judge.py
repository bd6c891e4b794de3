"""How the rules judge one check-in against the client's own history."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from services.progress.domain.course import little_done, long_pain, rising_weeks, said_flare
from services.progress.domain.facts import Facts, whole
from services.progress.domain.firing import LEVELS, Firing, highest
from services.progress.domain.load import load_step
from services.progress.domain.model import Client, Report
from services.progress.domain.next_day import morning_compared, still_worse
from services.progress.domain.rules import Evaluator, Rule, Rules
from shared.contracts.progress import Level
from shared.contracts.submissions import RedFlag

SHOWN_EXERCISES = 10
"""Exercises named in a firing's inputs, worst first: enough to explain, bounded for the view."""

OPTION_CHARS = 64
"""Longer than any option's id; what is longer is cut where inputs quote it."""


@dataclass(frozen=True)
class _Value:
    """A reported pain; `option` names the exercise, None the whole check-in."""

    pain: int
    option: str | None


def judge(report: Report, client: Client, rules: Rules) -> Report:
    """The report with its level and the rules that fired, highest level first.

    The client's reports may hold later ones too; pain is compared with earlier ones only.
    """
    facts = Facts(report, client, rules)
    fired: list[Firing] = []
    for rule in rules.rules:
        if report.kind in rule.kinds and not rule.unless & {firing.rule for firing in fired}:
            fired += EVALUATORS[rule.evaluator](rule, facts)
    fired.sort(key=lambda firing: -LEVELS.index(firing.level))
    return replace(report, level=_level(report, fired, rules), firings=tuple(fired))


def flags_fired(flags: Sequence[RedFlag], rules: Rules, *, feverish: bool) -> list[Firing]:
    """What the rules about signs say of these, whoever reported them; highest level first."""
    fired = [
        firing
        for rule in rules.rules
        if rule.evaluator == "flags"
        for firing in _fire_on_flags(rule, flags, rules.version, feverish=feverish)
    ]
    return sorted(fired, key=lambda firing: -LEVELS.index(firing.level))


def _flags(rule: Rule, facts: Facts) -> list[Firing]:
    flags = facts.report.red_flags
    return _fire_on_flags(rule, flags, facts.rules.version, feverish=facts.feverish)


def _fire_on_flags(
    rule: Rule, flags: Sequence[RedFlag], version: str, *, feverish: bool
) -> list[Firing]:
    met = [
        (number, flag)
        for number, when in enumerate(rule.when)
        for flag in flags
        if flag in (when.any_of or ()) and when.feverish in {None, feverish}
    ]
    if not met:
        return []
    inputs: dict[str, object] = {"red_flags": list(dict.fromkeys(flag for _, flag in met))}
    if any(when.feverish is not None for when in rule.when):
        inputs["feverish"] = feverish
    return rule.fire(version, inputs, when=met[0][0])


def _pain(rule: Rule, facts: Facts) -> list[Firing]:
    return _fire_on_values(rule, facts, [_Value(facts.report.pain, None)], "pain")


def _worst_pain(rule: Rule, facts: Facts) -> list[Firing]:
    report = facts.report
    values = [
        _Value(exercise.worst_pain, exercise.option)
        for exercise in report.exercises
        if exercise.worst_pain is not None
    ]
    if report.worst_pain is not None:
        values.append(_Value(report.worst_pain, None))
    return _fire_on_values(rule, facts, values, "worst_pain")


def _fire_on_values(rule: Rule, facts: Facts, values: Iterable[_Value], name: str) -> list[Firing]:
    hits = [
        (value, number)
        for value in values
        if (number := _first(rule, facts, value.pain)) is not None
    ]
    if not hits:
        return []
    worst, number = max(hits, key=lambda hit: hit[0].pain)
    named = sorted(
        ((value.option, value.pain) for value, _ in hits if value.option is not None),
        key=lambda exercise: -exercise[1],
    )
    inputs: dict[str, object] = {name: worst.pain, "usual": whole(facts.usual)}
    if rule.rise_over == "session":
        inputs["before"] = facts.before
    if named:
        inputs["exercises"] = [
            {"option": option[:OPTION_CHARS], "worst_pain": pain}
            for option, pain in named[:SHOWN_EXERCISES]
        ]
    return rule.fire(facts.rules.version, inputs, when=number, exercises=len(named))


def _first(rule: Rule, facts: Facts, value: int) -> int | None:
    seen = facts.seen(rule, value)
    return next((number for number, when in enumerate(rule.when) if when.holds(seen)), None)


def _effort(rule: Rule, facts: Facts) -> list[Firing]:
    effort = facts.report.effort
    if effort is None:
        return []
    plan, limit, cleared = facts.planned_effort, facts.allowed_effort, facts.cleared
    seen = replace(facts.seen(rule, effort), plan=plan, limit=limit, cleared=cleared)
    for number, when in enumerate(rule.when):
        if when.holds(seen):
            inputs = {"effort": effort, "plan": plan, "limit": limit, "cleared": cleared}
            return rule.fire(facts.rules.version, inputs, when=number)
    return []


EVALUATORS: dict[Evaluator, Callable[[Rule, Facts], list[Firing]]] = {
    "flags": _flags,
    "pain": _pain,
    "worst-pain": _worst_pain,
    "effort": _effort,
    "next-morning": morning_compared,
    "still-worse": still_worse,
    "rising-weeks": rising_weeks,
    "load-step": load_step,
    "flare": said_flare,
    "long-flare": long_pain,
    "little-done": little_done,
}
"""Those that look at a check-in; the others are asked by time or by a questionnaire."""


def _level(report: Report, fired: Sequence[Firing], rules: Rules) -> Level:
    level = highest("go", *(firing.level for firing in fired))
    # A missing answer never counts as green, nor does a sign that no rule answers.
    if level == "go" and report.kind == "post" and not _worst_pain_is_known(report):
        return "unknown"
    if level == "go" and report.kind == "next-morning" and not _is_compared(fired):
        return "unknown"
    if level in {"go", "go-care"} and not rules.judged_flags.issuperset(report.red_flags):
        return "unknown"
    return level


def _is_compared(fired: Iterable[Firing]) -> bool:
    return any(firing.rule in {"A1", "A2"} for firing in fired)


def _worst_pain_is_known(report: Report) -> bool:
    done = [exercise for exercise in report.exercises if exercise.done]
    return report.worst_pain is not None or (
        bool(done) and all(exercise.worst_pain is not None for exercise in done)
    )
