"""Which questionnaire comes next while a plan runs, and when."""

from datetime import datetime, timedelta

from services.progress.domain.care import Care
from shared.instruments.table import instrument
from shared.vocabulary.codes import Instrument

FROM_THE_START: frozenset[Instrument] = frozenset({"peg"})
"""Asked for once a plan begins, so that there is something to compare with."""

ASKED: tuple[Instrument, ...] = ("peg", "psfs", "pgic", "paces-s")
"""Short ones, less than three minutes a week together; trainers ask for others at assessments."""


def questionnaire_due(care: Care) -> tuple[datetime, Instrument] | None:
    """The next of them; None without an active plan. PSFS is asked of those who have goals."""
    plan = care.plan
    if plan is None or plan.activated_at is None:
        return None
    begun = plan.activated_at
    answered: dict[Instrument, datetime] = {}
    for one in care.questionnaires:
        answered[one.instrument] = max(one.at, answered.get(one.instrument, one.at))
    if care.goals is not None:
        answered["psfs"] = max(care.goals.at, answered.get("psfs", care.goals.at))
    dues = []
    for number, name in enumerate(ASKED):
        if name == "psfs" and care.goals is None:
            continue
        since = answered.get(name)
        pause = timedelta(weeks=instrument(name).every_weeks)
        first = begun if name in FROM_THE_START else begun + pause
        dues.append((first if since is None else since + pause, number))
    at, number = min(dues)
    return at, ASKED[number]
