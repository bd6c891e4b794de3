"""Intake, measures and preferences: read strictly, and handed to progress whole."""

import copy
from typing import Any
from uuid import UUID

import pytest

from services.booking.api.examples import BODIES
from shared.contracts.catalogue import EVENT_TYPES
from shared.instruments.table import instruments
from tests.integration.booking.front_door import BENOIT, NOW, FrontDoor, problem, utc

ROUTES: dict[str, tuple[str, str]] = {
    "screening": ("ScreeningFields", "screening.submitted.v1"),
    "questionnaires": ("QuestionnaireFields", "questionnaire.submitted.v1"),
    "goals": ("GoalsFields", "goals.submitted.v1"),
    "weights": ("WeightsFields", "weights.submitted.v1"),
    "assessments": ("AssessmentFields", "assessment.submitted.v1"),
    "swaps": ("SwapFields", "swap.submitted.v1"),
}
"""Where it goes, its example, and the event that tells it."""

COACHES = {"assessments", "swaps"}
"""What a client cannot say of themselves."""

NOT_BOOL: list[Any] = ["true", 1, 0, None, "", []]
NOT_SCORE: list[Any] = ["7", True, 5.5, 11, -1, None, [], 10**30]
NOT_PART: list[Any] = ["0.4", True, None, -0.01, 1.01, float("nan"), float("inf"), 10**30, []]
NOT_TEXT: list[Any] = [7, "n" * 1001, "null\0byte", "half \ud83d", []]
NOT_WORD: list[Any] = ["", " ", "w" * 81, 7, None, "null\0byte", "half \ud83d"]

REFUSED: dict[str, list[tuple[str, list[Any], str | None]]] = {
    "screening": [
        *((f"health.{name}", NOT_BOOL, None) for name in BODIES["ScreeningFields"]["health"]),
        ("health.asthma", [True], None),
        ("health", [None, [], True], None),
        ("active", NOT_BOOL, None),
        ("wish", ["hard", None, 1], None),
        ("conditions", [None, "back-pain", ["back-pain"] * 10], None),
        ("conditions", [["gout"], [None], [7]], "conditions.0"),
        ("red_flags", [None, ["fainting"] * 18], None),
        ("red_flags", [["headache"]], "red_flags.0"),
        ("enjoys", [None, "calm", ["calm"] * 41], None),
        ("enjoys", [["lower-back"], ["bungee-jumping"], ["Calm"], ["c" * 65]], "enjoys.0"),
        ("medications", NOT_TEXT, None),
        ("wishes", ["light"], None),
    ],
    "questionnaires": [
        ("instrument", ["odi", None, 1, "PEG"], None),
        ("version", ["", "v" * 21, "1 0", "1\n", None, 1], None),
        ("language", ["de", None, "EN"], None),
        ("answers", [[], [1, 2], [1, 2, 3, 4], [0] * 25, None, "123", {}], None),
        ("answers", [[1, 11, 2], [1, -1, 2], [1, 10**30, 2]], "answers.1"),
        (
            "answers",
            [[1, "2", 3], [1, True, 3], [1, 2.5, 3], [1, 2.0, 3], [1, None, 3]],
            "answers.1",
        ),
        ("score", [5], None),
    ],
    "goals": [
        ("activities", [[], [{"name": "Walk", "rating": 1}] * 6, None, {}], None),
        (
            "activities",
            [[{"name": "Walk", "rating": bad}] for bad in NOT_SCORE],
            "activities.0.rating",
        ),
        (
            "activities",
            [[{"name": bad, "rating": 1}] for bad in ["", " ", "n" * 121, "a\0b", 7, None]],
            "activities.0.name",
        ),
        ("activities", [[{"name": "Walk"}]], "activities.0.rating"),
        ("activities", [[{"name": "Walk", "rating": 1, "id": 1}]], "activities.0.id"),
    ],
    "weights": [
        *((name, NOT_PART, None) for name in BODIES["WeightsFields"]),
        ("pain", [0.1], None),
    ],
    "assessments": [
        *((f"baseline.{name}", NOT_SCORE, None) for name in ("pain_now", "pain_week")),
        ("baseline", [None, {}, 4], None),
        *((f"posture.0.{name}", NOT_WORD, None) for name in ("region", "finding")),
        *((f"mechanics.0.{name}", NOT_WORD, None) for name in ("movement", "finding")),
        *((f"rom.0.{name}", NOT_WORD, None) for name in ("joint", "motion")),
        *(
            (f"{part}.0.severity", [4, -1, "1", True, 1.5, None], None)
            for part in ("posture", "mechanics")
        ),
        *((f"{part}.0.note", NOT_TEXT, None) for part in ("posture", "mechanics")),
        ("rom.0.side", ["both", None, 1], None),
        ("rom.0.degrees", [-61, 201, 360, "95", True, 95.5, 95.0, None, 10**30], None),
        ("rom.0.active", NOT_BOOL, None),
        ("chair_stand", [-1, 61, "11", True, 11.5], None),
        ("posture", [None, {}, [BODIES["AssessmentFields"]["posture"][0]] * 41], None),
        ("mechanics", [None, {}, [BODIES["AssessmentFields"]["mechanics"][0]] * 41], None),
        ("rom", [None, {}, [BODIES["AssessmentFields"]["rom"][0]] * 81], None),
        ("photos", [[]], None),
    ],
    "swaps": [
        ("set", ["7", None, 7], None),
        *(
            (name, ["bungee-jumping", "Easy Walk", "", None, 7], None)
            for name in ("given_up", "taken")
        ),
        ("taken", ["easy-pedalling"], None),
        ("reason", ["", " ", "r" * 501, None, 7, "a\0b"], None),
    ],
}
"""By route: a dotted place, values that are wrong there, and the field that is named for them."""


def put(body: dict[str, Any], place: str, value: Any) -> dict[str, Any]:
    """A copy of a body with one field set."""
    changed: Any = copy.deepcopy(body)
    *way, last = place.split(".")
    part = changed
    for step in way:
        part = part[int(step) if step.isdigit() else step]
    part[last] = value
    return dict(changed)


@pytest.fixture
async def ann(door: FrontDoor) -> dict[str, str]:
    """A client of Amara's: her id, and the tokens of those around her."""
    booking = await door.book()
    return {
        "id": booking["client_id"],
        "client": await door.sign_in("ann@example.org"),
        "trainer": await door.sign_in("trainer01@limber.example"),
        "stranger": await door.sign_in("trainer02@limber.example"),
        "clinician": await door.sign_in("clinician@limber.example"),
        "staff": await door.sign_in("staff@limber.example"),
    }


@pytest.mark.parametrize("route", ROUTES)
async def test_what_is_reported_reaches_progress_as_it_was_given(
    door: FrontDoor, ann: dict[str, str], route: str
) -> None:
    example, told_as = ROUTES[route]

    answer = await door.post(
        f"/v1/clients/{ann['id']}/{route}", BODIES[example], token=ann["trainer"]
    )

    assert 202 == answer.status_code, answer.text
    submission = answer.json()
    assert f"/v1/clients/{ann['id']}/submissions/{submission['id']}" == submission["url"]
    (event,) = await door.published(topic="booking.submissions")
    assert (told_as, ann["id"]) == (event.type, event.key)
    EVENT_TYPES[told_as].model_validate(event.data)
    trainer = str(
        await door.value("select id from people where email = 'trainer01@limber.example'")
    )
    head = {
        "submission_id": submission["id"],
        "client_id": ann["id"],
        "submitted_by": trainer,
        "submitted_at": utc(NOW),
        "tz": "America/Toronto",
    }
    assert head == {name: event.data.pop(name) for name in head}
    told = dict(BODIES[example])
    if route in {"screening", "assessments"}:
        (event_part,) = event.data.values()
        for part in ("posture", "mechanics"):
            for one in event_part.get(part, ()):
                assert one.pop("note") is None
        assert told == event_part
    else:
        told |= {"set_id": told.pop("set")} if "set" in told else {}
        marks = [one.pop("mark") for one in event.data.get("activities", ())]
        assert len(marks) == len(set(marks))
        assert told == event.data
    asked = await door.ask("GET", submission["url"], token=ann["client"])
    assert {"id": submission["id"], "status": "pending"} == asked.json()


async def test_who_may_report_what(door: FrontDoor, ann: dict[str, str]) -> None:
    for route, (example, _) in ROUTES.items():
        path, body = f"/v1/clients/{ann['id']}/{route}", BODIES[example]
        before = await door.tables()
        problem(await door.post(path, body), 401, "sign-in-first")
        for who in ("stranger", "clinician"):
            problem(await door.post(path, body, token=ann[who]), 403, "not-your-client")
        if route in COACHES:
            problem(await door.post(path, body, token=ann["client"]), 403, "trainer-only")
        assert before == await door.tables(), route
        allowed = {"trainer", "staff"} | (set() if route in COACHES else {"client"})
        for who in sorted(allowed):
            answer = await door.post(path, body, token=ann[who])
            assert 202 == answer.status_code, (route, who, answer.text)


@pytest.mark.parametrize("route", ROUTES)
async def test_what_is_wrong_is_named_and_nothing_is_stored(
    door: FrontDoor, ann: dict[str, str], route: str
) -> None:
    body = BODIES[ROUTES[route][0]]
    before = await door.tables()
    for place, values, named in REFUSED[route]:
        for value in values:
            wrong = put(body, place, value)
            answer = await door.post(
                f"/v1/clients/{ann['id']}/{route}", wrong, token=ann["trainer"]
            )
            told = (place, value, answer.text)
            assert 422 == answer.status_code, told
            refused = problem(answer, 422, "invalid")
            fields = [error["field"] for error in refused["errors"]]
            field = named or place
            assert all(f == field or f.startswith(f"{field}.") for f in fields), told
            assert all(error["message"] for error in refused["errors"])
    required = {"screening": ("health", "active", "wish", "conditions", "red_flags")}
    for name in required.get(route, ("baseline",) if route == "assessments" else tuple(body)):
        less = {field: value for field, value in body.items() if field != name}
        answer = await door.post(f"/v1/clients/{ann['id']}/{route}", less, token=ann["trainer"])
        assert [name] == [e["field"] for e in problem(answer, 422, "invalid")["errors"]]
    assert before == await door.tables()


async def test_each_instrument_takes_its_number_of_answers_and_its_range(
    door: FrontDoor, ann: dict[str, str]
) -> None:
    path = f"/v1/clients/{ann['id']}/questionnaires"

    async def refused(name: str, answers: list[int]) -> list[str]:
        body = {"instrument": name, "version": "1", "language": "fr", "answers": answers}
        answer = await door.post(path, body, token=ann["client"])
        if answer.status_code == 202:
            return []
        return [error["field"] for error in problem(answer, 422, "invalid")["errors"]]

    for entry in instruments().instruments:
        low, high = entry.answers.at_least, entry.answers.at_most
        for count in {entry.items.at_least, entry.items.at_most}:
            assert [] == await refused(entry.id, [low] * count), entry.id
            assert [] == await refused(entry.id, [high] * count), entry.id
            last = f"answers.{count - 1}"
            assert [last] == await refused(entry.id, [*([low] * (count - 1)), high + 1]), entry.id
            assert [last] == await refused(entry.id, [*([low] * (count - 1)), low - 1]), entry.id
        for count in (entry.items.at_least - 1, entry.items.at_most + 1):
            assert ["answers"] == await refused(entry.id, [low] * count), entry.id


async def test_weights_sum_to_one_within_a_thousandth(door: FrontDoor, ann: dict[str, str]) -> None:
    path = f"/v1/clients/{ann['id']}/weights"
    names = ("relief", "enjoyment", "done", "next_day")

    async def sent(*parts: float) -> int:
        body = dict(zip(names, parts, strict=True))
        answer = await door.post(path, body, token=ann["client"])
        if answer.status_code == 422:
            fields = [error["field"] for error in problem(answer, 422, "invalid")["errors"]]
            assert list(names) == fields
        return answer.status_code

    for fine in (
        (1, 0, 0, 0),
        (0.25, 0.25, 0.25, 0.249),
        (0.25, 0.25, 0.25, 0.251),
        (0.333, 0.333, 0.333, 0.0005),
    ):
        assert 202 == await sent(*fine), fine
    for off in ((0, 0, 0, 0), (1, 1, 1, 1), (0.25, 0.25, 0.25, 0.248), (0.25, 0.25, 0.25, 0.252)):
        assert 422 == await sent(*off), off


async def test_the_least_assessment_is_a_baseline_alone(
    door: FrontDoor, ann: dict[str, str]
) -> None:
    body = {"baseline": {"pain_now": 0, "pain_week": 10}}

    await door.made(f"/v1/clients/{ann['id']}/assessments", body, token=ann["trainer"])

    (event,) = await door.published(topic="booking.submissions")
    assert {
        "posture": [], "mechanics": [], "rom": [], "chair_stand": None, **body,
    } == event.data["assessment"]  # fmt: skip


async def test_edges_that_are_allowed_are_taken(door: FrontDoor, ann: dict[str, str]) -> None:
    edges: list[tuple[str, str, Any]] = [
        ("assessments", "rom.0.degrees", -60),
        ("assessments", "rom.0.degrees", 200),
        ("assessments", "chair_stand", 0),
        ("assessments", "chair_stand", 60),
        ("assessments", "chair_stand", None),
        ("assessments", "posture.0.finding", "a word of my own: épaule gelée"),
        ("assessments", "posture.0.severity", 3),
        ("screening", "enjoys", ["calm", "easy-swim"]),
        ("screening", "enjoys", []),
        ("screening", "medications", None),
        ("screening", "conditions", []),
        ("goals", "activities", [{"name": "n" * 120, "rating": 10}] * 5),
        ("swaps", "reason", "r" * 500),
    ]
    for route, place, value in edges:
        body = put(BODIES[ROUTES[route][0]], place, value)
        answer = await door.post(f"/v1/clients/{ann['id']}/{route}", body, token=ann["trainer"])
        assert 202 == answer.status_code, (route, place, value, answer.text)


async def test_a_repeated_report_is_one_report(door: FrontDoor, ann: dict[str, str]) -> None:
    path = f"/v1/clients/{ann['id']}/goals"

    first = await door.made(path, BODIES["GoalsFields"], token=ann["client"], key="k")
    again = await door.made(path, BODIES["GoalsFields"], token=ann["client"], key="k")

    assert first == again
    assert 1 == len(await door.published(topic="booking.submissions"))


async def test_of_a_client_nobody_knows_nothing_is_reported(
    door: FrontDoor, ann: dict[str, str]
) -> None:
    path = f"/v1/clients/{UUID(int=5)}/goals"

    problem(await door.post(path, BODIES["GoalsFields"], token=ann["staff"]), 404, "no-such-client")


async def test_a_former_trainer_may_not_assess(door: FrontDoor, ann: dict[str, str]) -> None:
    booking = await door.book(trainer=BENOIT, email="ben@example.org")
    await door.made(f"/v1/bookings/{booking['id']}/cancel", None, token=booking["manage_token"])
    path = f"/v1/clients/{booking['client_id']}/assessments"

    answer = await door.post(path, BODIES["AssessmentFields"], token=ann["stranger"])

    problem(answer, 403, "not-your-client")
