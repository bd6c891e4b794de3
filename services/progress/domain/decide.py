"""What follows from an entry of the log: client and entry in, client and new events out."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeAlias

from services.progress.domain import view
from services.progress.domain.assessing import assess
from services.progress.domain.check_ins import check_in
from services.progress.domain.choosing import swap, weights
from services.progress.domain.clearance import decide_clearance
from services.progress.domain.entries import Reflected, TimePassed
from services.progress.domain.intake import screen
from services.progress.domain.lifting import lift
from services.progress.domain.measures import goals, questionnaire
from services.progress.domain.model import Client
from services.progress.domain.next_step import next_step
from services.progress.domain.outcome import Outcome, next_entry
from services.progress.domain.passing import time_passed
from services.progress.domain.planning import activate, comment, plan
from services.progress.domain.reflecting import reflected
from services.progress.domain.rules import Rules
from shared.contracts.care import (
    AssessmentSubmitted,
    ClearanceDecisionSubmitted,
    GoalsSubmitted,
    PlanActivationSubmitted,
    PlanCommentSubmitted,
    PlanSubmitted,
    QuestionnaireSubmitted,
    ScreeningSubmitted,
    SwapSubmitted,
    WeightsSubmitted,
)
from shared.contracts.event import Event
from shared.contracts.submissions import CheckInSubmitted, HoldLiftSubmitted

Decision: TypeAlias = Callable[[Client, Any, Rules], Outcome]

DECISIONS: dict[type[Event], Decision] = {
    CheckInSubmitted: check_in,
    HoldLiftSubmitted: lift,
    TimePassed: time_passed,
    Reflected: reflected,
    ScreeningSubmitted: screen,
    ClearanceDecisionSubmitted: decide_clearance,
    AssessmentSubmitted: assess,
    QuestionnaireSubmitted: questionnaire,
    GoalsSubmitted: goals,
    PlanSubmitted: plan,
    PlanActivationSubmitted: activate,
    PlanCommentSubmitted: comment,
    WeightsSubmitted: weights,
    SwapSubmitted: swap,
}
"""Who decides on each type of entry; bookings are followed by `booking_changed`."""


def decide(client: Client, entry: Event, rules: Rules) -> Outcome:
    """What an entry does to a client.

    Raises:
        KeyError: nobody decides on that type.
    """
    return DECISIONS[type(entry)](client, entry, rules)


def booking_changed(client: Client, at: datetime, rules: Rules) -> Outcome:
    """Look again at what comes next; `client.bookings` holds the change, `at` is its time."""
    after = next_entry(client, at)
    after = replace(after, next=next_step(after, rules))
    changed = client.version == 0 or after.next != client.next
    return Outcome(after, (view.Shown(after, rules),) if changed else ())
