"""How the rules judge one check-in against the client's own history."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from services.progress.domain.model import LEVELS, Firing, Report, highest
from services.progress.domain.rules import Rule, Rules, When
from shared.contracts.progress import Level
from shared.zones import zone

SHOWN_EXERCISES = 10
"""Exercises named in a firing's inputs, worst first: enough to explain, bounded for the view."""

OPTION_CHARS = 64
"""Longer than any option's id; what is longer is cut where inputs quote it."""


@dataclass(frozen=True)
class Standing:
    """What a check-in is held against: usual pain and pain before the session, where known."""

    usual: float | None
    before: int | None

    def base(self, rule: Rule) -> float | None:
        """The pain a rise is counted from."""
        if rule.rise_over == "session" and self.before is not None:
            return self.before
        return self.usual if rule.rise_over else None


@dataclass(frozen=True)
class _Value:
    """A reported pain; `option` names the exercise, None the whole check-in."""

    pain: int
    option: str | None


def judge(report: Report, history: Sequence[Report], rules: Rules) -> Report:
    """The report with its level and the rules that fired, highest level first.

    `history` may hold later reports too; only earlier ones count.
    """
    earlier = [past for past in history if past.place < report.place]
    standing = Standing(usual_pain(report, earlier, rules), pain_before(report, earlier))
    fired: list[Firing] = []
    for rule in rules.rules:
        if report.kind in rule.kinds and not rule.unless & {firing.rule for firing in fired}:
            fired += _fire(rule, report, standing, rules.version)
    fired.sort(key=lambda firing: -LEVELS.index(firing.level))
    return replace(report, level=_level(report, fired, rules), firings=tuple(fired))


def usual_pain(report: Report, earlier: Iterable[Report], rules: Rules) -> float | None:
    """The client's median pain in the window before a report; None while too few are known."""
    pains = [
        past.pain
        for past in earlier
        if past.kind in rules.usual.kinds and past.at >= report.at - rules.usual.window
    ]
    return float(median(pains)) if len(pains) >= rules.usual.reports else None


def pain_before(report: Report, earlier: Sequence[Report]) -> int | None:
    """Pain before the session a report speaks of, paired by booking, else by local day."""
    if report.kind == "pre":
        return report.pain
    pairs = [past for past in earlier if past.kind == "pre" and _same_session(past, report)]
    return max(pairs, key=lambda past: past.place).pain if pairs else None


def _same_session(pre: Report, report: Report) -> bool:
    if report.booking_id is not None or pre.booking_id is not None:
        return pre.booking_id == report.booking_id
    here = zone(report.tz)
    return pre.at.astimezone(here).date() == report.at.astimezone(here).date()


def _fire(rule: Rule, report: Report, standing: Standing, version: str) -> list[Firing]:
    if rule.input == "red_flags":
        return _fire_on_flags(rule, report, version)
    values = _values(rule, report)
    base = standing.base(rule)
    hits = [
        (value, when)
        for value in values
        if (when := _first(rule.when, value.pain, standing.usual, base)) is not None
    ]
    if not hits:
        return []
    worst, when = max(hits, key=lambda hit: hit[0].pain)
    named = sorted(
        ((value.option, value.pain) for value, _ in hits if value.option is not None),
        key=lambda exercise: -exercise[1],
    )
    inputs: dict[str, Any] = {rule.input: worst.pain, "usual": _whole(standing.usual)}
    if rule.rise_over == "session":
        inputs["before"] = standing.before
    if named:
        inputs["exercises"] = [
            {"option": option[:OPTION_CHARS], "worst_pain": pain}
            for option, pain in named[:SHOWN_EXERCISES]
        ]
    return _firings(rule, version, when.detail, inputs, exercises=len(named))


def _fire_on_flags(rule: Rule, report: Report, version: str) -> list[Firing]:
    for when in rule.when:
        if flags := [flag for flag in report.red_flags if flag in (when.any_of or ())]:
            return _firings(rule, version, when.detail, {"red_flags": flags}, exercises=0)
    return []


def _firings(
    rule: Rule, version: str, detail: str, inputs: dict[str, Any], *, exercises: int
) -> list[Firing]:
    return [
        Firing(rule.id, version, rule.level, wanted.action, wanted.code, detail, inputs)
        for wanted in rule.actions
        if exercises >= wanted.from_exercises
    ]


def _values(rule: Rule, report: Report) -> list[_Value]:
    if rule.input == "pain":
        return [_Value(report.pain, None)]
    values = [
        _Value(exercise.worst_pain, exercise.option)
        for exercise in report.exercises
        if exercise.worst_pain is not None
    ]
    if report.worst_pain is not None:
        values.append(_Value(report.worst_pain, None))
    return values


def _first(
    conditions: Iterable[When], value: int, usual: float | None, base: float | None
) -> When | None:
    return next((when for when in conditions if when.holds(value, usual, base)), None)


def _level(report: Report, fired: Sequence[Firing], rules: Rules) -> Level:
    level = highest("go", *(firing.level for firing in fired))
    # A missing answer never counts as green, nor does a sign that no rule answers.
    if level == "go" and report.kind == "post" and not _worst_pain_is_known(report):
        return "unknown"
    if level in {"go", "go-care"} and not rules.judged_flags.issuperset(report.red_flags):
        return "unknown"
    return level


def _worst_pain_is_known(report: Report) -> bool:
    done = [exercise for exercise in report.exercises if exercise.done]
    return report.worst_pain is not None or (
        bool(done) and all(exercise.worst_pain is not None for exercise in done)
    )


def _whole(value: float | None) -> float | int | None:
    return int(value) if value is not None and value.is_integer() else value
