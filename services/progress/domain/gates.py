"""What has to be there before a plan begins: rules G1 to G4, in the one place that decides."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.progress.domain.care import Care, Clearance
from services.progress.domain.rules import Rules


@dataclass(frozen=True)
class Gate:
    """A rule that stands before a plan, and why."""

    rule: str
    reason: str


def closed(care: Care, at: datetime, rules: Rules) -> tuple[Gate, ...]:
    """The gates that are closed at an instant, in the order in which to open them."""
    gates = (_screened(care, at), _assessed(care, at, rules))
    return tuple(gate for gate in gates if gate is not None)


def _screened(care: Care, at: datetime) -> Gate | None:
    screening = care.screening
    if screening is None:
        return Gate("G2", "There is no screening yet.")
    if at >= screening.valid_until:
        return Gate("G3", "The screening is older than it may be.")
    if screening.outcome == "postponed":
        return Gate("G4", "Exercise waits until the client is well again.")
    return None if screening.outcome == "clear" else _cleared(care.clearance, at)


def _cleared(clearance: Clearance | None, at: datetime) -> Gate | None:
    if clearance is None or clearance.status not in {"granted", "limited"}:
        return Gate("G2", "A clinician has to say whether exercise is right.")
    if clearance.valid_until is not None and at >= clearance.valid_until:
        return Gate("G3", "The clearance has run out.")
    return None


def _assessed(care: Care, at: datetime, rules: Rules) -> Gate | None:
    if care.assessment is None:
        return Gate("G1", "Posture and mechanics have not been assessed yet.")
    weeks = rules.plan.assessment_weeks
    if at >= care.assessment.at + timedelta(weeks=weeks):
        return Gate("G1", f"The assessment is older than {weeks} weeks.")
    return None
