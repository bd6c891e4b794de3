"""A marked client lives a little and is erased: no byte of theirs is left to be read."""

from typing import Any
from uuid import UUID

import pytest

from services.booking.api.examples import BODIES
from services.booking.handlers import erasure
from shared.sealing import PREFIX
from tests.conftest import MigratedDatabase
from tests.integration.booking.front_door import HOUR, KEYS, TEN, a_time, utc
from tests.integration.privacy import town
from tests.integration.privacy.town import Town

NAME, EMAIL, PHONE = "Zyxname Markwell", "zyxmail@example.org", "+14165550133"
STREET, CITY, DOOR = "7 Zyxstreet", "Zyxcity", "Zyxdoor on the left"
DEVICE = "https://push.example.net/zyxdevice"
REACHED = ("Zyxname", "zyxmail", "4165550133", "Zyxstreet", "Zyxcity", "Zyxdoor", "zyxdevice")
"""What is needed to reach somebody; not sealed, so only erasure removes it."""

TYPED = (
    "Zyxgoal", "Zyxnote", "Zyxmedicine", "Zyxactivity", "Zyxregion", "Zyxfinding", "Zyxposture",
    "Zyxmovement", "Zyxjoint", "Zyxmotion", "Zyxplan", "Zyxcomment", "Zyxswap", "Zyxlift",
    "Zyxlimit", "Zyxdecision", "Zyxreason", "Zyxcredit",
)  # fmt: skip
"""What people typed: sealed wherever it lies."""

IN_ROWS = {"Zyxgoal", "Zyxreason", "Zyxcredit"}
"""Notes in rows of booking, not reports."""

POINT = "BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM"


async def lives(place: Town) -> str:
    """Everything a client may leave behind, by the public door; their id."""
    door = place.door
    booked = await door.made(
        "/v1/bookings",
        {
            "service": "first-workout",
            "mode": "in-person",
            "start": utc(TEN),
            "postal": "M5V 2T6",
            "client": {"name": NAME, "email": EMAIL, "phone": PHONE, "tz": "America/Toronto"},
            "address": {"street": STREET, "city": CITY, "postal": "M5V 2T6", "note": DOOR},
            "conditions": ["back-pain"],
            "goal": "Zyxgoal: to dance",
            "consent": {"reminders": True, "marketing": True},
        },
        key="first",
    )
    await place.settle()
    client, trainer_id = booked["client_id"], booked["trainer"]["id"]
    assert 202 == (await door.post("/v1/sign-in", {"email": EMAIL})).status_code
    token, staff = await door.sign_in(EMAIL), await door.sign_in("staff@limber.example")
    trainer = await door.sign_in(
        await door.value("select email from people where id = $1", UUID(trainer_id))
    )
    mine = f"/v1/clients/{client}"

    async def report(path: str, body: Any, who: str = token) -> Any:
        made = await door.made(path if path.startswith("/") else f"{mine}/{path}", body, token=who)
        await place.settle()
        return made

    screening = BODIES["ScreeningFields"] | {"medications": "Zyxmedicine daily"}
    screening["health"] = screening["health"] | {"heart_condition": True}
    await report("screening", screening)
    goals = [{"name": "Zyxactivity upstairs", "rating": 3}]
    await report("goals", {"activities": goals})
    assessment = BODIES["AssessmentFields"] | {
        "posture": [{"region": "Zyxregion", "finding": "Zyxposture", "severity": 1}],
        "mechanics": [
            {"movement": "Zyxmovement", "finding": "Zyxfinding", "severity": 1, "note": "Zyxnote"}
        ],
        "rom": [
            {"joint": "Zyxjoint", "side": "left", "motion": "Zyxmotion", "degrees": 9,
             "active": True}
        ],
    }  # fmt: skip
    await report("assessments", assessment, trainer)
    team = {"email": "doctor@clinic.example", "role": "physician", "share": ["plan", "progress"]}
    await report("care-team", team)
    doctor = await door.sign_in("doctor@clinic.example")
    clearance = await door.value("select id from care_items where kind = 'clearance'")
    decision = BODIES["DecisionFields"] | {"note": "Zyxdecision"}
    decision["limits"] = decision["limits"] | {"note": "Zyxlimit"}
    await report(f"/v1/clearances/{clearance}/decision", decision, doctor)
    plan = await report("plans", {"note": "Zyxplan"}, trainer)
    await report(f"/v1/plans/{plan['id']}/comments", {"text": "Zyxcomment"}, doctor)
    await report("swaps", BODIES["SwapFields"] | {"reason": "Zyxswap"}, trainer)
    await report("check-ins", {"kind": "daily", "pain": 4, "note": "Zyxnote", "flare": True})
    await report("check-ins", {"kind": "daily", "pain": 9, "red_flags": ["chest-pain"]})
    hold = await door.value("select hold_id from safety_holds where kind = 'session'")
    await report(f"safety-holds/{hold}/lift", {"reason": "Zyxlift"}, trainer)
    credit = {"service": "training", "count": 3, "note": "Zyxcredit"}
    await report("credits", credit, staff)
    device = {"endpoint": DEVICE, "keys": {"p256dh": POINT, "auth": "AAAAAAAAAAAAAAAAAAAAAA"}}
    await report("/v1/me/devices", device)
    second = await report("/v1/bookings", a_time(TEN + 26 * HOUR) | {
        "client": {"name": NAME, "email": EMAIL, "tz": "America/Toronto"},
        "consent": {"reminders": True, "marketing": False},
    })  # fmt: skip
    said = {"reason": "Zyxreason", "because": "illness"}
    ended = await door.post(f"/v1/bookings/{second['id']}/cancel", said, token=token, key="c")
    assert 200 == ended.status_code, ended.text
    wait = {"service": "training", "mode": "virtual", "from": "2026-05-07", "to": "2026-05-09"}
    await report("/v1/waitlist", wait)
    looked = await door.ask("GET", f"{mine}/progress", token=trainer)
    assert 200 == looked.status_code, looked.text
    await place.notify.send()
    await place.settle()
    assert 0 == await place.parked()
    return str(client)


async def test_nothing_of_an_erased_client_is_left_to_be_read(
    database: MigratedDatabase, capfd: pytest.CaptureFixture[str]
) -> None:
    async with town.opened(database) as place:
        client = await lives(place)
        await _opens_all(place, UUID(client))
        before = len(place.written)

    # What people typed is unreadable from the first day on, in tables, backups and topics.
    assert [] == await town.found(database, TYPED)
    assert {"booking.people Zyxname", "notify.contacts Zyxname"} <= set(
        await town.found(database, REACHED)
    )
    async with town.copied(database) as backup:
        async with town.opened(database, demo_people=False) as live:
            live.written = place.written
            token = await live.door.sign_in(EMAIL)
            answer = await live.door.ask("DELETE", "/v1/me", token=token)
            assert 202 == answer.status_code, answer.text
            await live.settle()
            left = [
                (one.topic, word)
                for one in live.compacted()
                for word in TYPED + REACHED
                if word.lower().encode() in (one.value or b"").lower()
            ]
            parked = await live.parked()
        assert ([], 0) == (left, parked)
        assert [] == await town.found(database, TYPED + REACHED)
        assert [] == await town.gone_from_disk(database, TYPED + REACHED)
        assert {client} == {one.key for one in place.written[before:] if one.value is None}
        logged = "".join(capfd.readouterr()).lower()
        assert [] == [word for word in TYPED + REACHED if word.lower() in logged]
        await _erase_again(backup, client)
        assert [] == await town.found(backup, TYPED + REACHED)


async def _opens_all(place: Town, client: UUID) -> None:
    """With the key everything that was typed can be read; progress has it sealed."""
    async with place.dbs["booking"].reading() as connection:
        sealer = await KEYS.find(connection, client)
        reports = await connection.fetch("select report from submissions")
    assert sealer is not None
    opened = " ".join(sealer.open(row["report"]) for row in reports)
    assert [] == [word for word in TYPED if word not in opened and word not in IN_ROWS]
    async with place.dbs["progress"].reading() as connection:
        logged = await connection.fetchval("select string_agg(data::text, ' ') from log")
    assert logged.count(PREFIX) == opened.count("Zyx")


async def _erase_again(backup: MigratedDatabase, client: str) -> None:
    async with town.opened(backup, demo_people=False) as restored:
        async with restored.dbs["booking"].transaction() as tx:
            again = await erasure.erase_again(tx, [UUID(client)], now=restored.door.clock())
        assert [UUID(client)] == again
        await restored.settle()
        assert 0 == await restored.parked()
