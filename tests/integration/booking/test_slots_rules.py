"""Slots by each trainer's own rules, on a real database: dates, time off, ways, load."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from services.booking.domain import slots
from services.booking.queries.slots import SlotWish, candidates, explain, nearest, openings
from shared.postgres import Transaction
from tests.integration.booking.front_door import utc
from tests.integration.booking.trainers_time import (
    AMARA,
    BENOIT,
    CHLOE,
    ELENA,
    HOUR,
    IN_TORONTO,
    NOW,
    TEN,
    VIRTUAL,
    a_booking,
    a_client_of,
    codes,
    names_at,
    of,
    take,
    take_off,
    tx,
)

__all__ = ["tx"]


async def test_hours_of_a_date_and_time_off_are_read_as_they_are_stored(tx: Transaction) -> None:
    wednesday = TEN.date()
    await tx.execute(
        "insert into hours_overrides (trainer_id, date, from_time, to_time)"
        " values ($1, $3, '13:00', '15:00'), ($1, $3, '22:00', '01:00'), ($2, $3, null, null)",
        AMARA,
        BENOIT,
        wednesday,
    )
    await take_off(tx, CHLOE, TEN, TEN + HOUR)
    within = slots.local_days("America/Toronto", wednesday, wednesday)

    found = {
        trainer: [
            datetime.fromtimestamp(at, UTC).strftime("%d %H:%M")
            for at in (await openings(tx, of(trainer), within=within, now=NOW))[0].starts
        ]
        for trainer in (AMARA, BENOIT, CHLOE)
    }

    late = ["07 02:00", "07 02:30", "07 03:00", "07 03:30"]
    assert ["06 17:00", "06 17:30", "06 18:00", *late] == found[AMARA]
    assert [] == found[BENOIT]
    assert ["06 13:00", "06 15:00", "06 15:30"] == found[CHLOE][:3]
    assert ["off"] == await codes(tx, of(BENOIT), TEN)
    assert ["off"] == await codes(tx, of(CHLOE), TEN)
    assert ["outside-hours"] == await codes(tx, of(AMARA), TEN)


async def test_a_trainers_own_notice_window_and_buffers_count(tx: Transaction) -> None:
    await tx.execute(
        "update trainers set notice_minutes = 3000, window_days = 7, buffer_before_minutes = 30,"
        " buffer_after_minutes = 15 where id = $1",
        AMARA,
    )
    await take(tx, AMARA, TEN + 2 * HOUR)

    assert ["notice"] == await codes(tx, of(AMARA), TEN - timedelta(hours=22))
    assert ["window"] == await codes(tx, of(AMARA), TEN + timedelta(days=7))
    assert ["taken"] == await codes(tx, of(AMARA), TEN + HOUR)
    assert [] == await codes(tx, of(AMARA), TEN + HOUR / 2)
    assert ["taken"] == await codes(tx, of(AMARA), TEN + 3 * HOUR)
    (found,) = await candidates(tx, of(AMARA), TEN, now=NOW)
    assert (TEN - HOUR / 2, TEN + HOUR * 5 / 4) == found.blocked


async def test_a_visit_is_offered_where_both_its_ways_fit(tx: Transaction) -> None:
    await take(tx, ELENA, TEN, place=("hamilton", "L8P 4Y5"))
    await take(tx, ELENA, TEN + 4 * HOUR, place=("toronto", "M5V"))
    toronto, hamilton = of(ELENA), replace(of(ELENA), area="hamilton", postal="L8P")

    async def offered(wish: SlotWish) -> list[float]:
        halves = [step / 2 for step in range(2, 12)]
        starts = [(step, TEN + step * HOUR) for step in halves]
        return [step for step, at in starts if await candidates(tx, wish, at, now=NOW)]

    # 65 minutes between the cities, 10 within a code.
    assert [2.5, 5.5] == await offered(toronto)
    assert [1.5] == await offered(hamilton)
    # A virtual session at 12 would leave two gaps of an hour, and none of 65 minutes.
    assert [1.0, 1.5, 2.5, 3.0, 5.0, 5.5] == await offered(replace(toronto, mode="virtual"))
    reasons = await explain(tx, toronto, TEN + HOUR, now=NOW)
    assert [
        ("unreachable", "The way from a visit in Hamilton that ends at 11:00 EDT takes longer.")
    ] == [(one.code, one.detail) for one in reasons]


async def test_a_day_begins_and_ends_at_the_base(tx: Transaction) -> None:
    await tx.execute("update trainers set base_postal = 'L8P 4Y5' where id = $1", ELENA)

    assert [] == await names_at(tx, TEN, trainer_id=ELENA)
    assert ["Elena Petrova"] == await names_at(tx, TEN + HOUR / 2, trainer_id=ELENA)
    assert ["Elena Petrova"] == await names_at(tx, TEN, trainer_id=ELENA, area="hamilton")


async def test_a_run_out_hold_of_a_visit_bars_no_way(tx: Transaction) -> None:
    there = ("hamilton", "L8P")
    await take(tx, ELENA, TEN, place=there, hold_until=NOW)
    assert ["Elena Petrova"] == await names_at(tx, TEN + HOUR, trainer_id=ELENA)

    await take(tx, ELENA, TEN - HOUR, place=there, hold_until=NOW + HOUR)
    assert [] == await names_at(tx, TEN, trainer_id=ELENA)


async def test_the_trainer_of_the_last_session_comes_first_and_says_so(tx: Transaction) -> None:
    client = await a_client_of(tx)
    await a_booking(tx, client, BENOIT, NOW - timedelta(days=30), "completed")
    await a_booking(tx, client, CHLOE, NOW - timedelta(days=3), "completed")
    await a_booking(tx, client, AMARA, NOW - timedelta(days=2), "cancelled")
    await a_booking(tx, client, AMARA, NOW + timedelta(days=1), "confirmed")
    await take(tx, CHLOE, TEN + timedelta(days=1))

    found = await candidates(tx, replace(IN_TORONTO, client_id=client), TEN, now=NOW)

    assert ("Chloe Nguyen", "You know Chloe from your last session.") == (
        found[0].name,
        found[0].why,
    )
    assert "Chloe Nguyen" == (await names_at(tx, TEN))[-1]


async def test_before_the_first_session_its_trainer_comes_first(tx: Transaction) -> None:
    client = await a_client_of(tx)
    await a_booking(tx, client, CHLOE, NOW + timedelta(days=1), "confirmed")

    found = await candidates(tx, replace(IN_TORONTO, client_id=client), TEN, now=NOW)

    assert ("Chloe Nguyen", "Your coming session is with Chloe.") == (found[0].name, found[0].why)


async def test_load_is_relative_to_the_hours_of_a_week(tx: Transaction) -> None:
    await tx.execute("delete from weekly_hours where trainer_id = $1 and day <> 2", AMARA)
    await take(tx, AMARA, TEN + timedelta(days=7))
    await take(tx, BENOIT, TEN + timedelta(days=7), 3 * HOUR)

    found = await names_at(tx, TEN)

    assert ["Benoît Lavoie", "Amara Okafor"] == found[-2:]


async def test_offering_and_explaining_never_disagree_with_all_rules_on(tx: Transaction) -> None:
    await tx.execute(
        "update trainers set base_postal = 'M5V', buffer_after_minutes = 15 where id = $1", ELENA
    )
    await take(tx, ELENA, TEN, place=("hamilton", "L8P"))
    await take(tx, ELENA, TEN + 3 * HOUR)
    await take_off(tx, ELENA, TEN + 5 * HOUR, TEN + 6 * HOUR)

    for wish in (of(ELENA), replace(VIRTUAL, trainer_id=ELENA)):
        codes_seen = set()
        for step in range(-4 * 4, 8 * 4):
            start = TEN + step * timedelta(minutes=15)
            reasons = await explain(tx, wish, start, now=NOW)
            assert (not reasons) == bool(await candidates(tx, wish, start, now=NOW)), start
            codes_seen |= {reason.code for reason in reasons}
        assert {"outside-hours", "off", "off-grid", "taken"} <= codes_seen
        assert (wish.mode == "in-person") == ("unreachable" in codes_seen)


async def test_alternatives_are_found_though_the_trainer_is_away_for_weeks_or_booked_shortly_ahead(
    tx: Transaction,
) -> None:
    away = timedelta(days=40)
    await take_off(tx, AMARA, TEN - away, TEN + away)
    await tx.execute("update trainers set window_days = 10 where id = $1", BENOIT)

    after_leave = await nearest(tx, of(AMARA), TEN, now=NOW)
    last_days = await nearest(tx, of(BENOIT), TEN + timedelta(days=100), now=NOW)

    first_morning = (TEN + away).replace(hour=13)
    expected = [first_morning + HOUR + n * HOUR / 2 for n in range(3)]
    assert [utc(one) for one in expected] == [one["start"] for one in after_leave]
    last_day = [f"2026-05-13T{time}:00Z" for time in ("20:00", "19:30", "19:00")]
    assert last_day == [one["start"] for one in last_days]
