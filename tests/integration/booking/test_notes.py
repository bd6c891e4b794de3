"""Notes over HTTP: opened for who treats the client, by purpose for others, for nobody else."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.booking.handlers import notes
from shared.contracts.conclusions import PlanDrafted
from tests.integration.booking.front_door import HOUR, NOW, TEN, FrontDoor, problem, utc

ANN, AMARA_MAIL = "ann@example.org", "trainer01@limber.example"
PLAN = UUID(int=77)


@pytest.fixture
async def ann(door: FrontDoor) -> dict[str, Any]:
    """Ann, who checked in twice with a note and once without; her trainer commented on her plan."""
    booked = await door.book(TEN, email=ANN)
    ann = {"id": booked["client_id"], "token": await door.sign_in(ANN)}
    mine = f"/v1/clients/{ann['id']}"
    await door.hear(
        PlanDrafted(client_id=UUID(ann["id"]), plan_id=PLAN, items=(), rules_version="1", at=NOW)
    )
    for note in ("The first.", None, "The second."):
        door.clock.advance(minutes=1)
        body = {"kind": "daily", "pain": 4} | ({"note": note} if note else {})
        await door.made(f"{mine}/check-ins", body, token=ann["token"])
    door.clock.advance(minutes=1)
    trainer = await door.sign_in(AMARA_MAIL)
    await door.made(f"/v1/plans/{PLAN}/comments", {"text": "Slowly."}, token=trainer)
    limited = {"posture": [{"region": "knee", "finding": "my word", "severity": 1, "note": "Hm."}]}
    body = limited | {"baseline": {"pain_now": 1, "pain_week": 2}}
    door.clock.advance(minutes=1)
    await door.made(f"{mine}/assessments", body, token=trainer)
    return ann | {"path": f"{mine}/notes", "trainer": trainer}


async def told(door: FrontDoor, path: str, token: str) -> list[str]:
    """The texts of a page, in their order."""
    answer = await door.ask("GET", path, token=token)
    assert 200 == answer.status_code, answer.text
    return [text["text"] for one in answer.json()["items"] for text in one["texts"]]


ALL = ["Hm.", "Slowly.", "The second.", "The first."]


async def test_the_trainer_reads_what_was_typed_the_newest_first_and_it_is_on_record(
    door: FrontDoor, ann: dict[str, Any]
) -> None:
    answer = await door.ask("GET", ann["path"], token=ann["trainer"])

    page = answer.json()
    assert ["assessment", "plan-comment", "checkin", "checkin"] == [
        n["kind"] for n in page["items"]
    ]
    assert page["next"] is None
    seen, comment, newest, first = page["items"]
    assert [{"about": ["knee", "my word"], "text": "Hm."}] == seen["texts"]
    assert (str(PLAN), "trainer") == (comment["of"], comment["by"]["role"])
    assert {"id": ann["id"], "name": "Ann Example", "role": "client"} == newest["by"]
    assert (utc(NOW + timedelta(minutes=1)), "pending") == (first["at"], first["status"])
    logged = "select array_agg(what) from access_log where client_id = $1"
    assert ["notes"] == await door.value(logged, UUID(ann["id"]))
    assert ALL == await told(door, ann["path"], ann["token"])
    assert ["notes"] == await door.value(logged, UUID(ann["id"]))


async def test_notes_come_page_by_page_and_none_is_skipped(
    door: FrontDoor, ann: dict[str, Any]
) -> None:
    found: list[str] = []
    query = "?limit=1"
    for _ in ALL:
        page = (await door.ask("GET", ann["path"] + query, token=ann["token"])).json()
        found += [text["text"] for one in page["items"] for text in one["texts"]]
        query = f"?limit=1&cursor={page['next']}"
    assert (ALL, None) == (found, page["next"])
    problem(await door.ask("GET", f"{ann['path']}?cursor=x", token=ann["token"]), 422, "invalid")


@pytest.mark.parametrize("most", [400, 1])
async def test_reports_from_before_the_mark_are_looked_into(
    door: FrontDoor, ann: dict[str, Any], monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    async with door.db.transaction() as tx:
        await tx.execute("update submissions set typed = null")
    monkeypatch.setattr(notes, "MOST_OPENED", most)
    found: list[str] = []
    query: str | None = "?limit=2"
    while query is not None:
        page = (await door.ask("GET", ann["path"] + query, token=ann["token"])).json()
        found += [text["text"] for one in page["items"] for text in one["texts"]]
        query = f"?limit=2&cursor={page['next']}" if page["next"] else None
    assert ALL == found


@pytest.mark.parametrize(
    ("share", "read"),
    [
        (["progress"], ["The second.", "The first."]),
        (["plan"], ["Slowly."]),
        (["assessment"], ["Hm."]),
        (["progress", "plan", "assessment"], ALL),
    ],
)
async def test_a_clinician_reads_what_belongs_to_the_purposes_shared(
    door: FrontDoor, ann: dict[str, Any], share: list[str], read: list[str]
) -> None:
    member = {"email": "dr@clinic.example", "role": "physician", "share": share}
    await door.made(f"/v1/clients/{ann['id']}/care-team", member, token=ann["token"])

    assert read == await told(door, ann["path"], await door.sign_in("dr@clinic.example"))


async def test_nobody_else_reads_anything(door: FrontDoor, ann: dict[str, Any]) -> None:
    await door.book(TEN + 5 * HOUR, email="ben@example.org")
    member = {"email": "dr@clinic.example", "role": "physician", "share": []}
    await door.made(f"/v1/clients/{ann['id']}/care-team", member, token=ann["token"])
    others = ("trainer05@limber.example", "ben@example.org", "dr@clinic.example")
    for email in others:
        token = await door.sign_in(email)
        problem(await door.ask("GET", ann["path"], token=token), 403, "not-your-client")
    problem(await door.ask("GET", ann["path"]), 401, "sign-in-first")
    assert 0 == await door.value("select count(*) from access_log")


async def test_of_somebody_erased_nothing_is_left_to_read(
    door: FrontDoor, ann: dict[str, Any]
) -> None:
    staff = await door.sign_in("staff@limber.example")
    erased = await door.ask("DELETE", "/v1/me", token=ann["token"])
    assert 202 == erased.status_code, erased.text

    problem(await door.ask("GET", ann["path"], token=staff), 404, "no-such-client")
    assert 0 == await door.value("select count(*) from submissions")


async def test_without_the_clients_key_nothing_opens(door: FrontDoor, ann: dict[str, Any]) -> None:
    async with door.db.transaction() as tx:
        await tx.execute("delete from client_keys")
    assert [] == await told(door, ann["path"], ann["trainer"])
