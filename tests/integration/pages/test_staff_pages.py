"""The staff's pages: people found and added, profiles, credits, areas, and what is parked."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from tests.integration.booking.front_door import AMARA, NOW, FrontDoor
from tests.integration.pages.clients import MARKUP, a_client
from tests.integration.pages.professionals import Professional, at_work

STAFF = "staff@limber.example"
PATHS = ("/staff/areas", "/staff/messages", f"/staff/people/{AMARA}")
SOMEBODY: dict[str, Any] = {
    "role": "trainer",
    "name": "Zoé Roy",
    "email": "zoe@example.org",
    "phone": "",
    "tz": "America/Toronto",
    "language": "fr",
    "page": "one",
}


@pytest.fixture
async def sam(door: FrontDoor) -> AsyncIterator[Professional]:
    """Somebody of the staff."""
    async with at_work(door, STAFF) as staff:
        yield staff


async def test_people_are_found_by_name_and_role(sam: Professional) -> None:
    everybody = await sam.open("/staff")
    assert "Amara Okafor" in everybody.text
    found = await sam.visitor.send(everybody, "/staff", press="search", q="amara", role="trainer")
    assert 1 == len(found.tagged["person"])
    none = await sam.visitor.send(everybody, "/staff", press="search", q=MARKUP)
    assert ("Nobody was found." in none.text, False) == (True, "<script>alert" in none.answer.text)
    assert 200 == (await sam.open("/staff?role=king&after=x&id=y&q=%00")).status


async def test_a_trainer_is_added_once_and_given_a_profile(sam: Professional) -> None:
    made = await sam.post("/staff/people", **SOMEBODY)
    assert "Zoé Roy" in made.text
    assert made.url == (await sam.post("/staff/people", **SOMEBODY)).url
    assert "There is no profile yet" in made.text
    saved = await sam.visitor.send(made, "/profile", press="save", areas="toronto")
    assert 200 == saved.status
    person = UUID(made.url.rpartition("/")[2])
    row = await sam.door.value("select row(areas, modes) from trainers where id = $1", person)
    assert (["toronto"], ["virtual"]) == tuple(row)
    again = await sam.post("/staff/people", **(SOMEBODY | {"page": "two"}))
    assert (422, True) == (again.status, 'id="email-wrong"' in again.answer.text)


@pytest.mark.parametrize(
    ("wrong", "marked"),
    [
        ({"name": ""}, "name"),
        ({"email": MARKUP}, "email"),
        ({"phone": "12"}, "phone"),
        ({"role": "client"}, "role"),
        ({"tz": "Mars"}, "tz"),
        ({"language": "de"}, "language"),
    ],
)
async def test_a_person_that_is_none_is_marked(
    sam: Professional, wrong: dict[str, str], marked: str
) -> None:
    before = await sam.door.value("select count(*) from people")
    page = await sam.post("/staff/people", **(SOMEBODY | wrong))
    assert (422, True) == (page.status, f'id="{marked}-wrong"' in page.answer.text)
    assert "<script>alert" not in page.answer.text
    assert before == await sam.door.value("select count(*) from people")


@pytest.mark.parametrize(
    ("fields", "marked"),
    [
        ({"tz": "America/Toronto", "languages": "en"}, "modes"),
        ({"tz": "America/Toronto", "modes": "in-person", "languages": "en"}, "areas"),
        ({"tz": MARKUP, "modes": "virtual", "languages": "en"}, "tz"),
    ],
)
async def test_a_profile_that_is_none_is_marked(
    sam: Professional, fields: dict[str, str], marked: str
) -> None:
    page = await sam.post(f"/staff/people/{AMARA}/profile", **fields)
    assert (422, True) == (page.status, f'id="{marked}-wrong"' in page.answer.text)
    assert "<script>alert" not in page.answer.text


async def test_credits_are_recorded_once_and_withdrawn(sam: Professional, door: FrontDoor) -> None:
    async with a_client(door) as ann:
        path = f"/staff/people/{ann.id}"
        bought = {"service": "training", "count": "5", "note": MARKUP, "page": "one"}
        for _ in range(2):
            page = await sam.post(f"{path}/credits", **bought)
        assert (1, True) == (len(page.tagged["line"]), MARKUP in page.text)
        left = await sam.post(f"{path}/credits", service="training", count="-2", page="two")
        assert 2 == len(left.tagged["line"])
        for count in ("-9", "0", "x", "1e3", ""):
            wrong = await sam.post(f"{path}/credits", service="training", count=count)
            assert (422, True) == (wrong.status, 'id="count-wrong"' in wrong.answer.text), count
        assert 3 == await door.value("select sum(change) from credits")


async def test_areas_name_who_visits_there(sam: Professional) -> None:
    page = await sam.open("/staff/areas")
    assert 4 == len(page.tagged["area"])
    assert "Amara Okafor" in page.text


async def test_parked_keys_are_told_without_what_is_in_them(
    sam: Professional, door: FrontDoor
) -> None:
    assert "none-parked" in (await sam.open("/staff/messages")).tagged
    async with door.db.transaction() as tx:
        await tx.execute("insert into parked_keys values ('progress.events', 'k1', $1)", NOW)
        await tx.execute(
            "insert into dead_letters"
            ' (id, topic, partition, "offset", key, headers, value, error, failed_at)'
            " select gen_random_uuid(), 'progress.events', 0, n, 'k1', '[]', 'secret',"
            " case n when 1 then 'bad <b>shape</b>' end, $1 from generate_series(1, 3) n",
            NOW,
        )
    page = await sam.open("/staff/messages")
    assert (1, 1) == (len(page.tagged["parked"]), len(page.tagged["dead"]))
    assert ("bad <b>shape</b>" in page.text, False) == (True, "secret" in page.text)


async def test_the_staffs_pages_open_for_staff_alone(door: FrontDoor) -> None:
    async with at_work(door) as trainer:
        for path in PATHS:
            assert 403 == (await trainer.open(path)).status, path
        assert 403 == (await trainer.post("/staff/people", **SOMEBODY)).status
        assert 403 == (await trainer.post(f"/staff/people/{AMARA}/credits", count="1")).status
        assert 403 == (await trainer.post(f"/staff/people/{AMARA}/profile", tz="x")).status
        assert "/desk" in (await trainer.open("/staff")).url
        trainer.visitor.http.cookies.clear()
        assert 401 == (await trainer.open(PATHS[0])).status


async def test_staff_sees_a_clients_progress_with_the_look_on_record(
    sam: Professional, door: FrontDoor
) -> None:
    async with a_client(door) as ann:
        await ann.known()
        page = await sam.open(f"/staff/people/{ann.id}")
        assert [] == await sam.looks(ann.id)
        shown = await sam.open(str(page.tagged["progress"][0]["href"]))
        assert ("level" in shown.tagged, ["progress"]) == (True, await sam.looks(ann.id))


async def test_the_staffs_pages_speak_french(sam: Professional) -> None:
    assert "Clés en attente" in (await sam.open("/staff/messages?lang=fr")).text
