"""Booking: what it answers, who becomes a client, and what is told to whom."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from services.booking.domain.services import SERVICES
from shared.contracts.contacts import ContactChanged
from tests.integration.booking.front_door import (
    AMARA,
    BENOIT,
    CHLOE,
    HALF,
    HOUR,
    NOW,
    PUBLIC_URL,
    SIGNER,
    TEN,
    FrontDoor,
    a_client,
    a_time,
    a_wish,
    problem,
    utc,
)

VISIT: dict[str, Any] = {"mode": "in-person", "postal": "M5V 2T6"}
ADDRESS = {"street": "1 Front St", "city": "Toronto", "postal": "M5V 2T6", "note": "Ring twice"}


async def test_a_virtual_booking_is_answered_whole(door: FrontDoor) -> None:
    answer = await door.post("/v1/bookings", a_wish())

    assert (201, '"1"') == (answer.status_code, answer.headers["etag"])
    booking = answer.json()
    booking_id = UUID(booking["id"])
    assert booking.pop("join_url").startswith("https://meet.limber.test/limber-")
    calendar = SIGNER.token("calendar", booking_id)
    assert {
        "id": str(booking_id),
        "version": 1,
        "status": "confirmed",
        "service": "training",
        "mode": "virtual",
        "trainer": {"id": str(AMARA), "name": "Amara Okafor"},
        "client_id": booking["client_id"],
        "start": "2026-05-06T14:00:00Z",
        "end": "2026-05-06T15:00:00Z",
        "tz": "America/Toronto",
        "credit": False,
        "free_until": "2026-05-06T02:00:00Z",
        "manage_token": SIGNER.token("manage", booking_id),
        "calendar_url": f"{PUBLIC_URL}/v1/bookings/{booking_id}/calendar.ics?token={calendar}",
    } == booking
    assert [7, 7] == [booking_id.version, UUID(booking["client_id"]).version]


async def test_a_visit_carries_its_address_and_a_virtual_session_does_not(door: FrontDoor) -> None:
    visit = await door.book(**VISIT, address=ADDRESS)
    by_address = await door.book(
        TEN + 2 * HOUR, mode="in-person", address=ADDRESS, email="ben@example.org"
    )
    virtual = await door.book(TEN + 4 * HOUR, address=ADDRESS, email="cat@example.org")

    assert (ADDRESS, ADDRESS) == (visit["address"], by_address["address"])
    assert ("address" in virtual, "join_url" in visit) == (False, False)
    areas = await door.value("select array_agg(area order by start_at) from bookings")
    assert ["toronto", "toronto", None] == areas


async def test_a_visit_outside_the_area_of_its_time_names_the_postal_code(door: FrontDoor) -> None:
    hold = await door.made("/v1/holds", a_time(**VISIT))
    elsewhere = ADDRESS | {"postal": "K1A 0B1"}
    before = await door.tables()

    for body in (
        {"hold": hold["id"], "client": a_client(), "address": elsewhere},
        a_wish(TEN + 2 * HOUR, **VISIT, address=elsewhere),
    ):
        refused = problem(await door.post("/v1/bookings", body), 422, "invalid")
        assert ["address.postal"] == [error["field"] for error in refused["errors"]]

    assert before == await door.tables()


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.id)
async def test_a_booking_lasts_as_long_as_its_service(door: FrontDoor, service: Any) -> None:
    booking = await door.book(service=service.id)

    length = datetime.fromisoformat(booking["end"]) - datetime.fromisoformat(booking["start"])
    assert service.length == length


async def test_the_contact_goes_before_the_events_and_holds_the_links(door: FrontDoor) -> None:
    booking = await door.book(**VISIT, address=ADDRESS)

    told = await door.published()

    assert [
        ("booking.contacts", "contact.changed.v1"),
        ("booking.events", "client.registered.v1"),
        ("booking.events", "consent.changed.v1"),
        ("booking.events", "booking.confirmed.v1"),
    ] == [(event.topic, event.type) for event in told]
    assert {booking["client_id"]} == {event.key for event in told}
    contact = ContactChanged.model_validate(told[0].data)
    assert ("Ann Example", "ann@example.org", 1) == (contact.name, contact.email, contact.version)
    (access,) = contact.bookings
    assert (UUID(booking["id"]), booking["manage_token"], "1 Front St, Toronto, M5V 2T6") == (
        access.booking_id,
        access.manage_token,
        access.address,
    )
    assert {
        "booking_id": booking["id"],
        "client_id": booking["client_id"],
        "trainer_id": str(AMARA),
        "service": "training",
        "mode": "in-person",
        "area": "toronto",
        "start": booking["start"],
        "end": booking["end"],
        "tz": "America/Toronto",
        "version": 1,
        "together": None,
        "series_id": None,
    } == told[3].data


async def test_nothing_private_is_told_outside_the_contact(door: FrontDoor) -> None:
    await door.book(
        **VISIT, address=ADDRESS, goal="to garden again", conditions=["back-pain", "back-pain"]
    )

    told = "".join(str(event.data) for event in await door.published(topic="booking.events"))

    for private in ("Ann", "example.org", "Front", "garden", "back-pain", "M5V"):
        assert private not in told
    assert ["back-pain"] == await door.value("select conditions from bookings")


async def test_one_person_books_again_under_the_same_address_in_any_case(door: FrontDoor) -> None:
    first = await door.book()
    second = await door.book(TEN + 2 * HOUR, email="ANN@Example.ORG")

    assert first["client_id"] == second["client_id"]
    types = [event.type for event in await door.published(topic="booking.events")]
    assert 1 == types.count("client.registered.v1")


async def test_what_a_stranger_says_of_a_known_person_changes_nothing(door: FrontDoor) -> None:
    await door.book()
    said = a_client(name="Mallory", phone="+1 416 555 0123", language="fr", tz="Europe/Paris")
    known = (
        "select (name, phone, language, tz, array(select (message_class, basis)::text"
        " from message_consents where person_id = p.id order by id))::text"
        " from people p where email = 'ann@example.org'"
    )
    before = await door.value(known)

    later = a_wish(TEN + 2 * HOUR, consent={"reminders": False, "marketing": True})
    await door.made("/v1/bookings", later | {"client": said})

    assert before == await door.value(known)
    token = await door.sign_in("ann@example.org")
    evening = a_wish(TEN + 4 * HOUR, consent={"reminders": False, "marketing": True})
    await door.made("/v1/bookings", evening | {"client": said}, token=token)
    after = await door.value(known)
    assert after.startswith("(Mallory,+14165550123,fr,Europe/Paris,")
    assert '"{""(service,express)"",""(service,withdrawn)"",""(marketing,express)""}")' in after


async def test_without_a_word_a_client_hears_reminders_and_no_marketing(door: FrontDoor) -> None:
    wish = a_wish()
    del wish["consent"]

    await door.made("/v1/bookings", wish)

    (contact,) = await door.published(topic="booking.contacts")
    assert {"reminders": True, "marketing": False} == contact.data["consent"]


async def test_the_wall_time_is_kept_in_the_clients_zone(door: FrontDoor) -> None:
    await door.made("/v1/bookings", a_wish() | {"client": a_client(tz="Asia/Kolkata")})

    assert datetime(2026, 5, 6, 19, 30) == await door.value("select local_start from bookings")  # noqa: DTZ001


async def test_a_client_is_not_in_two_places_at_once(door: FrontDoor) -> None:
    await door.book()
    hold = await door.made("/v1/holds", a_time(TEN + HALF, trainer=CHLOE))
    before = await door.tables()

    for body in (
        a_wish(trainer=BENOIT),
        a_wish(TEN + HALF, trainer=BENOIT),
        a_wish(TEN - HOUR, trainer=BENOIT, service="assessment"),
        {"hold": hold["id"], "client": a_client("Ann@example.org")},
    ):
        refused = problem(await door.post("/v1/bookings", body), 409, "slot-taken")
        assert "client-busy" == refused["reason"]

    assert before == await door.tables()
    assert (await door.book(TEN + HOUR, trainer=BENOIT))["version"] == 1


async def test_the_first_workout_is_free_once_whatever_the_case_of_the_address(
    door: FrontDoor,
) -> None:
    first = await door.book(service="first-workout")
    before = await door.tables()

    for email in ("ann@example.org", "ANN@example.org", "ann@EXAMPLE.org"):
        again = a_wish(TEN + 3 * HOUR, service="first-workout", email=email)
        problem(await door.post("/v1/bookings", again), 409, "free-workout-used")
    assert before == await door.tables()

    await door.made(f"/v1/bookings/{first['id']}/cancel", token=first["manage_token"], body=None)
    second = await door.book(TEN + 3 * HOUR, service="first-workout")
    assert first["client_id"] == second["client_id"]


@pytest.mark.parametrize("how", ["complete", "no-show"])
async def test_a_first_workout_that_took_place_or_was_missed_is_used_up(
    door: FrontDoor, how: str
) -> None:
    first = await door.book(service="first-workout")
    door.clock.now = TEN
    trainer = await door.sign_in("trainer01@limber.example")
    await door.made(f"/v1/bookings/{first['id']}/{how}", None, token=trainer)

    again = a_wish(TEN + 24 * HOUR, service="first-workout")

    problem(await door.post("/v1/bookings", again), 409, "free-workout-used")
    assert (await door.book(TEN + 24 * HOUR))["status"] == "confirmed"


async def test_a_client_on_hold_for_safety_books_nothing(door: FrontDoor) -> None:
    booking = await door.book()
    async with door.db.transaction() as tx:
        await tx.execute(
            "insert into safety_holds (hold_id, client_id, kind, rule, placed_at)"
            " values (gen_random_uuid(), $1, 'session', 'R1', $2)",
            UUID(booking["client_id"]),
            NOW,
        )
    before = await door.tables()

    problem(await door.post("/v1/bookings", a_wish(TEN + 3 * HOUR)), 409, "safety-hold")

    assert before == await door.tables()


async def test_the_calendar_file_follows_the_version_and_opens_by_its_own_link(
    door: FrontDoor,
) -> None:
    booking = await door.book()
    token = booking["manage_token"]
    path = booking["calendar_url"].removeprefix(PUBLIC_URL)

    first = await door.ask("GET", path)
    await door.made(
        f"/v1/bookings/{booking['id']}/reschedule", {"start": utc(TEN + HOUR)}, token=token
    )
    moved = await door.ask("GET", f"/v1/bookings/{booking['id']}/calendar.ics", token=token)
    await door.post(f"/v1/bookings/{booking['id']}/cancel", token=token)
    cancelled = await door.ask("GET", path)

    assert "text/calendar; charset=utf-8" == first.headers["content-type"]
    for answer, sequence, status in (
        (first, 1, "CONFIRMED"),
        (moved, 2, "CONFIRMED"),
        (cancelled, 3, "CANCELLED"),
    ):
        lines = answer.text.splitlines()
        assert f"SEQUENCE:{sequence}" in lines
        assert f"STATUS:{status}" in lines
        assert any(line.startswith("UID:") and booking["id"] in line for line in lines)
