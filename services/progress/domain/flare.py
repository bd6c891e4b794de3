"""Flares: declared by the client's word at once, else suspected from how reports drift."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from statistics import fmean, median
from typing import Literal

Status = Literal["suspected", "declared", "resolved"]
Ending = Literal["settled", "over", "denied"]
Sign = Literal["too early", "quiet", "ask", "alarm"]

BASELINE = timedelta(days=21)
"""How long a stretch says what is usual; it ends where the watched days begin."""

WATCHED = timedelta(days=7)
"""The newest days, held against the baseline: none of them can raise what they are held against."""

ENOUGH_DAYS = 8
"""Days with a report that a baseline needs; with fewer only the client's own word counts."""

MEMORY = 0.3
"""Lambda: what the newest day adds to the moving average."""

LIMIT = 2.7
"""L: how many SDs of the moving average are an alarm."""

BASELINE_DOUBT = 0.6
"""How much of the baseline's own error widens the limit: all of it finds flares a day later."""

USUAL_SWING, SWING_DAYS = 1.3, 6.0
"""SD of one client's days where nothing is known, and how many days that guess is worth."""

JUMP = 3.0
"""One report this far above the median is a question to the client and no more."""

SETTLED_WITHIN = 1.0
"""A day this close to usual, or below, is a settled one: less than people notice (2 points)."""

EASED_BY = 2.0
"""Where nobody knows what is usual: a day this far below the flare's worst counts as settled."""

SETTLED_DAYS = 2
"""Settled days in a row that end a flare: one good day alone is within anyone's swing."""


@dataclass(frozen=True)
class Report:
    """A report of pain, 0-10. `at` in the client's own zone: its date is the client's day."""

    at: datetime
    pain: float


@dataclass(frozen=True)
class Look:
    """What the newest days say. Points of the scale; None while it is too early.

    `usual` is the baseline's median; `average` the moving average; `limit` what it must not pass.
    """

    sign: Sign
    days: int
    usual: float | None = None
    average: float | None = None
    limit: float | None = None


@dataclass(frozen=True)
class Flare:
    """One flare, from the report or word that began it. `usual` as it was before."""

    status: Status
    since: datetime
    usual: float | None
    until: datetime | None = None
    ending: Ending | None = None

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.status != "resolved"


def look(reports: Sequence[Report], flares: Sequence[Flare], *, at: datetime) -> Look:
    """Hold the days up to `at` against the client's own baseline.

    `reports` of the last four weeks, in any order; those after `at` do not count. Days within
    earlier flares are no baseline, unless the client denied the flare; days up to the last
    flare's end are not watched again.
    """
    today = at.date()
    days = _days(report for report in reports if report.at <= at)
    flared = [_span(flare) for flare in flares if flare.ending != "denied"]
    watched_from = today - WATCHED + timedelta(days=1)
    baseline = [
        pain
        for day, pain in days
        if watched_from - BASELINE <= day < watched_from
        and not any(first <= day <= last for first, last in flared)
    ]
    if len(baseline) < ENOUGH_DAYS:
        return Look("too early", len(baseline))
    usual = median(baseline)
    heard = max((_span(flare)[1] for flare in flares), default=date.min)
    watched = [(day, pain) for day, pain in days if day >= watched_from and day > heard]
    if not watched:
        return Look("quiet", len(baseline), usual)
    average, limit = _moving_average(baseline, watched, watched_from)
    jumped = any(
        report.pain - usual >= JUMP
        for report in reports
        if report.at <= at and report.at.date() == today
    )
    sign: Sign = "alarm" if average > limit else "ask" if jumped else "quiet"
    return Look(sign, len(baseline), usual, average, limit)


def hear(
    flares: tuple[Flare, ...], reports: Sequence[Report], *, at: datetime
) -> tuple[Flare, ...]:
    """The client's flares, oldest first, after the report given at `at`, which `reports` hold.

    An alarm begins a suspected flare; `SETTLED_DAYS` settled days end a running one, however it
    began. Silence ends nothing.
    """
    current = flares[-1] if flares else None
    if current is None or not current.running:
        seen = look(reports, flares, at=at)
        if seen.sign != "alarm":
            return flares
        return (*flares, Flare("suspected", at, seen.usual))
    if not _has_settled(current, reports, at):
        return flares
    return (*flares[:-1], _end(current, at, "settled"))


def declare(
    flares: tuple[Flare, ...], reports: Sequence[Report], *, at: datetime
) -> tuple[Flare, ...]:
    """The client says that this is a flare: it is one, at once."""
    current = flares[-1] if flares else None
    if current is None or not current.running:
        usual = look(reports, flares, at=at).usual
        return (*flares, Flare("declared", at, usual))
    return (*flares[:-1], replace(current, status="declared"))


def end(
    flares: tuple[Flare, ...], ending: Literal["over", "denied"], *, at: datetime
) -> tuple[Flare, ...]:
    """The client says that the flare is over, or (`denied`) never was one; both are believed."""
    if not flares or not flares[-1].running:
        return flares
    return (*flares[:-1], _end(flares[-1], at, ending))


def days_running(flare: Flare, *, at: datetime) -> int:
    """Whole days from the flare's first report or word to `at`, or to its end."""
    return ((flare.until or at) - flare.since).days


def hours_at_least(pain: float, reports: Iterable[Report], *, at: datetime) -> float:
    """Hours up to the newest report by `at` in which every report was `pain` or more; else 0."""
    newest_first = sorted((r for r in reports if r.at <= at), key=lambda r: r.at, reverse=True)
    since = until = None
    for report in newest_first:
        if report.pain < pain:
            break
        since, until = report.at, until or report.at
    return 0.0 if since is None or until is None else (until - since).total_seconds() / 3600


def _days(reports: Iterable[Report]) -> list[tuple[date, float]]:
    ordered = sorted(reports, key=lambda report: report.at.date())
    return [
        (day, fmean(report.pain for report in one))
        for day, one in groupby(ordered, key=lambda report: report.at.date())
    ]


def _span(flare: Flare) -> tuple[date, date]:
    return flare.since.date(), date.max if flare.until is None else flare.until.date()


def _moving_average(
    baseline: Sequence[float], watched: Sequence[tuple[date, float]], start: date
) -> tuple[float, float]:
    # A day after a gap counts for the days without a report too: a flare is not heard later
    # because the client was silent. `own` and `shift` say how far the average can stray by the
    # watched days' swing and by the baseline's own error.
    mean = fmean(baseline)
    average, own, shift, before = mean, 0.0, 0.0, start - timedelta(days=1)
    for day, pain in watched:
        share = 1 - (1 - MEMORY) ** (day - before).days
        average += share * (pain - average)
        own = own * (1 - share) ** 2 + share**2
        shift += share * (1 - shift)
        before = day
    squares = sum((pain - mean) ** 2 for pain in baseline)
    known = SWING_DAYS + len(baseline) - 1
    variance = (SWING_DAYS * USUAL_SWING**2 + squares) / known
    stray = own + BASELINE_DOUBT * shift**2 / len(baseline)
    return average, mean + LIMIT * math.sqrt(variance * stray)


def _has_settled(flare: Flare, reports: Sequence[Report], at: datetime) -> bool:
    within = [report for report in reports if flare.since <= report.at <= at]
    worst = max((report.pain for report in within), default=0.0)
    settled = worst - EASED_BY if flare.usual is None else flare.usual + SETTLED_WITHIN
    newest = _days(within)[-SETTLED_DAYS:]
    return len(newest) == SETTLED_DAYS and all(pain <= settled for _, pain in newest)


def _end(flare: Flare, at: datetime, ending: Ending) -> Flare:
    return replace(flare, status="resolved", until=at, ending=ending)
