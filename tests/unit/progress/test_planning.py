"""Plans: written or drafted, begun through open gates, one at a time."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.progress.domain.mask import Mask
from services.progress.domain.model import Client
from services.progress.domain.planning import KEPT, MOST_ITEMS
from shared.contracts.conclusions import PlanActivated, PlanDrafted, PlanItem
from tests.unit.progress.anybody import clients
from tests.unit.progress.builders import NOW, RULES, after, answer, tell, view
from tests.unit.progress.planned import (
    OPTIONS,
    a_comment,
    a_plan,
    an_activation,
    assessed,
    held,
    ready,
    screened,
)

CODES = sorted(OPTIONS)


@settings(max_examples=60, deadline=None)
@given(clients(), st.lists(st.sampled_from(CODES), min_size=1, max_size=4, unique=True))
def test_a_written_plan_with_a_masked_option_is_refused_whatever_the_client(
    client: Client, codes: list[str]
) -> None:
    mask = Mask(client, RULES)
    bad = [code for code in codes if mask.why_not(OPTIONS[code])]
    told = answer(tell(client, a_plan(*({"option": one, "per_week": 2} for one in codes))).events)

    assert ("rejected" if bad else "done") == told.status
    if bad:
        assert told.rule
        assert (told.reason or "").startswith(bad[0])


def test_a_draft_is_recorded_and_shown_with_its_doses() -> None:
    outcome = tell(ready("back-pain"), a_plan(draft=True))
    [told] = [one for one in outcome.events if isinstance(one, PlanDrafted)]
    shown = view(outcome.events).document["plan"]

    assert "done" == answer(outcome.events).status
    assert (UUID(int=2001), RULES.version) == (told.plan_id, told.rules_version)
    assert ("drafted", str(told.plan_id)) == (shown["status"], shown["id"])
    assert [one.option for one in told.items] == [one["option"] for one in shown["items"]]
    assert {*PlanItem.model_fields, "masked"} == set(shown["items"][0])
    assert [] == shown["menu"]


@pytest.mark.parametrize(
    ("given", "rule", "reason"),
    [
        ([], None, "A plan holds 1 to 20 options, not 0."),
        ([{"option": "easy-walk", "per_week": 2}] * 2, None, "An option is there twice."),
        (
            [{"option": "Flying over Paris", "per_week": 2}],
            None,
            "Option 1 is not in the catalogue.",
        ),
        ([{"option": "neck-presses", "per_week": 2}], "G2", "neck-presses: Not with the condition"),
        ([{"option": "easy-walk", "per_week": 0}], None, "easy-walk: per_week has to be 1 to 7."),
        ([{"option": "easy-walk", "per_week": 8}], None, "easy-walk: per_week has to be 1 to 7."),
        ([{"option": "easy-walk", "per_week": 1, "minutes": 0}], None, "easy-walk: minutes has to"),
        (
            [{"option": "easy-walk", "per_week": 1, "minutes": 91}],
            None,
            "easy-walk: minutes has to",
        ),
        (
            [{"option": "bridges", "per_week": 1, "sets": 7}],
            None,
            "bridges: sets has to be 1 to 6.",
        ),
        ([{"option": "bridges", "per_week": 1, "repetitions": 31}], None, "bridges: repetitions"),
        (
            [{"option": "bridges", "per_week": 1, "repetitions": 3, "minutes": 3}],
            None,
            "bridges: count repetitions or minutes, not both.",
        ),
    ],
)
def test_a_written_plan_is_refused_with_what_is_wrong(
    given: list[dict[str, Any]], rule: str | None, reason: str
) -> None:
    outcome = tell(ready("rheumatoid-arthritis"), a_plan(*given))
    told = answer(outcome.events)

    assert ("rejected", rule) == (told.status, told.rule)
    assert (told.reason or "").startswith(reason)
    assert () == outcome.client.care.plans


def test_a_plan_of_too_many_options_is_refused() -> None:
    given = [{"option": code, "per_week": 1} for code in CODES[: MOST_ITEMS + 1]]

    assert "not 21." in (answer(tell(ready(), a_plan(*given)).events).reason or "")
    assert "done" == answer(tell(ready(), a_plan(*given[:-1])).events).status


def test_what_a_trainer_leaves_open_is_as_the_catalogue_starts_it() -> None:
    outcome = tell(
        ready(),
        a_plan(
            {"option": "easy-walk", "per_week": 2},
            {"option": "bridges", "per_week": 3, "sets": 1},
            {"option": "chair-yoga", "per_week": 1, "minutes": 20},
            {"option": "heel-taps", "per_week": 1, "minutes": 4},
        ),
    )
    doses = [
        (one.per_week, one.sets, one.repetitions, one.minutes)
        for one in outcome.client.care.plans[0].items
    ]

    assert [(2, None, None, 10), (3, 1, 8, None), (1, None, None, 20), (1, None, None, 4)] == doses


def test_a_plan_begins_when_every_gate_is_open_and_the_former_one_closes() -> None:
    first, second = a_plan(draft=True), a_plan({"option": "easy-walk", "per_week": 2}, number=2)
    client = after(ready(), [first, an_activation(UUID(int=2001)), second])
    outcome = tell(client, an_activation(UUID(int=2002), number=51))
    [told] = [one for one in outcome.events if isinstance(one, PlanActivated)]

    assert ["closed", "active"] == [one.status for one in outcome.client.care.plans]
    assert ["easy-walk"] == [one.option for one in told.items]
    shown = view(outcome.events).document["plan"]
    assert ("active", str(UUID(int=2002))) == (shown["status"], shown["id"])
    assert shown["draft"] is None
    assert "easy-walk" in {one["option"] for one in shown["menu"]}


def test_a_draft_is_shown_beside_the_active_plan() -> None:
    client = after(ready(), [a_plan(draft=True), an_activation(UUID(int=2001))])
    shown = view(tell(client, a_plan(draft=True, number=2)).events).document["plan"]

    assert (str(UUID(int=2001)), str(UUID(int=2002))) == (shown["id"], shown["draft"]["id"])


@pytest.mark.parametrize(
    ("care", "rule"),
    [
        ({"screening": None}, "G2"),
        ({"assessments": ()}, "G1"),
        ({"assessments": (assessed(complete=False),)}, "G1"),
        ({"assessments": (assessed(at=NOW - timedelta(weeks=12)),)}, "G1"),
        ({"screening": screened(outcome="needs-clearance", rules=("G2",))}, "G2"),
        ({"screening": screened(outcome="postponed", rules=("G4",))}, "G4"),
        ({"screening": screened(at=NOW - timedelta(days=365))}, "G3"),
    ],
)
def test_a_closed_gate_refuses_to_begin_with_its_rule(care: dict[str, Any], rule: str) -> None:
    client = after(ready(), [a_plan({"option": "long-breath-out", "per_week": 7})])
    client = replace(client, care=client.care.model_copy(update=care))
    outcome = tell(client, an_activation(UUID(int=2001)))

    assert ("rejected", rule) == (answer(outcome.events).status, answer(outcome.events).rule)
    assert outcome.client.care.plan is None
    assert 1 == len(outcome.events)


def test_an_assessment_counts_until_twelve_weeks_are_over() -> None:
    almost = assessed(at=NOW - timedelta(weeks=12) + timedelta(seconds=1))
    client = after(ready(assessments=(almost,)), [a_plan(draft=True)])

    assert "done" == answer(tell(client, an_activation(UUID(int=2001))).events).status


def test_a_gate_that_closed_after_the_wish_was_sent_counts() -> None:
    client = after(
        ready(assessments=(assessed(at=NOW - timedelta(weeks=11)),)), [a_plan(draft=True)]
    )
    later = replace(client, as_of=NOW + timedelta(weeks=2))

    assert "G1" == answer(tell(later, an_activation(UUID(int=2001), at=NOW)).events).rule


def test_a_hold_on_sessions_refuses_to_begin() -> None:
    client = after(ready(), [a_plan(draft=True)])
    client = replace(client, holds=(held("session", "R1"),))

    assert "R1" == answer(tell(client, an_activation(UUID(int=2001))).events).rule


def test_an_option_masked_since_the_draft_refuses_to_begin() -> None:
    client = after(ready(), [a_plan({"option": "neck-presses", "per_week": 1})])
    care = client.care.model_copy(update={"screening": screened("rheumatoid-arthritis")})
    told = answer(tell(replace(client, care=care), an_activation(UUID(int=2001))).events)

    assert ("rejected", "G2") == (told.status, told.rule)


def test_a_plan_that_is_unknown_or_has_begun_does_not_begin() -> None:
    client = after(ready(), [a_plan(draft=True), an_activation(UUID(int=2001))])
    reasons = [
        answer(tell(client, an_activation(UUID(int=plan), number=51)).events).reason
        for plan in (2001, 9)
    ]

    assert ["The plan is active; draft a new one.", "There is no such plan."] == reasons


def test_comments_are_counted_and_their_words_stay_in_the_log() -> None:
    client = after(ready(), [a_plan(draft=True)])
    outcome = tell(client, a_comment(UUID(int=2001)))

    assert 1 == view(outcome.events).document["plan"]["comments"]
    assert not any("private" in event.model_dump_json() for event in outcome.events)
    assert "rejected" == answer(tell(client, a_comment(UUID(int=9))).events).status


def test_the_active_plan_outlives_any_number_of_drafts() -> None:
    drafts = [a_plan(draft=True, number=n) for n in range(2, 20)]
    client = after(ready(), [a_plan(draft=True), an_activation(UUID(int=2001)), *drafts])

    assert client.care.plan is not None
    assert KEPT == len(client.care.plans)
    assert UUID(int=2019) == client.care.plans[-1].id
