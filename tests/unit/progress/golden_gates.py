"""Golden scenarios of the gates: what stands before a plan, on both sides of each limit."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from services.progress.domain.gates import closed
from services.progress.domain.model import Client
from services.progress.domain.rules import Rules
from shared.contracts.care import Decision
from shared.contracts.event import Event
from tests.unit.progress.builders import CLIENT, NOW
from tests.unit.progress.golden import Scenario
from tests.unit.progress.intake import a_decision, a_screening, clearance, life
from tests.unit.progress.planned import an_assessment

MOMENT = timedelta(microseconds=1)
WEEKS = NOW + timedelta(weeks=12)
YEAR = NOW.replace(year=2027)
CLEARED = datetime(2027, 4, 2, 4, tzinfo=UTC)
"""The end of the day a year after a decision of 1 April, where the client is."""

RENEWED = datetime(2027, 3, 1, tzinfo=UTC)
WELL, ASSESSED = a_screening(1), an_assessment()


def stands(name: str, expected: str, *entries: Event, at: datetime = NOW) -> Scenario:
    """What stands before a plan at an instant, after these entries."""

    def run(rules: Rules) -> str:
        return _said(life(Client(CLIENT), *entries, rules=rules), at, rules)

    return Scenario(name, run, expected)


def cleared(name: str, expected: str, decision: Decision, *, at: datetime) -> Scenario:
    """The same where a clinician decided on 1 April, and health was asked about again later."""

    def run(rules: Rules) -> str:
        asked = life(Client(CLIENT), a_screening(1, "chest_pain"), ASSESSED, rules=rules)
        day = datetime(2026, 4, 1, 15, tzinfo=UTC)
        word = a_decision(clearance(asked).id, decision, at=day)
        later: Sequence[Event] = (
            a_screening(2, "chest_pain", at=RENEWED),
            an_assessment(2, at=RENEWED),
        )
        return _said(life(asked, word, *later, rules=rules), at, rules)

    return Scenario(name, run, expected)


def _said(client: Client, at: datetime, rules: Rules) -> str:
    gates = closed(client.care, at, rules)
    return " ".join(f"{gate.rule}:{gate.code}" for gate in gates) or "open"


SCENARIOS = (
    stands("G2 nothing known", "G2:not-screened G1:not-assessed"),
    stands("G2 assessed alone", "G2:not-screened", ASSESSED),
    stands("G1 screened alone", "G1:not-assessed", WELL),
    stands("G1 posture alone", "G1:not-assessed", WELL, an_assessment(mechanics=[])),
    stands("G1 mechanics alone", "G1:not-assessed", WELL, an_assessment(posture=[])),
    stands("G1 both", "open", WELL, ASSESSED),
    stands("G1 in the order of the day", "open", ASSESSED, WELL),
    stands("G1 within 12 weeks", "open", WELL, ASSESSED, at=WEEKS - MOMENT),
    stands("G1 after 12 weeks", "G1:assessment-outdated", WELL, ASSESSED, at=WEEKS),
    stands(
        "G1 assessed in part since", "G1:assessment-outdated", WELL, ASSESSED,
        an_assessment(2, at=WEEKS, mechanics=[]), at=WEEKS,
    ),
    stands(
        "G3 within 12 months", "open", WELL, an_assessment(at=RENEWED), at=YEAR - MOMENT
    ),
    stands(
        "G3 after 12 months", "G3:screening-outdated", WELL, an_assessment(at=RENEWED), at=YEAR
    ),
    stands("G2 symptom", "G2:clearance-open", a_screening(1, "dizziness"), ASSESSED),
    stands(
        "G2 known disease and active", "open", a_screening(1, "heart_condition"), ASSESSED
    ),
    stands(
        "G2 known disease and inactive", "G2:clearance-open",
        a_screening(1, "heart_condition", active=False), ASSESSED,
    ),
    stands(
        "G2 known disease and vigorous", "G2:clearance-open",
        a_screening(1, "heart_condition", wish="vigorous"), ASSESSED,
    ),
    stands("G2 joint problem", "open", a_screening(1, "joint_problem", active=False), ASSESSED),
    stands("G4 fever", "G4:unwell", a_screening(1, "fever"), ASSESSED),
    stands("G4 pregnant", "G4:clearance-open", a_screening(1, "pregnant"), ASSESSED),
    cleared("G3 cleared within 12 months", "open", "granted", at=CLEARED - MOMENT),
    cleared("G3 cleared 12 months ago", "G3:clearance-over", "granted", at=CLEARED),
    cleared("G2 refused", "G2:clearance-refused", "refused", at=CLEARED - MOMENT),
)  # fmt: skip
