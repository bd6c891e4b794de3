"""Golden scenarios of mask, plan, doses and milestones: both sides of each of their figures."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from services.progress.domain import gates, view
from services.progress.domain.doses import today_dose
from services.progress.domain.drafting import Draft
from services.progress.domain.mask import Mask, Today
from services.progress.domain.milestones import reached
from services.progress.domain.model import Client, Report
from services.progress.domain.rules import Rules
from shared.contracts.conclusions import PlanRevised
from tests.unit.progress.builders import CLIENT, NOW, RULES, a_check_in
from tests.unit.progress.golden import Scenario, a_client, past, tell
from tests.unit.progress.planned import (
    an_option,
    answers,
    assessed,
    cleared,
    finding,
    held,
    item,
    planned,
    ready,
    screened,
    some_goals,
)


def _masks(
    name: str, expected: Sequence[bool], options: Sequence[Any], client: Client, today: Today | None
) -> Scenario:
    def run(rules: Rules) -> list[bool]:
        return [Mask(client, rules, today).why_not(one) is not None for one in options]

    return Scenario(f"mask {name}", run, list(expected))


def _flagged(days: int) -> Client:
    told = past("daily", 3, NOW - timedelta(days=days), red_flags=("giving-way",))
    return ready(reports=[told])


def _codes(client: Client, rules: Rules) -> list[str]:
    return [one.option for one in Draft(client, rules).items()]


def _drafts(name: str, expected: object, client: Client, see: Callable[[list[str]], object]) -> Any:
    return Scenario(f"plan {name}", lambda rules: see(_codes(client, rules)), expected)


def _gentle(name: str, expected: bool, goals: Sequence[int] = (), **more: Any) -> Scenario:
    def run(rules: Rules) -> bool:
        client = ready(assessments=(assessed(**more),))
        if goals:
            client = tell(client, [some_goals(*goals)], rules).client
        return Draft(client, rules).gentle

    return Scenario(f"plan {name}", run, expected)


def _weekly(rules: Rules) -> int:
    draft = Draft(_enjoying("thigh-squeezes", active=False), rules)
    return next(one.per_week for one in draft.items() if one.option == "thigh-squeezes")


def _enjoying(*enjoys: str, **more: Any) -> Client:
    return ready(screening=screened("osteoarthritis-knee", enjoys=enjoys, **more))


def _gate(name: str, expected: int, age: timedelta) -> Scenario:
    care = ready(assessments=(assessed(at=NOW - age),)).care
    return Scenario(f"plan {name}", lambda rules: len(gates.closed(care, NOW, rules)), expected)


def _moves(name: str, expected: int, option: str, *, worse: bool = False, **dose: int) -> Scenario:
    """What a session makes of a dose: green throughout, or two points worse the next morning."""
    client = ready(plans=(planned(item(option, **dose)),))
    done = [{"option": option, "done": True, "worst_pain": 1}]
    session = [
        a_check_in(1, "pre", 3),
        a_check_in(2, "post", 3, at=NOW + timedelta(hours=1), exercises=done),
        a_check_in(3, "next-morning", 5 if worse else 3, at=NOW + timedelta(hours=18)),
    ]

    def run(rules: Rules) -> int:
        events = tell(client, session, rules).events
        steps = [one.after for one in events if isinstance(one, PlanRevised)]
        return steps[0] if steps else next(iter(dose.values()))

    return Scenario(f"dose {name}", run, expected)


def _today(name: str, expected: int, minutes: int, *, flare: bool) -> Scenario:
    client = ready(plans=(planned(item("easy-walk", minutes=minutes)),))
    said = a_check_in(1, "daily", 4, flare=True) if flare else a_check_in(1, "pre", 6)

    def run(rules: Rules) -> int | None:
        after = tell(client, [said], rules).client
        plan = after.care.plan
        assert plan is not None
        return today_dose(plan.items[0], after, rules, view.today(after, rules)).minutes

    return Scenario(f"dose {name}", run, expected)


def _marks(name: str, expected: bool, code: str, client: Client) -> Scenario:
    def run(rules: Rules) -> bool:
        after = reached(client, NOW, rules).client
        return code in {one.code for one in after.care.milestones}

    return Scenario(f"milestones {name}", run, expected)


def _rated(first: Sequence[int], newest: Sequence[int]) -> Client:
    goals = _after(some_goals(*first), answers("psfs", *newest, number=2))
    return replace(goals, care=goals.care.model_copy(update={"milestones": ()}))


def _pegged(first: Sequence[int], newest: Sequence[int]) -> Client:
    peg = _after(answers("peg", *first), answers("peg", *newest, number=2))
    return replace(peg, care=peg.care.model_copy(update={"milestones": ()}))


def _after(*entries: Any) -> Client:
    """A client after these entries, by the rules as they are."""
    return tell(Client(CLIENT), entries, RULES).client


def _standing(first: int, newest: int) -> Client:
    return ready(assessments=(assessed(chair_stand=first), assessed(chair_stand=newest)))


def _days(*ago: float, level: str = "go", **more: Any) -> list[Report]:
    return [past("daily", 3, NOW - timedelta(days=day), level=level, **more) for day in ago]


def _confident(then: Sequence[int], now: Sequence[int], first: float = 27) -> Client:
    reports = [
        one
        for start, scores in ((first, then), (1, now))
        for day, score in enumerate(scores)
        for one in _days(start - day / 4, level="go-care", confidence=score)
    ]
    return a_client(reports)


def _steady(*ago: int) -> Client:
    return a_client(_days(*ago, level="go-care"))


EIGHT_DAYS = (0, 3, 7, 10, 14, 17, 21, 24)

SCENARIOS: tuple[Scenario, ...] = (
    _masks("impact 1 and 2", [False, True],
           [an_option("easy-walk", impact=1), an_option("easy-walk", impact=2)], ready(), None),
    _masks("effort 6 and 7", [False, True],
           [an_option("easy-walk", effort=6), an_option("easy-walk", effort=7)], ready(), None),
    _masks("load 1 and 2 with a joint to spare", [False, True],
           [an_option("neck-turns", load=1), an_option("neck-turns", load=2)],
           replace(ready(), holds=(held("joint", "R3"),)), None),
    _masks("a sign of 13 days", [True], [an_option("one-leg-stand")], _flagged(13), None),
    _masks("a sign of 14 days", [False], [an_option("one-leg-stand")], _flagged(14), None),
    _gate("an assessment just below 12 weeks", 0, timedelta(weeks=12) - timedelta(seconds=1)),
    _gate("an assessment of 12 weeks", 1, timedelta(weeks=12)),
    _drafts("two of each family where no region asks for more", 8, ready(), len),
    _drafts("ten where many regions ask", 10, ready(
        screening=screened("back-pain", "neck-pain"),
        assessments=(assessed(posture=tuple(
            finding(region, "guarding", 2) for region in ("knee", "hip", "shoulder", "upper-back")
        )),),
    ), len),
    _drafts("six where two families are left", 6,
            ready(clearance=cleared("limited", avoid=("strength", "low-impact"))), len),
    _drafts("load 2 and not 3 for a gentle start", [True, False],
            replace(_enjoying("bridges", "chair-stands"), care=_enjoying(
                "bridges", "chair-stands",
            ).care.model_copy(update={"assessments": (assessed(chair_stand=3),)})),
            lambda codes: ["bridges" in codes, "chair-stands" in codes]),
    Scenario("plan three times a week for who was not active", _weekly, 3),
    _drafts("effort 3 for who wishes for light", [True, False],
            _enjoying("chair-stands", "pole-walk", wish="light"),
            lambda codes: ["pole-walk" in codes, "chair-stands" in codes]),
    _drafts("load 3 and not 4", [True, False], _enjoying("chair-stands"),
            lambda codes: ["chair-stands" in codes, "low-step-ups" in codes]),
    _drafts("load 4 not even when enjoyed", False, _enjoying("low-step-ups"),
            lambda codes: "low-step-ups" in codes),
    _gentle("goals of 4", False, (4, 4)),
    _gentle("goals below 4", True, (3, 4)),
    _gentle("a finding of 2", False, mechanics=(finding("squat", "stiff", 2),)),
    _gentle("a finding of 3", True, mechanics=(finding("squat", "stiff", 3),)),
    _gentle("8 stands from a chair", False, chair_stand=8),
    _gentle("7 stands from a chair", True, chair_stand=7),
    _gentle("a week of pain 6", False, baseline={"pain_now": 9, "pain_week": 6}),
    _gentle("a week of pain 7", True, baseline={"pain_now": 0, "pain_week": 7}),
    _moves("up by a tenth of 10", 11, "easy-walk", minutes=10),
    _moves("up by a tenth of 11, rounded up", 13, "easy-walk", minutes=11),
    _moves("up to 45 minutes", 45, "easy-walk", minutes=44),
    _moves("not beyond 45 minutes", 45, "easy-walk", minutes=45),
    _moves("up to 15 repetitions", 15, "bridges", repetitions=14),
    _moves("not beyond 15 repetitions", 15, "bridges", repetitions=15),
    _moves("down by a quarter of 8", 6, "easy-walk", worse=True, minutes=8),
    _moves("down by a quarter of 25, rounded up", 18, "easy-walk", worse=True, minutes=25),
    _today("30 percent less than 10 on a hard day", 7, 10, flare=False),
    _today("30 percent less than 31 on a hard day", 21, 31, flare=False),
    _today("half of 10 in a flare", 5, 10, flare=True),
    _today("half of 51 in a flare", 25, 51, flare=True),
    _marks("goals 2 up", True, "goals-better", _rated((2, 2), (4, 4))),
    _marks("goals 1.5 up", False, "goals-better", _rated((2, 2), (3, 4))),
    _marks("one goal 3 up", True, "one-goal-better", _rated((2, 2), (5, 2))),
    _marks("one goal 2 up", False, "one-goal-better", _rated((2, 2), (4, 2))),
    _marks("2 more stands", True, "chair-stands-better", _standing(9, 11)),
    _marks("1 more stand", False, "chair-stands-better", _standing(9, 10)),
    _marks("PEG 30 percent less", True, "peg-better", _pegged((10, 10, 10), (7, 7, 7))),
    _marks("PEG 29 percent less", False, "peg-better", _pegged((8, 8, 8), (5, 6, 6))),
    _marks("confidence 2 up", True, "confidence-better", _confident((3, 3), (5, 5))),
    _marks("confidence 1 up", False, "confidence-better", _confident((3, 3), (4, 4))),
    _marks("confidence once then", False, "confidence-better", _confident((3,), (5, 5))),
    _marks("confidence once now", False, "confidence-better", _confident((3, 3), (5,))),
    _marks("confidence too soon", False, "confidence-better", _confident((3, 3), (5, 5), first=20)),
    _marks("two days of four weeks", True, "steady-weeks", _steady(*EIGHT_DAYS)),
    _marks("two days of three weeks", False, "steady-weeks", _steady(*EIGHT_DAYS[:6])),
    _marks("one day of one week", False, "steady-weeks", _steady(*EIGHT_DAYS[:7])),
    _marks("three green days", True, "green-week", a_client(_days(0, 2, 6))),
    _marks("two green days", False, "green-week", a_client(_days(0, 6))),
)  # fmt: skip
