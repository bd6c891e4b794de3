"""Questionnaires are scored or refused; goals keep their first ratings."""

from datetime import timedelta
from uuid import UUID

import pytest

from services.progress.domain.measures import KEPT_OF_EACH
from services.progress.domain.model import Client
from shared.contracts.conclusions import GoalsRecorded, QuestionnaireRecorded, SupportSuggested
from tests.unit.progress.builders import CLIENT, NOW, after, answer, tell, view
from tests.unit.progress.planned import answers, some_goals

NOBODY_YET = Client(CLIENT)


def test_answers_are_scored_recorded_and_shown() -> None:
    outcome = tell(NOBODY_YET, answers("peg", 4, 5, 7, version="1.0"))
    [recorded] = [one for one in outcome.events if isinstance(one, QuestionnaireRecorded)]

    assert "done" == answer(outcome.events).status
    assert ("peg", "1.0", 5.33) == (recorded.instrument, recorded.version, recorded.score)
    assert [
        {
            "id": str(UUID(int=2001)),
            "instrument": "peg",
            "version": "1.0",
            "at": "2026-03-02T15:00:00Z",
            "answers": [4, 5, 7],
            "score": 5.33,
        }
    ] == view(outcome.events).document["questionnaires"]


@pytest.mark.parametrize(
    ("submission", "reason"),
    [
        (answers("peg", 4, 5), "peg takes 3 answers, not 2."),
        (answers("peg", 4, 5, 11), "Answer 3 of peg has to be 0 to 10."),
        (answers("psfs", 4), "psfs rates the client's goals; there are none yet."),
        (answers("phq-2", 3, 4), "Answer 2 of phq-2 has to be 0 to 3."),
        (answers("peg", 1, 2, 3, version="my own words"), "The version names a release of the"),
        (answers("peg", 1, 2, 3, version="1" * 21), "The version names a release of the"),
    ],
)
def test_a_wrong_answer_is_refused_by_name_and_not_kept(submission: object, reason: str) -> None:
    outcome = tell(NOBODY_YET, submission)  # type: ignore[arg-type]

    assert "rejected" == answer(outcome.events).status
    assert (answer(outcome.events).reason or "").startswith(reason)
    assert () == outcome.client.care.questionnaires
    assert 1 == len(outcome.events)


def test_psfs_rates_the_goals_in_their_order_one_answer_each() -> None:
    client = after(NOBODY_YET, [some_goals(2, 4)])

    too_many = answer(tell(client, answers("psfs", 4, 5, 6, number=2)).events)
    outcome = tell(client, answers("psfs", 3, 7, number=3))

    assert "psfs takes one answer for each of the 2 goals." == too_many.reason
    goals = outcome.client.care.goals
    assert goals is not None
    assert ((2, 4), (3, 7)) == (goals.first, goals.newest)


def test_the_same_activities_are_rated_anew_and_others_begin_anew() -> None:
    client = after(NOBODY_YET, [some_goals(2, 4), some_goals(5, 5, number=2, name=" Stairs ")])
    assert client.care.goals is not None
    assert ((2, 4), (5, 5)) == (client.care.goals.first, client.care.goals.newest)

    client = after(client, [some_goals(6, 6, number=3, name="garden")])
    assert client.care.goals is not None
    assert ((6, 6), (6, 6)) == (client.care.goals.first, client.care.goals.newest)


def test_what_the_activities_are_is_told_to_nobody() -> None:
    outcome = tell(NOBODY_YET, some_goals(2, 4, name="walk to the lighthouse"))
    [recorded] = [one for one in outcome.events if isinstance(one, GoalsRecorded)]
    said = outcome.client.care.model_dump_json() + "".join(
        event.model_dump_json() for event in outcome.events
    )

    assert (2, 3.0) == (recorded.count, recorded.mean)
    assert "lighthouse" not in said


@pytest.mark.parametrize("count", [0, 6])
def test_one_to_five_activities_are_named(count: int) -> None:
    told = answer(tell(NOBODY_YET, some_goals(*[3] * count)).events)

    assert ("rejected", f"Name 1 to 5 activities, not {count}.") == (told.status, told.reason)


@pytest.mark.parametrize(("given", "suggested"), [((1, 1), False), ((1, 2), True), ((3, 3), True)])
def test_a_phq_2_score_of_three_asks_somebody_to_speak_with_the_client(
    given: tuple[int, int], suggested: bool
) -> None:
    events = tell(NOBODY_YET, answers("phq-2", *given)).events

    assert suggested == any(isinstance(one, SupportSuggested) for one in events)


def test_the_first_answers_and_the_newest_are_kept_of_each_instrument() -> None:
    life = [answers("peg", n % 10, 5, 5, number=n, at=NOW + timedelta(weeks=n)) for n in range(30)]
    kept = after(NOBODY_YET, [answers("pgic", 4, number=99), *life]).care.questionnaires
    peg = [one.answers[0] for one in kept if one.instrument == "peg"]

    assert KEPT_OF_EACH == len(peg)
    assert (0, 9) == (peg[0], peg[-1])
    assert ["pgic"] == [one.instrument for one in kept if one.instrument != "peg"]
