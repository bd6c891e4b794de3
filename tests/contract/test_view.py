"""The front door reads the view that progress writes: no part is unknown, no item unreadable."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from services.booking.api import care, clinic, plans
from services.booking.domain import fhir
from services.booking.domain.care_team import ALWAYS, PARTS
from services.booking.domain.fhir_check import checked
from services.booking.domain.letter import letter
from services.booking.domain.letter_words import Wording
from services.booking.domain.people import Language
from services.booking.queries.progress import empty_view
from services.progress.domain import assessing, clearance, planning
from services.progress.domain.decide import decide
from services.progress.domain.model import Client
from services.progress.domain.rules import load
from services.progress.domain.view import document
from shared.contracts.care import ClearanceDecisionSubmitted, ClearanceLimits
from shared.contracts.submissions import CheckIn, CheckInSubmitted
from tests.unit.progress.planned import (
    a_plan,
    a_screening,
    an_activation,
    an_assessment,
    answers,
    healthy,
    some_goals,
    submitted,
)

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def view() -> dict[str, Any]:
    """What progress shows of a client who was screened, cleared, assessed and has a plan."""
    rules = load()
    screening = a_screening(1, health=healthy(heart_condition=True), active=False)
    client = Client(id=screening.client_id)

    def after(known: Client, entry: Any) -> Client:
        return decide(known, entry, rules).client

    client = after(client, screening)
    assert client.care.clearance is not None
    decision = ClearanceDecisionSubmitted(
        **submitted(2),
        clearance_id=client.care.clearance.id,
        decision="limited",
        limits=ClearanceLimits(max_effort=5, avoid=("neck", "easy-swim")),
    )
    plan = a_plan(number=5, draft=True)
    check_in = CheckIn(kind="daily", pain=4, stiffness=3, at=submitted(7)["submitted_at"])
    for entry in (
        decision,
        an_assessment(3),
        answers("peg", 5, 6, 4, number=4),
        some_goals(3, 2, number=6),
        plan,
        an_activation(plan.submission_id, 8),
        CheckInSubmitted(**submitted(7), check_in=check_in),
    ):
        client = after(client, entry)
    shown = document(client, rules)
    for part in ("screening", "clearance", "assessment", "goals", "plan"):
        assert shown[part] is not None, part
    assert (1, 1, "active") == (
        len(shown["questionnaires"]), len(shown["check_ins"]), shown["plan"]["status"],
    )  # fmt: skip
    return shown


def test_both_know_the_same_parts_and_each_belongs_to_a_purpose(view: dict[str, Any]) -> None:
    assert view.keys() == empty_view(UUID(int=1)).keys()
    assert view.keys() == ALWAYS.union(*PARTS.values())


def test_what_the_door_lets_in_progress_does_not_refuse_for_its_size() -> None:
    doses = (planning.PER_WEEK, planning.SETS, planning.REPETITIONS, planning.MINUTES)
    assert [one.at_most for one in doses] == [
        plans.MOST_TIMES, plans.MOST_SETS, plans.MOST_REPETITIONS, plans.MOST_MINUTES,
    ]  # fmt: skip
    assert {1} == {one.at_least for one in doses}
    assert plans.MOST_ITEMS <= planning.MOST_ITEMS
    assert care.MOST_FINDINGS <= assessing.MOST_FINDINGS
    assert care.MOST_MEASURED <= assessing.MOST_JOINTS
    assert clinic.MOST_AVOIDED <= clearance.MOST_AVOIDED


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_letter_and_the_export_can_be_made_of_it(
    view: dict[str, Any], language: Language
) -> None:
    zone = ZoneInfo("America/Toronto")
    words = Wording(language, zone)

    written = letter(view, name="Ann", language=language, zone=zone, now=NOW)
    exported = fhir.bundle(view, name="Ann", language=language, words=words, now=NOW)

    assert checked(exported)
    assert 4 == len(written.sections)
    known = {entry["resource"]["id"] for entry in exported["entry"]}
    told = {source.id for source in written.sources}
    ids = [view[part]["id"] for part in ("screening", "clearance", "assessment", "goals", "plan")]
    ids += [view[part][0]["id"] for part in ("questionnaires", "check_ins")]
    assert set(ids) | {""} == told
    assert {view["plan"]["id"], view["check_ins"][0]["id"]} <= known
