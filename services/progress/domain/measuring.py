"""What a client's reports say about trends: which measures, over which window, how many answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.progress.domain import trend as line
from services.progress.domain.care import Care, Trend
from services.progress.domain.model import Client, Report
from shared.contracts.submissions import CheckInKind
from shared.vocabulary.codes import Instrument
from shared.zones import zone

WINDOW = timedelta(weeks=12)
"""A straight line is no picture of more; the promises about false trends were measured on it."""

DIGITS = 2
"""More would say that pain is known to a thousandth of a point."""

ANY: frozenset[CheckInKind] = frozenset({"pre", "post", "next-morning", "daily"})
DAY: frozenset[CheckInKind] = frozenset({"pre", "daily"})
AFTER: frozenset[CheckInKind] = frozenset({"post"})
MORNING: frozenset[CheckInKind] = frozenset({"next-morning"})


@dataclass(frozen=True)
class Measure:
    """A series of scores (0-10) from check-ins of these kinds."""

    name: str
    kinds: frozenset[CheckInKind]
    score: Callable[[Report], int | None]
    more_is_better: bool = False

    @property
    def of_sessions(self) -> bool:
        """Whether it is asked once for each session."""
        return self.kinds in {AFTER, MORNING}


MEASURES = (
    Measure("pain", DAY, lambda one: one.pain),
    Measure("pain-after", AFTER, lambda one: one.pain),
    Measure("pain-next-morning", MORNING, lambda one: one.pain),
    Measure("stiffness", DAY | MORNING, lambda one: one.stiffness),
    Measure("energy", ANY, lambda one: one.energy, more_is_better=True),
    Measure("mood", ANY, lambda one: one.mood, more_is_better=True),
    Measure("confidence", ANY, lambda one: one.confidence, more_is_better=True),
    Measure("enjoyment", AFTER, lambda one: one.enjoyment, more_is_better=True),
)

ASKED: tuple[tuple[str, Instrument, bool], ...] = (
    ("interference", "peg", False),
    ("function", "psfs", True),
)
"""Measures from questionnaires scored 0-10; true where more is better."""


def trends(client: Client, at: datetime, *, sessions: int) -> tuple[Trend, ...]:
    """The trend of each measure that was reported in the window up to `at`.

    `sessions` is how many took place in it. Nothing is filled in for days without a report.
    """
    reports = [one for one in client.reports if at - WINDOW < one.at <= at]
    impression = _impression(client.care, at)
    found = []
    for measure in MEASURES:
        told = [
            (one.day.toordinal(), score)
            for one in reports
            if one.kind in measure.kinds and (score := measure.score(one)) is not None
        ]
        if not told:
            continue
        days = {day for day, _ in told}
        asked = sessions if measure.of_sessions else _days_since(reports, at)
        found.append(
            _trend(
                measure.name,
                [float(day) for day, _ in told],
                [float(score) for _, score in told],
                more_is_better=measure.more_is_better,
                impression=impression,
                answered=round(min(len(days) / asked, 1.0), DIGITS) if asked else None,
            )
        )
    return (*found, *_of_questionnaires(client.care, at, impression))


def _of_questionnaires(care: Care, at: datetime, impression: int | None) -> list[Trend]:
    found = []
    for name, instrument, more_is_better in ASKED:
        given = [
            one
            for one in care.questionnaires
            if one.instrument == instrument and at - WINDOW < one.at <= at
        ]
        if given:
            found.append(
                _trend(
                    name,
                    [one.at.timestamp() / 86_400 for one in given],
                    [one.score for one in given],
                    more_is_better=more_is_better,
                    impression=impression,
                    answered=None,
                )
            )
    return found


def _trend(
    name: str,
    days: Sequence[float],
    values: Sequence[float],
    *,
    more_is_better: bool,
    impression: int | None,
    answered: float | None,
) -> Trend:
    found = line.trend(days, values, more_is_better=more_is_better, impression=impression)
    return Trend(
        measure=name,
        verdict=found.verdict,
        meaningful=found.meaningful,
        n=found.n,
        low=None if found.low is None else round(found.low, DIGITS),
        high=None if found.high is None else round(found.high, DIGITS),
        answered=answered,
    )


def _impression(care: Care, at: datetime) -> int | None:
    given = [
        one
        for one in care.questionnaires
        if one.instrument == "pgic" and at - WINDOW < one.at <= at
    ]
    return max(given, key=lambda one: one.at).answers[0] if given else None


def _days_since(reports: Sequence[Report], at: datetime) -> int:
    # From the client's first report in the window; both ends count.
    today = at.astimezone(zone(reports[0].tz)).date()
    return (today - reports[-1].day).days + 1
