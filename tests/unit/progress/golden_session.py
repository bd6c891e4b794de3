"""Golden scenarios about one check-in: usual pain, signs, before and within a session."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from services.progress.domain.care import Clearance, Plan, Screening
from services.progress.domain.model import Report
from shared.contracts.care import Health
from shared.contracts.conclusions import PlanItem
from tests.unit.progress.builders import NOW, TRAINER
from tests.unit.progress.golden import Scenario, a_client, ago, dailies, hears, past, says

NOBODY = a_client()
HEALTHY = dict.fromkeys(Health.model_fields, False)
EMERGENCY = "emergency | R1:emergency-number | hold session"
TODAY = "hold | R2:medical-advice-today | hold session"
SOON = "hold | R2:medical-advice | hold session"
JOINT = "hold | R3:spare-joint | hold joint"
STOP = "stop | D4:stop-session D4:ask-red-flags"
P1 = "modify | P1:calm-menu P1:ask-flare"
P2 = "modify | P2:reduce-dose"
D1 = "go | D1:may-progress"
D2 = "go-care | D2:keep-dose"
D3 = "stop | D3:regress-exercise"
D5 = "stop | D5:regress-exercise"


def screened(*, fever: bool = False, wish: str = "moderate", outcome: str = "clear") -> Screening:
    """A screening that counts for a year."""
    return Screening.model_validate(
        {
            "id": UUID(int=70),
            "at": ago(days=5),
            "outcome": outcome,
            "rules": (),
            "health": HEALTHY | {"fever": fever},
            "active": True,
            "wish": wish,
            "conditions": (),
            "red_flags": (),
            "enjoys": (),
            "valid_until": NOW + timedelta(days=360),
        }
    )


def cleared(status: str = "granted", **more: Any) -> Clearance:
    """What a clinician said."""
    values = {"id": UUID(int=71), "rules": ("G2",), "requested_at": ago(days=4)} | more
    return Clearance.model_validate({"status": status} | values)


def planned(effort: int, *more: tuple[str, int], per_week: int = 3, days: float = 28) -> Plan:
    """An active plan of `row` with that effort, and others."""
    items = tuple(
        PlanItem(option=option, family="strength", effort=meant, per_week=per_week)
        for option, meant in (("row", effort), *more)
    )
    return Plan(
        id=UUID(int=72),
        status="active",
        drafted_at=ago(days=days),
        drafted_by=TRAINER,
        items=items,
        rules_version="1",
        activated_at=ago(days=days),
        activated_by=TRAINER,
    )


def done(option: str, worst_pain: int | None = None) -> dict[str, Any]:
    """An exercise that was done, as told."""
    return {"option": option, "done": True, "worst_pain": worst_pain}


def before(pain: int, **more: Any) -> Report:
    """Pain before today's session."""
    return past("pre", pain, ago(hours=1), **more)


def post(worst: int, **more: Any) -> Any:
    """A report after the session."""
    return says("post", 1, worst_pain=worst, **more)


MONTH_OLD = past("daily", 1, ago(days=28))
OLDER = past("daily", 1, ago(days=28, hours=1))

USUAL = (
    hears("usual of 7 reports", P1, a_client(dailies(1)), says("pre", 4)),
    hears("usual of 6 reports is unknown", "go", a_client(dailies(1, 6)), says("pre", 4)),
    hears("usual to 28 days", P1, a_client([*dailies(1, 6), MONTH_OLD]), says("pre", 4)),
    hears("usual not beyond 28 days", "go", a_client([*dailies(1, 6), OLDER]), says("pre", 4)),
)

KINDS = ("pre", "post", "next-morning", "daily")
R1_FLAGS = (
    "saddle-numbness", "bladder-bowel-change", "both-leg-weakness", "chest-pain", "fainting",
    "sudden-breathlessness",
)  # fmt: skip
R2_TODAY, R2_SOON = (
    ("fever-with-back-pain", "spreading-weakness"),
    ("trauma", "weight-loss", "cancer-history", "night-pain"),
)
D4_FLAGS = ("giving-way", "locking", "new-numbness", "dizziness")

SIGNS = (
    *(
        hears(f"{rule} {flag} in {kind}", expected, NOBODY, says(kind, 0, red_flags=[flag]))
        for rule, flags, expected in (
            ("R1", R1_FLAGS, EMERGENCY),
            ("R2", R2_TODAY, TODAY),
            ("R2", R2_SOON, SOON),
            ("R3", ("hot-swollen-joint",), JOINT),
            ("D4", D4_FLAGS, STOP),
        )
        for flag in flags
        for kind in KINDS
    ),
    hears(
        "R3 with a fever is R2 as well",
        "hold | R2:medical-advice-today R3:spare-joint | hold session | hold joint",
        a_client(screening=screened(fever=True)),
        says("daily", 0, red_flags=["hot-swollen-joint"]),
    ),
    hears(
        "R2 and D4 together: both speak, the graver first",
        "hold | R2:medical-advice D4:stop-session D4:ask-red-flags | hold session",
        NOBODY,
        says("pre", 0, red_flags=["dizziness", "trauma"]),
    ),
)

BEFORE = (
    *(
        hears(f"P {kind} of {pain}", expected, NOBODY, says(kind, pain))
        for kind in ("pre", "daily")
        for pain, expected in ((0, "go"), (5, "go"), (6, P2), (7, P2), (8, P1), (10, P1))
    ),
    *(
        hears(f"P {kind} {pain} where 1 is usual", expected, a_client(dailies(1)), says(kind, pain))
        for kind in ("pre", "daily")
        for pain, expected in ((2, "go"), (3, P2), (4, P1), (6, P1))
    ),
    hears("P1 after a session", f"{P1} D1:may-progress", NOBODY, says("post", 8, worst_pain=1)),
    hears("P not after a session", D1, a_client(dailies(1)), says("post", 7, worst_pain=1)),
    hears("P1 the morning after", P1, NOBODY, says("next-morning", 8)),
    hears("P not the morning after", "unknown", NOBODY, says("next-morning", 7)),
)

WITHIN = (
    *(
        hears(f"D worst {worst}, usual {usual}", expected, a_client(dailies(usual)), post(worst))
        for usual, worst, expected in (
            (4, 0, D1), (4, 2, D1), (4, 3, D2), (4, 4, D2), (4, 5, D2), (4, 6, D3), (4, 10, D3),
            (5, 2, D1), (5, 3, D2), (5, 6, D2), (5, 7, D3), (7, 8, D2), (7, 9, D3),
        )
    ),
    *(
        hears(f"D worst {worst}, nothing known", expected, NOBODY, post(worst))
        for worst, expected in ((2, D1), (3, D2), (5, D2), (6, D3))
    ),
    *(
        hears(
            f"D worst {worst} after {pain}, usual {usual}",
            expected,
            a_client([before(pain), *dailies(usual, 9)]),
            post(worst),
        )
        for usual, pain, worst, expected in (
            (4, 1, 3, D2), (4, 5, 6, D3), (5, 2, 4, D3), (5, 5, 6, D2), (6, 3, 4, D2),
            (6, 3, 5, D3),
        )
    ),
    hears("D3 one exercise", D3, NOBODY, says("post", 1, exercises=[done("row", 6)])),
    hears(
        "D3 two exercises",
        f"{D3} D3:end-session",
        NOBODY,
        says("post", 1, exercises=[done("row", 6), done("squat", 7)]),
    ),
    hears("D post without a worst pain", "unknown", NOBODY, says("post", 1)),
)  # fmt: skip

LIMITED = a_client(clearance=cleared("limited", max_effort=4))
EFFORT = (
    hears("D5 effort 6, nobody cleared", D1, NOBODY, post(1, effort=6)),
    hears("D5 effort 7, nobody cleared", f"{D5} D1:may-progress", NOBODY, post(1, effort=7)),
    hears("D5 effort 9, cleared", D1, a_client(clearance=cleared()), post(1, effort=9)),
    hears(
        "D5 effort 7, clearance run out",
        f"{D5} D1:may-progress",
        a_client(clearance=cleared(valid_until=NOW)),
        post(1, effort=7),
    ),
    hears(
        "D5 effort 7, refused",
        f"{D5} D1:may-progress",
        a_client(clearance=cleared("refused")),
        post(1, effort=7),
    ),
    hears(
        "D5 effort 9, wished and clear", D1, a_client(screening=screened(wish="vigorous")),
        post(1, effort=9),
    ),
    hears(
        "D5 effort 7, clear for moderate", f"{D5} D1:may-progress", a_client(screening=screened()),
        post(1, effort=7),
    ),
    hears("D5 effort at the limit", D1, LIMITED, post(1, effort=4)),
    hears("D5 effort above the limit", f"{D5} D1:may-progress", LIMITED, post(1, effort=5)),
    hears("D5 effort 1 above plan", D1, a_client(plans=(planned(4),)), post(1, effort=5)),
    hears(
        "D5 effort 2 above plan",
        f"{D5} D1:may-progress",
        a_client(plans=(planned(4),)),
        post(1, effort=6),
    ),
    hears(
        "D5 effort against what was done",
        f"{D5} D1:may-progress",
        a_client(plans=(planned(3, ("bike", 6)),)),
        post(1, effort=5, exercises=[done("row", 1)]),
    ),
)  # fmt: skip

SCENARIOS: tuple[Scenario, ...] = (*USUAL, *SIGNS, *BEFORE, *WITHIN, *EFFORT)
