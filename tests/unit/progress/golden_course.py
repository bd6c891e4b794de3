"""Golden scenarios about weeks: rising pain, loads, flares, reviews and spirits."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from services.progress.domain.care import Load, Plan, Questionnaire
from services.progress.domain.course import mood_heard
from services.progress.domain.flaring import flare_alarmed
from services.progress.domain.model import Booking, Client, Exercise, Report
from services.progress.domain.passing import next_due
from services.progress.domain.rules import Rules
from shared.vocabulary.codes import Instrument
from tests.unit.progress.builders import BOOKING, NOW
from tests.unit.progress.golden import (
    Scenario,
    a_client,
    ago,
    dailies,
    hears,
    past,
    says,
    time,
    waits,
)
from tests.unit.progress.golden_next_day import attended
from tests.unit.progress.golden_session import planned

HOURS, DAYS = timedelta(hours=1), timedelta(days=1)


def weeks(*pains: int, reports: int = 3) -> list[Report]:
    """Weeks of daily reports, the last of which ends with what is told now."""
    return [
        past("daily", pain, ago(days=7 * week + day))
        for week, pain in enumerate(reversed(pains))
        for day in range(reports - (week == 0))
        for day in [day + (week == 0)]
    ]


A5 = "modify | A5:review-plan | A5 begins review-plan"
RISING = (
    hears("A5 up 1 and 1", A5, a_client(weeks(2, 3, 4)), says("daily", 4)),
    hears("A5 not up 1 once", "go", a_client(weeks(2, 2, 3)), says("daily", 3)),
    hears("A5 not up 1 once, then flat", "go", a_client(weeks(2, 3, 3)), says("daily", 3)),
    hears("A5 not flat", "go", a_client(weeks(3, 3, 3)), says("daily", 3)),
    hears("A5 not of 2 reports a week", "go", a_client(weeks(2, 3, 4, reports=2)),
        says("daily", 4)),
    hears("A5 stays for a week", "modify | A5:review-plan", a_client(weeks(2, 3, 4)),
        says("daily", 4), says("next-morning", 2, 2, at=NOW + 6.9 * DAYS)),
    waits("A5 ends after a week", 7 * DAYS, a_client(weeks(2, 3, 4)), says("daily", 4)),
    hears("A5 is over after a week", "go", a_client(weeks(2, 3, 4)),
        says("daily", 4), says("daily", 2, 2, at=NOW + 6.9 * DAYS), time(NOW + 7 * DAYS)),
)  # fmt: skip


def loads(*weekly: int, now: Iterable[Booking] = (), last: int = 0) -> Client:
    """Loads of the weeks before, the last first, one of this week, and sessions of today."""
    before = [
        Load(of=UUID(int=800 + week), at=ago(days=7 * week + 1), load=load)
        for week, load in enumerate(weekly, start=1)
    ]
    this = [Load(of=UUID(int=800), at=ago(days=1), load=last)] if last else []
    return a_client(loads=(*before, *this), bookings=list(now))


def lasting(minutes: int) -> Booking:
    """A session of today."""
    return replace(attended(NOW), start_at=NOW - timedelta(minutes=minutes))


L1 = "go | D1:may-progress L1:big-step | L1 begins big-step"
CALM = "go | D1:may-progress"


def after(effort: int, *, booked: bool = False) -> Any:
    """What is told after today's session."""
    booking: dict[str, Any] = {"booking": BOOKING} if booked else {}
    return says("post", 1, worst_pain=1, effort=effort, **booking)


LOAD = (
    hears("L1 half as much again is none", CALM, loads(200, 300, 400, now=[lasting(90)]),
        after(5, booked=True)),
    hears("L1 more than that", L1, loads(200, 300, 400, now=[lasting(93)]), after(5, booked=True)),
    hears("L1 counts the whole week", L1, loads(300, 300, 300, last=360), after(2)),
    hears("L1 needs three weeks", CALM, loads(100, 100), after(5)),
    hears("L1 looks at three weeks", L1, loads(100, 100, 100), after(5)),
    hears("L1 a week without a session", CALM, loads(100, 0, 100), after(5)),
    hears("L1 takes an hour where it is not known", CALM, loads(240, 240, 240), after(6)),
    hears("L1 no less than an hour", L1, loads(240, 240, 240, last=5), after(6)),
    hears("L1 a session counts once", CALM, loads(240, 240, 240, now=[lasting(60)]),
        after(6, booked=True), says("post", 1, 2, worst_pain=1, effort=6, booking=BOOKING)),
    waits("L1 stays for a week", 7 * DAYS, loads(100, 100, 100), after(5)),
)  # fmt: skip

T1 = "modify | T1:calm-menu T1:reduce-dose"
DECLARED = says("daily", 5, flare=True)


def flared(pain: int, *, days: float) -> list[Any]:
    """What is told so many days into a flare."""
    return [DECLARED, says("daily", pain, 2, at=NOW + timedelta(days=days))]


def alarmed(rules: Rules) -> object:
    """The statistics' alarm."""
    step = flare_alarmed(a_client(dailies(3)), NOW, rules)
    [standing] = step.client.care.standing
    [suspected] = step.events
    due = next_due(step.client, rules)
    assert due is not None
    return [one.code for one in standing.firings], suspected.model_dump()["by"], due - NOW


def settled(rules: Rules) -> object:
    """A flare after an alarm that a second one and silence change nothing of."""
    first = flare_alarmed(a_client(dailies(3)), NOW, rules)
    second = flare_alarmed(first.client, NOW + DAYS, rules)
    return second.client == first.client, second.events


FOLLOWED_UP = time(NOW + 72 * HOURS)
FLARES = (
    *(
        hears(f"T1 said in {kind}", expected, a_client(), says(kind, 5, flare=True))
        for kind, expected in (
            ("pre", f"{T1} | flare by client"),
            ("daily", f"{T1} | flare by client"),
            ("post", f"{T1} | flare by client"),
            ("next-morning", f"{T1} | flare by client"),
        )
    ),
    Scenario("T1 by an alarm", alarmed, (["calm-menu", "reduce-dose"], "trend", 72 * HOURS)),
    Scenario("T1 an alarm within a flare", settled, (True, ())),
    hears("T1 goes on", T1, a_client(), *flared(5, days=1)),
    hears("T1 said again is one flare", T1, a_client(), DECLARED,
        says("daily", 5, 2, flare=True, at=NOW + DAYS)),
    hears("T1 settles after two good days", "go | flare over after 2",
        a_client(dailies(2, 28)), *flared(2, days=1), says("daily", 2, 3, at=NOW + 2 * DAYS)),
    waits("T1 asks after 72 h", 72 * HOURS, a_client(), DECLARED),
    hears("T1 asks once", f"{T1} | T1 begins flare-follow-up", a_client(), DECLARED, FOLLOWED_UP),
    waits("T2 waits for 8 days", 8 * DAYS + timedelta(seconds=1), a_client(), DECLARED,
        FOLLOWED_UP),
    hears("T2 after 8 days",
        "hold | T2:medical-review T1:calm-menu T1:reduce-dose | hold session",
        a_client(), DECLARED, FOLLOWED_UP, time(NOW + 8 * DAYS + timedelta(seconds=1))),
    hears("T2 not at 8 days", T1, a_client(), DECLARED, FOLLOWED_UP, time(NOW + 8 * DAYS)),
    waits("T2 once a flare", None, a_client(), DECLARED, FOLLOWED_UP, time(NOW + 9 * DAYS)),
)  # fmt: skip


def pains(*told: tuple[int, float], now: int = 8) -> tuple[Client, Any]:
    """Pain so many hours ago, and now."""
    return a_client([past("daily", pain, ago(hours=hours)) for pain, hours in told]), says(
        "daily", now
    )


P1 = "P1:calm-menu P1:ask-flare"
T2 = f"hold | T2:medical-review {P1} | hold session"
LONG_PAIN = (
    hears("T2 8 for 72 h", T2, *pains((8, 72), (8, 48), (8, 24))),
    hears("T2 not for less", f"modify | {P1}", *pains((8, 71.5), (8, 48), (8, 24))),
    hears("T2 not 7", "modify | P2:reduce-dose", *pains((7, 72), (7, 48), (7, 24), now=7)),
    hears("T2 not with a better day between", f"modify | {P1}", *pains((8, 72), (7, 48), (8, 24))),
    hears("T2 with nothing told for 72 h", T2, *pains((8, 72))),
    hears("T2 not with nothing told for longer", f"modify | {P1}", *pains((8, 72.5))),
    hears("T2 one hold at a time", f"hold | T2:medical-review {P1}", *pains((8, 72), (8, 48)),
        says("daily", 8, 2, at=NOW + HOURS)),
)  # fmt: skip


def answered(instrument: Instrument, score: float, days: float) -> Questionnaire:
    """A questionnaire, so many days ago."""
    return Questionnaire(
        id=UUID(int=90), instrument=instrument, version="1", at=ago(days=days), answers=(),
        score=score,
    )  # fmt: skip


def twelve_weeks(*answers: Questionnaire, days: float = 84) -> Client:
    """A client whose plan began so many days ago."""
    return a_client(plans=(planned(4, days=days),), questionnaires=answers)


WORSE = (answered("peg", 10, 85), answered("peg", 9, 1))
T3, BETTER = "unknown | T3:new-assessment | T3 begins new-assessment", "unknown"
REVIEW = (
    waits("T3 is due 12 weeks after the plan", 3 * DAYS, twelve_weeks(days=81)),
    hears("T3 nothing better", T3, twelve_weeks(*WORSE), time(NOW)),
    hears("T3 nothing asked", T3, twelve_weeks(), time(NOW)),
    hears("T3 not before", BETTER, twelve_weeks(days=83.9), time(NOW)),
    hears("T3 PEG 30 % better", BETTER,
        twelve_weeks(answered("peg", 10, 85), answered("peg", 7, 1)), time(NOW)),
    hears("T3 PEG 29.5 % better", T3,
        twelve_weeks(answered("peg", 10, 85), answered("peg", 7.05, 1)), time(NOW)),
    hears("T3 PSFS 2 better", BETTER,
        twelve_weeks(*WORSE, answered("psfs", 3, 85), answered("psfs", 5, 1)), time(NOW)),
    hears("T3 PSFS 1.5 better", T3,
        twelve_weeks(*WORSE, answered("psfs", 3, 85), answered("psfs", 4.5, 1)), time(NOW)),
    hears("T3 PGIC improved", BETTER, twelve_weeks(*WORSE, answered("pgic", 3, 1)), time(NOW)),
    hears("T3 PGIC as before", T3, twelve_weeks(*WORSE, answered("pgic", 4, 1)), time(NOW)),
    hears("T3 PGIC of before the plan", T3, twelve_weeks(answered("pgic", 1, 85)), time(NOW)),
    waits("T3 stays for 4 weeks", 28 * DAYS, twelve_weeks(), time(NOW)),
    waits("T3 comes again 12 weeks later", 84 * DAYS,
        twelve_weeks(answered("pgic", 2, 1)), time(NOW)),
)  # fmt: skip


def little(done: int, *, usual: int = 3, per_week: int = 50, days: float = 28) -> Client:
    """Pain as usual, so much done of an active plan, worry at the beginning of the window."""
    exercises = tuple(Exercise("row", True, 1, None) for _ in range(done))
    plan: Plan = planned(4, per_week=per_week, days=days)
    told = [past("post", 1, ago(days=1), worst_pain=1, exercises=exercises, level="go")]
    return a_client([*dailies(usual, 10), *told], plans=(plan,))


def worried(client: Client, days: float = 28) -> Client:
    """The client, who named worry so many days ago."""
    return replace(
        client, reports=(*client.reports, past("post", 3, ago(days=days), why=("afraid",)))
    )


T4 = "go | T4:enjoyment-first | T4 begins enjoyment-first"
LITTLE = (
    hears("T4 less than half", T4, worried(little(99)), says("daily", 3)),
    hears("T4 not half", "go", worried(little(100)), says("daily", 3)),
    hears("T4 not without worry", "go", little(99), says("daily", 3)),
    hears("T4 not with worry beyond 28 days", "go", worried(little(99), 28.1), says("daily", 3)),
    hears("T4 not where pain is usually 4", "go", worried(little(99, usual=4)), says("daily", 4)),
    hears("T4 from 14 days of a plan", T4, worried(little(1, days=14)), says("daily", 3)),
    hears("T4 not in its first 14 days", "go", worried(little(1, days=13.9)), says("daily", 3)),
    hears("T4 not without a plan", "go", worried(a_client(dailies(3, 10))), says("daily", 3)),
    waits("T4 stays for 4 weeks", 28 * DAYS, worried(little(99)), says("daily", 3)),
)  # fmt: skip


def mood(score: float) -> Any:
    """What a PHQ-2 leads to: events, actions, and for how long."""

    def run(rules: Rules) -> object:
        step = mood_heard(a_client(), NOW, score, rules)
        codes = [one.code for standing in step.client.care.standing for one in standing.firings]
        due = next_due(step.client, rules)
        return len(step.events), codes, None if due is None else due - NOW

    return run


SPIRITS = (
    Scenario("M1 PHQ-2 of 3", mood(3), (1, ["talk-to-someone"], 14 * DAYS)),
    Scenario("M1 PHQ-2 of 2", mood(2), (0, [], None)),
)

SCENARIOS: tuple[Scenario, ...] = (
    *RISING, *LOAD, *FLARES, *LONG_PAIN, *REVIEW,
    *LITTLE, *SPIRITS,
)  # fmt: skip
