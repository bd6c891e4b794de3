"""What a member of the care team sees of a view, part by part."""

from typing import Any

import pytest

from services.booking.domain.care_team import PARTS, Purpose, shared_answer, shared_view

SAFETY = {"rules": [{"rule": "A2"}], "gates": [{"rule": "G2", "code": "not-cleared"}]}
VIEW: dict[str, Any] = {"client_id": "c", "version": 3, "level": "go", "safety": SAFETY}
ANSWER: dict[str, Any] = {"id": "s", "status": "done", "level": "go", "actions": [{"rule": "A2"}]}


@pytest.mark.parametrize("also", [(), ("plan",), ("assessment",), ("plan", "assessment")])
def test_closed_gates_are_shown_with_the_assessment_alone(also: tuple[Purpose, ...]) -> None:
    shown = shared_view(VIEW, ("progress", *also))["safety"]

    assert SAFETY["rules"] == shown["rules"]
    assert ("assessment" in also) == ("gates" in shown)
    assert "gates" in VIEW["safety"]


@pytest.mark.parametrize("purpose", sorted(PARTS))
def test_how_the_client_is_is_told_in_an_answer_where_progress_is_shared(purpose: Purpose) -> None:
    shown = shared_answer(ANSWER, (purpose,))

    whole = purpose == "progress"
    assert ANSWER.keys() - (set() if whole else {"level", "actions"}) == shown.keys()
