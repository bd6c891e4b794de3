"""Rules A1 to A3: how the morning and the second day after a session compare with before it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from services.progress.domain.facts import Facts, whole
from services.progress.domain.firing import Firing, highest
from services.progress.domain.model import Client, Report
from services.progress.domain.rules import Rule
from services.progress.domain.sessions import (
    about,
    by_session,
    done_options,
    ended_at,
    mornings,
    opening,
)
from shared.options.catalogue import catalogue

NEAR = timedelta(days=2)
"""Beyond A3's own hours, how much further apart a session's first report may be."""

SECOND_DAY, SECOND_TIME = 0, 1
"""A3's conditions, as the file orders them."""


def morning_compared(rule: Rule, facts: Facts) -> list[Firing]:
    """A1, A2: a morning against the pain before its session, also when that is told too late."""
    report = facts.report
    if report.kind == "next-morning":
        return _compare(rule, facts, report)
    told_before = about(report, facts.client.reports)
    session = about(report, (*facts.client.reports, report))
    usual = facts.usual
    known = _worse_morning(told_before, usual, rule)
    worse = _worse_morning(session, usual, rule)
    if worse is None or (known is not None and done_options(told_before) == done_options(session)):
        return []
    return _compare(rule, replace(facts, client=_with(facts.client, report), report=worse), worse)


def still_worse(rule: Rule, facts: Facts) -> list[Firing]:
    """A3: what this report adds to the options that made two days, or two mornings, worse."""
    report, reports = facts.report, facts.client.reports
    locked = _locked(rule, facts, (*reports, report))
    if not locked:
        return []
    before = _locked(rule, facts, reports)
    firings: list[Firing] = []
    for number in (SECOND_DAY, SECOND_TIME):
        options = [
            option
            for option, (when, _) in locked.items()
            if when == number and option not in before
        ]
        if options:
            inputs = locked[options[0]][1] | {"options": [one for one in options if one]}
            firings += rule.fire(facts.rules.version, inputs, when=number)
    return firings


def may_progress(client: Client, report: Report) -> bool:
    """Whether the report is the green morning after a session that was green throughout.

    `client` as after the report. Nothing may stand against it, no answer may be missing, and where
    the morning was told late, nothing since may be other than green.
    """
    green = any(firing.rule == "A1" and firing.level == "go" for firing in report.firings)
    session = about(report, client.reports)
    since = [one for one in client.reports if one.at > report.at]
    against = highest(
        *(hold.level for hold in client.holds if hold.kind != "option"),
        *(firing.level for standing in client.care.standing for firing in standing.firings),
    )
    return (
        green
        and {"pre", "post", "next-morning"} == {one.kind for one in session}
        and all(one.level == "go" for one in (*session, *since))
        and against in {"unknown", "go"}
    )


def _compare(rule: Rule, facts: Facts, morning: Report) -> list[Firing]:
    session = about(morning, facts.client.reports)
    earlier = [one for one in session if one is not morning]
    seen = replace(
        facts.seen(rule, morning.pain),
        stiffer=facts.stiffer,
        worse_earlier=_worse_morning(earlier, facts.usual, facts.rules.by_id["A2"]) is not None,
    )
    for number, when in enumerate(rule.when):
        if when.holds(seen):
            inputs: dict[str, object] = {
                "pain": morning.pain,
                "before": facts.before,
                "usual": whole(facts.usual),
            }
            if facts.stiffer is not None:
                inputs["stiffer"] = facts.stiffer
            return rule.fire(facts.rules.version, inputs, when=number)
    return []


def _with(client: Client, report: Report) -> Client:
    return replace(client, reports=(*client.reports, report))


def _worse_morning(session: Sequence[Report], usual: float | None, rule: Rule) -> Report | None:
    """The worst morning that A2 answers, held against the pain before the session, else usual."""
    before = opening(session)
    base = usual if before is None else before.pain
    step = rule.when[0].rise_at_least
    if base is None or step is None:
        return None
    worse = [one for one in mornings(session) if one.pain - base >= step]
    return max(worse, key=lambda one: (one.pain, one.place), default=None)


_Locked = dict[str | None, tuple[int, dict[str, object]]]


def _locked(rule: Rule, facts: Facts, reports: Sequence[Report]) -> _Locked:
    """All that these reports lock, near the judged one. The option None: nobody said which."""
    # The second time is looked at last: what is locked for both reasons says the second day.
    return dict([*_second_time(rule, facts, reports), *_second_day(rule, facts, reports)])


def _second_day(
    rule: Rule, facts: Facts, reports: Sequence[Report]
) -> Iterator[tuple[str | None, tuple[int, dict[str, object]]]]:
    reach = rule.hours("until_hours") + NEAR
    near = [one for one in reports if abs(one.at - facts.report.at) <= reach]
    for session in by_session(near):
        end = ended_at(session, facts.client.bookings)
        before = opening(session)
        base = facts.usual if before is None else before.pain
        if end is None or base is None:
            continue
        start, stop = end + rule.hours("from_hours"), end + rule.hours("until_hours")
        told = [one for one in near if start <= one.at <= stop]
        first = min(told, key=lambda one: one.place, default=None)
        if first is None or first.pain - base < rule.limits["points"]:
            continue
        since = [one for one in mornings(session) if one.place <= first.place]
        if since and all(one.pain - base < rule.limits["points"] for one in since):
            continue
        hours = round((first.at - end).total_seconds() / 3600, 1)
        inputs: dict[str, object] = {
            "pain": first.pain,
            "before": whole(base),
            "hours": whole(hours),
        }
        for option in _suspects(session) or (None,):
            if first.version > _unlocked(facts.client, option):
                yield option, (SECOND_DAY, inputs)


def _second_time(
    rule: Rule, facts: Facts, reports: Sequence[Report]
) -> Iterator[tuple[str | None, tuple[int, dict[str, object]]]]:
    session = about(facts.report, reports)
    options = _suspects(session)
    a2 = facts.rules.by_id["A2"]
    if not options or _worse_morning(session, facts.usual, a2) is None:
        return
    reach = rule.days("within_days")
    worse = [
        (morning, set(_suspects(other)))
        for other in by_session(reports)
        if (morning := _worse_morning(other, facts.usual, a2)) is not None
        and abs(morning.at - facts.report.at) <= reach
    ]
    for option in options:
        since = _unlocked(facts.client, option)
        times = sum(1 for one, done in worse if option in done and one.version > since)
        if times >= rule.limits["times"]:
            yield option, (SECOND_TIME, {"times": times})


def _suspects(session: Sequence[Report]) -> tuple[str, ...]:
    """The options that can be behind a worse day: calm ones only where nothing else was done."""
    done, known = done_options(session), catalogue().by_code()
    exerted = tuple(one for one in done if one not in known or known[one].family != "calm")
    return exerted or done


def _unlocked(client: Client, option: str | None) -> int:
    places = [one.version for one in client.care.unlocked if one.option == option]
    return max(places, default=0)
