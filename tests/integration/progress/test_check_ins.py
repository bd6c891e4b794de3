"""A check-in on a real database: judged, stored, answered, each once."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid5

import pytest

from services.progress.handlers import record
from services.progress.store import histories
from shared.contracts.booking import BookingCompleted
from shared.contracts.event import Envelope
from shared.contracts.progress import (
    CheckInRecorded,
    SafetyHoldLifted,
    SafetyHoldPlaced,
    SafetyLevelChanged,
    SubmissionAnswered,
    ViewUpdated,
)
from shared.contracts.submissions import CheckInSubmitted
from tests.integration.progress.service import Service, a_fact
from tests.unit.progress.builders import (
    CLIENT,
    NOW,
    RULES,
    TRAINER,
    a_check_in,
    a_lift,
)

MAX_STATEMENTS = 4

EMERGENCY = a_check_in(1, red_flags=["chest-pain"])
HOLD = uuid5(EMERGENCY.submission_id, "R1")


async def test_a_check_in_is_recorded_shown_and_answered_in_one_transaction(
    service: Service,
) -> None:
    await service.hear(a_fact(), a_check_in(1, pain=8, note="a bad night"))

    published = await service.published()
    assert [
        "checkin.recorded.v1",
        "safety.level-changed.v1",
        "view.updated.v1",
        "submission.answered.v1",
    ] == [event.type for event in published]
    assert {str(CLIENT)} == {event.key for event in published}
    assert [str(TRAINER)] == published[1].data["trainer_ids"]
    assert ("done", "modify", ["calm-menu", "ask-flare"]) == (
        published[3].data["status"],
        published[3].data["level"],
        [action["code"] for action in published[3].data["actions"]],
    )


async def test_what_a_client_wrote_stays_in_the_log(service: Service) -> None:
    await service.hear(a_check_in(1, note="a bad night", red_flags=["fainting"]))

    state = await service.state()
    assert "a bad night" in state.pop("log")
    assert "a bad night" not in str(state)
    assert "a bad night" not in str(await service.published())


async def test_a_batch_of_200_is_one_transaction(service: Service) -> None:
    clients = [UUID(int=50 + n % 20) for n in range(200)]
    await service.hear(
        *(
            a_check_in(n, pain=n % 11, at=NOW + timedelta(minutes=n), client=client)
            for n, client in enumerate(clients)
        )
    )

    async with service.db.reading() as connection:
        transactions = await connection.fetchval("select count(distinct xmin::text) from log")
    answered = await service.published(SubmissionAnswered)
    assert (1, 200, 0) == (transactions, len(answered), await service.count("dead_letters"))
    views = {event.key: event.data for event in await service.published(ViewUpdated)}
    assert (20, {10}) == (len(views), {view["version"] for view in views.values()})


async def test_a_submission_that_comes_twice_counts_once_whatever_its_event_id(
    service: Service,
) -> None:
    same = service.record(EMERGENCY)
    await service.consumer.handle_batch([same, same])
    await service.consumer.handle_batch([same])
    before = (await service.state(), await service.published())

    await service.hear(EMERGENCY, EMERGENCY)

    assert before == (await service.state(), await service.published())
    assert 1 == len(await service.published(SubmissionAnswered))


async def test_a_repetition_after_the_lift_does_not_freeze_again(service: Service) -> None:
    await service.hear(EMERGENCY, a_lift(2, HOLD), EMERGENCY)

    assert 1 == len(await service.published(SafetyHoldPlaced))
    [*_, last] = await service.published(ViewUpdated)
    assert ("unknown", []) == (last.data["level"], last.data["document"]["holds"])


async def test_a_hold_stands_until_it_is_lifted_once(service: Service) -> None:
    await service.hear(EMERGENCY)
    await service.hear(a_check_in(2, pain=0, at=NOW + timedelta(days=1)))
    await service.hear(a_lift(3, HOLD), a_lift(4, HOLD), a_lift(5, UUID(int=404)))

    answered = [
        (event.data["status"], event.data["level"])
        for event in await service.published(SubmissionAnswered)
    ]
    assert [
        ("done", "emergency"),
        ("done", "emergency"),
        ("done", "unknown"),
        ("rejected", "unknown"),
        ("rejected", "unknown"),
    ] == answered
    [lifted] = await service.published(SafetyHoldLifted)
    assert (str(HOLD), str(TRAINER)) == (lifted.data["hold_id"], lifted.data["lifted_by"])


async def test_a_hold_of_one_client_cannot_be_lifted_in_the_name_of_another(
    service: Service,
) -> None:
    await service.hear(EMERGENCY, a_lift(2, HOLD, client=UUID(int=66)))

    assert [] == await service.published(SafetyHoldLifted)
    [*_, answered] = await service.published(SubmissionAnswered)
    assert "rejected" == answered.data["status"]


async def test_a_hold_beyond_those_loaded_can_be_lifted_too(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(histories, "HOLDS_LIMIT", 2)
    reports = [a_check_in(n, at=NOW + timedelta(hours=n), red_flags=["fainting"]) for n in range(4)]
    await service.hear(*reports)
    holds = [uuid5(report.submission_id, "R1") for report in reports]

    levels = []
    for number, hold in enumerate(reversed(holds)):
        await service.hear(a_lift(10 + number, hold, at=NOW + timedelta(days=1)))
        [*_, answered] = await service.published(SubmissionAnswered)
        levels.append((answered.data["status"], answered.data["level"]))

    assert [("done", "emergency")] * 3 + [("done", "unknown")] == levels


async def test_the_usual_pain_is_found_behind_more_check_ins_than_the_view_shows(
    service: Service,
) -> None:
    usual = [a_check_in(n, "daily", 1, at=NOW - timedelta(days=20, hours=n)) for n in range(7)]
    since = [
        a_check_in(100 + n, "post", 1, at=NOW - timedelta(hours=n + 1), worst_pain=1)
        for n in range(95)
    ]
    await service.hear(*usual, *since)
    await service.hear(a_check_in(900, "pre", 4))

    [*_, answered] = await service.published(SubmissionAnswered)
    assert ["calm-menu", "ask-flare"] == [action["code"] for action in answered.data["actions"]]
    [*_, shown] = await service.published(ViewUpdated)
    assert 90 == len(shown.data["document"]["check_ins"])


async def test_the_level_follows_the_newest_check_in_by_its_own_time(service: Service) -> None:
    await service.hear(
        a_check_in(1, pain=7),
        a_check_in(2, pain=1, at=NOW - timedelta(hours=48), submitted_at=NOW),
    )

    [*_, shown] = await service.published(ViewUpdated)
    assert ("modify", [7, 1]) == (
        shown.data["level"],
        [check_in["pain"] for check_in in shown.data["document"]["check_ins"]],
    )
    assert 1 == len(await service.published(SafetyLevelChanged))


@pytest.mark.parametrize("first", [True, False], ids=["first check-in", "later check-in"])
@pytest.mark.parametrize("flags", [[], ["fainting"]], ids=["green", "emergency"])
async def test_a_check_in_takes_few_statements(
    service: Service, first: bool, flags: list[str]
) -> None:
    if not first:
        await service.hear(a_fact(), EMERGENCY, *(a_check_in(n, "daily") for n in range(20, 130)))
    assert MAX_STATEMENTS >= len(await statements_of(service, a_check_in(2, red_flags=flags)))


async def test_a_batch_takes_no_more_statements_than_one_check_in(service: Service) -> None:
    clients = [UUID(int=300 + n) for n in range(40)]
    reports = [
        a_check_in(n, client=clients[n % 40], red_flags=["fainting"][: n % 2]) for n in range(120)
    ]

    assert MAX_STATEMENTS >= len(await statements_of(service, *reports))


async def test_replicas_that_hear_of_one_client_at_once_queue_up(service: Service) -> None:
    batches = [
        [a_check_in(10 * n + m, at=NOW + timedelta(minutes=10 * n + m)) for m in range(5)]
        for n in range(6)
    ]
    await asyncio.gather(*(service.hear(*batch) for batch in batches), service.hear(a_fact()))

    views = [event.data["version"] for event in await service.published(ViewUpdated)]
    assert (30, 0) == (await service.count("check_ins"), await service.count("dead_letters"))
    assert sorted(views) == views
    assert 31 == await service.count("log")


async def test_a_completed_session_asks_for_the_answers_around_it(service: Service) -> None:
    start = NOW - timedelta(hours=2)
    await service.hear_one_by_one(
        [
            a_fact(start=start),
            a_fact(BookingCompleted, 2, start=start),
            a_check_in(1, "post", 2, worst_pain=2, booking=str(a_fact().booking_id)),
        ]
    )

    steps = [
        event.data["document"]["next"]["code"] for event in await service.published(ViewUpdated)
    ]
    assert ["post-check-in", "next-morning"] == steps


async def test_a_recorded_check_in_carries_numbers_and_codes_alone(service: Service) -> None:
    await service.hear(
        a_check_in(
            1, "next-morning", 5, why=["poor-sleep"], flare=True, stiffness=4, note="private"
        )
    )

    [recorded] = await service.published(CheckInRecorded)
    assert ("next-morning", 5, 4, ["poor-sleep"], True, "2026-03-02T15:00:00Z") == tuple(
        recorded.data[name] for name in ("kind", "pain", "stiffness", "why", "flare", "at")
    )
    assert "note" not in recorded.data


async def statements_of(service: Service, *events: CheckInSubmitted) -> list[str]:
    """The statements that a batch takes."""
    statements: list[str] = []
    other = a_check_in(900, client=UUID(int=77), red_flags=["fainting"])
    async with service.db.transaction() as tx:
        # What the driver asks about types, once per connection, is not counted.
        await record.record_batch(tx, [enveloped(other)], RULES)
        with tx.query_logger(lambda query: statements.append(query.query[:80])):
            await record.record_batch(tx, [enveloped(event) for event in events], RULES)
    return statements


def enveloped(event: CheckInSubmitted) -> Envelope[CheckInSubmitted]:
    """The event as the consumer hands it over."""
    return Envelope("1", "/limber/booking", event.type, NOW, event.subject, event)
