"""Who sees what of a client's health, and that it is on record: role by resource by relation."""

import itertools
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.booking.api.access import TRAINER_SEES
from tests.integration.booking.front_door import (
    BENOIT,
    HOUR,
    TEN,
    FrontDoor,
    problem,
    utc,
)
from tests.integration.booking.test_read_model import a_view

CHECK_IN = {"kind": "daily", "pain": 3}
MEMBER = {"email": "new@clinic.example", "role": "other", "share": []}
RESOURCES: dict[str, tuple[str, str, Any]] = {
    "progress": ("GET", "/progress", None),
    "notes": ("GET", "/notes", None),
    "answer": ("GET", "/submissions/{submission}", None),
    "check-in": ("POST", "/check-ins", CHECK_IN),
    "bookings": ("GET", "/bookings", None),
    "care team": ("GET", "/care-team", None),
    "share": ("POST", "/care-team", MEMBER),
    "access log": ("GET", "/access-log", None),
}
TREAT = {"client", "trainer now", "trainer lately", "staff", "lead"}
MAY: dict[str, set[str]] = {
    "progress": TREAT | {"member", "member who is a client", "member who is a trainer"},
    "notes": TREAT | {"member", "member who is a client", "member who is a trainer"},
    "answer": TREAT,
    "check-in": TREAT,
    "bookings": TREAT,
    "care team": {"client", "staff", "lead"},
    "share": {"client"},
    "access log": {"client", "staff", "lead"},
}
CALLERS = sorted(
    MAY["progress"]
    | {
        "trainer long ago", "trainer cancelled", "other trainer", "other client", "clinician",
        "member of nothing", "removed member", "own link", "nobody",
    }
)  # fmt: skip
WHEN = TEN + timedelta(days=1)
"""When everybody asks: after the sessions of the past, before those to come."""


@pytest.fixture
async def people(door: FrontDoor) -> dict[str, Any]:
    """Ann, her trainers of all ages, and her care team."""
    first = await door.book()
    ann = first["client_id"]
    token = await door.sign_in("ann@example.org")
    await door.book(TEN + 48 * HOUR, trainer=await _trainer(door, 3))
    cancelled = await door.book(TEN + 50 * HOUR, trainer=await _trainer(door, 7))
    cancel = f"/v1/bookings/{cancelled['id']}/cancel"
    await door.made(cancel, None, token=cancelled["manage_token"])
    long_ago = await door.book(TEN + 52 * HOUR, trainer=BENOIT)
    async with door.db.transaction() as tx:
        await tx.execute(
            "update bookings set start_at = $2, end_at = $3, status = 'completed' where id = $1",
            UUID(long_ago["id"]),
            WHEN - TRAINER_SEES - HOUR,
            WHEN - TRAINER_SEES,
        )
    await door.book(TEN, email="ben@example.org", trainer=await _trainer(door, 5))
    submission = await door.made(f"/v1/clients/{ann}/check-ins", CHECK_IN, token=token)
    await door.hear(a_view(ann, 1))
    emails = {
        "client": "ann@example.org",
        "trainer now": "trainer03@limber.example",
        "trainer lately": "trainer01@limber.example",
        "trainer long ago": "trainer02@limber.example",
        "trainer cancelled": "trainer07@limber.example",
        "other trainer": "trainer05@limber.example",
        "staff": "staff@limber.example",
        "lead": "lead@limber.example",
        "clinician": "clinician@limber.example",
        "member": "dr@clinic.example",
        "member of nothing": "nothing@clinic.example",
        "removed member": "gone@clinic.example",
        "member who is a client": "ben@example.org",
        "member who is a trainer": "trainer06@limber.example",
    }
    team = f"/v1/clients/{ann}/care-team"
    for name in [one for one in emails if "member" in one]:
        share = [] if name == "member of nothing" else ["progress"]
        body = {"email": emails[name], "role": "physician", "share": share}
        member = await door.made(team, body, token=token)
        if name == "removed member":
            await door.ask("DELETE", f"{team}/{member['id']}", token=token)
    # Ben is nobody's other client any more once he is a member; somebody else has to be.
    await door.book(TEN + 54 * HOUR, email="carl@example.org", trainer=await _trainer(door, 5))
    emails["other client"] = "carl@example.org"
    door.clock.now = WHEN
    tokens: dict[str, str | None] = {name: await door.sign_in(e) for name, e in emails.items()}
    tokens |= {"nobody": None, "own link": first["manage_token"]}
    return {"ann": ann, "tokens": tokens, "submission": submission["id"], "emails": emails}


async def test_each_relation_opens_what_it_should_and_leaves_its_trace(
    door: FrontDoor, people: dict[str, Any]
) -> None:
    for caller, (name, (method, path, body)) in itertools.product(CALLERS, RESOURCES.items()):
        before = await door.tables()
        where = f"/v1/clients/{people['ann']}{path.format(submission=people['submission'])}"

        answer = await door.ask(method, where, body, token=people["tokens"][caller])

        told = f"{caller} asks {name}: {answer.status_code} {answer.text}"
        after = await door.tables()
        if caller not in MAY[name]:
            refused = 401 if caller in {"nobody", "own link"} else 403
            assert refused == answer.status_code, told
            assert before == after, told
            continue
        assert answer.status_code in {200, 201, 202}, told
        logged = after["access_log"] != before["access_log"]
        assert logged == (caller != "client" and name in {"progress", "notes", "answer"}), told


async def test_a_trainer_may_look_until_half_a_year_after_the_last_session(
    door: FrontDoor, people: dict[str, Any]
) -> None:
    path, token = f"/v1/clients/{people['ann']}/progress", people["tokens"]["trainer long ago"]
    door.clock.now = WHEN - timedelta(microseconds=1)

    assert 200 == (await door.ask("GET", path, token=token)).status_code
    door.clock.now = WHEN
    problem(await door.ask("GET", path, token=token), 403, "not-your-client")


async def test_the_client_reads_who_looked_the_newest_first_page_by_page(
    door: FrontDoor, people: dict[str, Any]
) -> None:
    ann, tokens = people["ann"], people["tokens"]
    looks = ["staff", "trainer now", "client", "member", "staff", "removed member"]
    for number, caller in enumerate(looks):
        door.clock.now = WHEN + timedelta(minutes=number)
        await door.ask("GET", f"/v1/clients/{ann}/progress", token=tokens[caller])
    report = f"/v1/clients/{ann}/submissions/{people['submission']}"
    await door.ask("GET", report, token=tokens["lead"])

    seen: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        query = f"?limit=2&cursor={cursor}" if cursor else "?limit=2"
        page = await door.ask("GET", f"/v1/clients/{ann}/access-log{query}", token=tokens["client"])
        seen += page.json()["items"]
        cursor = page.json()["next"]

    assert [
        ("lead", "answer"),
        ("staff", "progress"),
        ("clinician", "progress"),
        ("trainer", "progress"),
        ("staff", "progress"),
    ] == [(look["actor"]["role"], look["what"]) for look in seen]
    assert utc(WHEN + timedelta(minutes=4)) == seen[1]["at"]
    assert {"id", "name", "role"} == seen[0]["actor"].keys()


async def test_a_look_that_finds_nothing_is_no_look(
    door: FrontDoor, people: dict[str, Any]
) -> None:
    path = f"/v1/clients/{people['ann']}/submissions/{UUID(int=9)}"

    problem(await door.ask("GET", path, token=people["tokens"]["staff"]), 404, "no-such-submission")

    assert 0 == await door.value("select count(*) from access_log")


async def test_a_look_that_cannot_be_recorded_is_not_given(
    door: FrontDoor, people: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr("services.booking.api.access.access_log.note", fail)
    path = f"/v1/clients/{people['ann']}/progress"

    assert 503 == (await door.ask("GET", path, token=people["tokens"]["staff"])).status_code


async def _trainer(door: FrontDoor, number: int) -> UUID:
    found: UUID = await door.value(
        "select id from people where email = $1", f"trainer{number:02}@limber.example"
    )
    return found
