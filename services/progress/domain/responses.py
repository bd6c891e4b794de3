"""What sessions did, option by option: effects to show, and scores to rank by."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from services.progress.domain import effect, recommend
from services.progress.domain.care import Effect
from services.progress.domain.measuring import DIGITS
from services.progress.domain.model import Report
from services.progress.domain.sessions import by_session, mornings, opening

SHOWN_OPTIONS = 12
"""Options whose effects are kept, most done first: a plan holds ten, and care is one document."""

DAY_S = 86_400.0


@dataclass(frozen=True)
class Session:
    """One session as told: pain before it, at its end and the next morning; what was done.

    `done` and `skipped` hold each option's enjoyment, null where it was not told.
    """

    at: datetime
    before: int | None
    after: int | None
    morning: int | None
    done: Mapping[str, int | None] = field(default_factory=dict)
    skipped: Mapping[str, int | None] = field(default_factory=dict)


def sessions(reports: Iterable[Report]) -> list[Session]:
    """The sessions that reports speak of; where something was told twice the newest counts."""
    return [_session(session) for session in by_session(reports)]


def effects(known: Sequence[Session]) -> tuple[Effect, ...]:
    """Each option's effect by the session's end and by the next morning."""
    count = Counter(option for one in known for option in one.done)
    shown = {option for option, _ in sorted(count.items(), key=_most_first)[:SHOWN_OPTIONS]}
    found = []
    for after in ("session", "next-morning"):
        responses = [
            effect.Response(option, one.before, later)
            for one in known
            for option in one.done
            if one.before is not None and (later := _later(one, after)) is not None
        ]
        found += [
            Effect(
                option=each.option,
                after=after,
                n=each.n,
                mean=round(each.mean, DIGITS),
                low=round(each.low, DIGITS),
                high=round(each.high, DIGITS),
            )
            for each in effect.effects(responses)
            if each.option in shown
        ]
    return tuple(found)


def rewards(
    known: Sequence[Session], weights: recommend.Weights, at: datetime
) -> dict[str, tuple[recommend.Reward, ...]]:
    """The score of each session of each option, by option."""
    found: defaultdict[str, list[recommend.Reward]] = defaultdict(list)
    for one in known:
        age = max((at - one.at).total_seconds() / DAY_S, 0.0)
        for option, enjoyment in one.done.items():
            outcome = recommend.Outcome(one.before, one.after, one.morning, enjoyment, 1.0)
            _add(found[option], recommend.score(outcome, weights), age)
        for option, enjoyment in one.skipped.items():
            outcome = recommend.Outcome(enjoyment=enjoyment, done=0.0)
            _add(found[option], recommend.score(outcome, weights), age)
    return {option: tuple(scores) for option, scores in found.items()}


def _add(scores: list[recommend.Reward], score: float | None, age: float) -> None:
    if score is not None:
        scores.append(recommend.Reward(score, age))


def _session(reports: Sequence[Report]) -> Session:
    before = opening(reports)
    morning = next(iter(mornings(reports)), None)
    after = next((one for one in reports if one.kind == "post"), None)
    done: dict[str, int | None] = {}
    skipped: dict[str, int | None] = {}
    for report in reversed(reports):
        for exercise in report.exercises:
            told = exercise.enjoyment if exercise.enjoyment is not None else report.enjoyment
            (done if exercise.done else skipped)[exercise.option] = told
    return Session(
        at=max(one.at for one in reports),
        before=None if before is None else before.pain,
        after=None if after is None else after.pain,
        morning=None if morning is None else morning.pain,
        done=done,
        skipped={option: told for option, told in skipped.items() if option not in done},
    )


def _later(session: Session, after: Literal["session", "next-morning"]) -> int | None:
    return session.after if after == "session" else session.morning


def _most_first(counted: tuple[str, int]) -> tuple[int, str]:
    option, count = counted
    return -count, option
