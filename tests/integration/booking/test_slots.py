"""Slots on a real database: what is taken, what is held, and how many statements it takes."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from services.booking import demo
from services.booking.domain import slots
from services.booking.queries.slots import candidates, explain, nearest, openings
from shared.errors import Invalid
from shared.postgres import Transaction
from tests.integration.booking.trainers_time import (
    AMARA,
    BENOIT,
    HOUR,
    IN_TORONTO,
    NOW,
    TEN,
    VIRTUAL,
    names_at,
    take,
    tx,
)

__all__ = ["tx"]


async def test_everybody_who_visits_the_area_is_offered_by_name_when_nobody_is_booked(
    tx: Transaction,
) -> None:
    found = await names_at(tx, TEN)

    assert 8 == len(found)
    assert sorted(found) == found


async def test_who_has_fewer_bookings_comes_first(tx: Transaction) -> None:
    await take(tx, AMARA, TEN + timedelta(days=2))

    found = await names_at(tx, TEN)

    assert "Amara Okafor" == found[-1]
    assert sorted(found[:-1]) == found[:-1]


@pytest.mark.parametrize(
    ("start", "minutes", "hidden"),
    [
        (TEN, 60, True),
        (TEN - timedelta(minutes=30), 60, True),
        (TEN + timedelta(minutes=59), 10, True),
        (TEN - HOUR, 60, False),
        (TEN + HOUR, 60, False),
        (TEN - timedelta(days=1), 3 * 24 * 60, True),
    ],
)
async def test_a_booking_hides_the_starts_that_would_meet_it(
    tx: Transaction, start: datetime, minutes: int, hidden: bool
) -> None:
    await take(tx, AMARA, start, timedelta(minutes=minutes))

    assert hidden == ("Amara Okafor" not in await names_at(tx, TEN))


async def test_a_hold_hides_a_start_until_it_runs_out(tx: Transaction) -> None:
    await take(tx, AMARA, TEN, hold_until=NOW + timedelta(seconds=1))
    await take(tx, BENOIT, TEN, hold_until=NOW)

    found = await names_at(tx, TEN)

    assert "Amara Okafor" not in found
    assert "Benoît Lavoie" in found


async def test_a_hold_never_hides_its_owners_own_start(tx: Transaction) -> None:
    hold = await take(tx, AMARA, TEN, hold_until=NOW + HOUR)

    assert "Amara Okafor" in await names_at(tx, TEN, besides=hold)


async def test_condition_language_and_trainer_narrow_who_is_offered(tx: Transaction) -> None:
    assert ["Benoît Lavoie"] == await names_at(tx, TEN, conditions=("neck-pain",), language="fr")
    assert ["Amara Okafor"] == await names_at(tx, TEN, trainer_id=AMARA)
    assert [] == await names_at(tx, TEN, trainer_id=BENOIT, conditions=("fibromyalgia",))


async def test_each_choice_says_why_in_a_plain_sentence(tx: Transaction) -> None:
    skilled = replace(IN_TORONTO, conditions=("back-pain",), language="fr")
    visiting = await candidates(tx, skilled, TEN, now=NOW)
    virtual = await candidates(tx, replace(VIRTUAL, trainer_id=AMARA), TEN, now=NOW)

    assert ["Visits Toronto, has experience with back pain and speaks French."] == [
        one.why for one in visiting
    ]
    assert ["Trains virtually."] == [one.why for one in virtual]


async def test_nobody_is_offered_in_person_outside_the_areas(tx: Transaction) -> None:
    assert [] == await names_at(tx, TEN, area=None, postal="P3E")


async def test_the_area_does_not_matter_for_a_virtual_session(tx: Transaction) -> None:
    anywhere = await names_at(tx, TEN, mode="virtual", area=None, postal=None)

    assert anywhere == await names_at(tx, TEN, mode="virtual", area="collingwood")
    assert 18 == len(anywhere)


@pytest.mark.parametrize(
    "start",
    [
        TEN + timedelta(minutes=10),
        TEN + timedelta(microseconds=1),
        NOW + timedelta(hours=1, minutes=30),
        NOW - timedelta(days=7),
        TEN + timedelta(days=401),
        datetime(2099, 12, 31, 23, 30, tzinfo=UTC),
        datetime(2000, 1, 1, tzinfo=UTC),
    ],
)
async def test_a_start_that_is_not_offered_has_no_candidates_but_three_alternatives(
    tx: Transaction, start: datetime
) -> None:
    assert [] == await names_at(tx, start)
    assert 3 == len(await nearest(tx, IN_TORONTO, start, now=NOW))


async def test_alternatives_are_the_nearest_starts_and_can_be_booked(tx: Transaction) -> None:
    await take(tx, AMARA, TEN)

    found = await nearest(tx, replace(IN_TORONTO, trainer_id=AMARA), TEN, now=NOW)

    starts = ["2026-05-06T13:00:00Z", "2026-05-06T15:00:00Z", "2026-05-06T15:30:00Z"]
    assert starts == [one["start"] for one in found]
    assert {"id": str(AMARA), "name": "Amara Okafor"} == found[0]["trainer"]
    for one in found:
        start = datetime.fromisoformat(one["start"])
        assert ["Amara Okafor"] == await names_at(tx, start, trainer_id=AMARA)
        assert start + HOUR == datetime.fromisoformat(one["end"])


async def test_explaining_and_offering_never_disagree(tx: Transaction) -> None:
    await take(tx, AMARA, TEN)
    await take(tx, AMARA, TEN + 2 * HOUR, timedelta(minutes=20), hold_until=NOW + HOUR)

    for step in range(-60 * 12, 60 * 12, 15):
        start = TEN + timedelta(minutes=step)
        reasons = await explain(tx, replace(IN_TORONTO, trainer_id=AMARA), start, now=NOW)
        offered = await names_at(tx, start, trainer_id=AMARA)
        assert (not reasons) == bool(offered), (start, reasons)


async def test_who_does_not_visit_or_train_that_way_is_explained(tx: Transaction) -> None:
    daniel = demo.demo_id("trainer04@limber.example")
    amara = replace(IN_TORONTO, trainer_id=AMARA)

    not_virtual = await explain(tx, replace(VIRTUAL, trainer_id=daniel), TEN, now=NOW)
    not_there = await explain(tx, replace(amara, area="ottawa", postal="K1A"), TEN, now=NOW)
    nowhere = await explain(tx, replace(amara, area=None, postal="P3E"), TEN, now=NOW)

    assert [["mode"], ["area"], ["area"]] == [
        [reason.code for reason in reasons] for reasons in (not_virtual, not_there, nowhere)
    ]


async def test_an_unknown_trainer_is_refused_by_the_name_of_the_field(tx: Transaction) -> None:
    with pytest.raises(Invalid) as refused:
        await names_at(tx, TEN, trainer_id=uuid4())

    assert ["trainer"] == [field.field for field in refused.value.fields]


@pytest.mark.parametrize(("trainers", "days"), [(1, 1), (20, 1), (20, 31)])
async def test_slots_take_at_most_three_statements_whatever_is_asked(
    tx: Transaction, trainers: int, days: int
) -> None:
    first = date(2026, 5, 6)
    within = slots.local_days("Asia/Tokyo", first, first + timedelta(days=days - 1))
    # Once beforehand: the driver asks for the types of a new connection.
    await openings(tx, VIRTUAL, within=within, now=NOW)
    statements: list[str] = []
    tx.add_query_logger(lambda query: statements.append(query.query))

    wish = replace(VIRTUAL, trainer_id=AMARA if trainers == 1 else None, client_id=uuid4())
    found = await openings(tx, wish, within=within, now=NOW)

    assert len(statements) <= 3
    assert (1 if trainers == 1 else 18) == len(found)


async def test_hours_that_span_midnight_and_another_zone_are_read_as_they_are_stored(
    tx: Transaction,
) -> None:
    await tx.execute("update trainers set tz = 'America/St_Johns' where id = $1", AMARA)
    await tx.execute("delete from weekly_hours where trainer_id = $1", AMARA)
    await tx.execute(
        "insert into weekly_hours (trainer_id, day, from_time, to_time)"
        " values ($1, 0, '22:00', '01:30'), ($1, 2, '08:00', '09:00')",
        AMARA,
    )

    within = slots.local_days("America/St_Johns", date(2026, 5, 11), date(2026, 5, 17))
    (found,) = await openings(tx, replace(IN_TORONTO, trainer_id=AMARA), within=within, now=NOW)

    assert [
        "12 00:30", "12 01:00", "12 01:30", "12 02:00", "12 02:30", "12 03:00", "13 10:30",
    ] == [datetime.fromtimestamp(at, UTC).strftime("%d %H:%M") for at in found.starts]  # fmt: skip


async def test_a_trainer_without_hours_is_never_offered(tx: Transaction) -> None:
    await tx.execute("delete from weekly_hours where trainer_id = $1", AMARA)

    assert [] == await names_at(tx, TEN, trainer_id=AMARA)
    assert [] == await nearest(tx, replace(IN_TORONTO, trainer_id=AMARA), TEN, now=NOW)
