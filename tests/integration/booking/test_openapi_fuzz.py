"""Schemathesis finds no fault, no undocumented answer and no answer of another shape."""

import asyncio
import os
import random
from typing import Any
from uuid import UUID

import pytest

from services.booking.api import examples
from shared.contracts.conclusions import ClearanceRequested
from tests.integration.booking.front_door import (
    AMARA,
    HOUR,
    NOW,
    SIGNER,
    TEN,
    FrontDoor,
    a_client,
    a_hold,
    a_time,
    utc,
)
from tests.integration.booking.openapi_fuzz import Fuzz, Seeded

REQUESTS_EACH = int(os.environ.get("LIMBER_FUZZ_REQUESTS", "3"))
"""Right and wrong requests to each operation; `make fuzz` sends many more."""


async def seeded(door: FrontDoor) -> Seeded:
    """A little of everything."""
    tokens: dict[str, str | None] = {"nobody": None, "a stranger": "not-a-token"}
    ids: dict[str, list[str]] = {"trainer_id": [str(AMARA)], "trainer": [str(AMARA)]}
    for name in ("staff", "trainer01", "trainer02", "clinician"):
        tokens[name] = await door.sign_in(f"{name}@limber.example")
    bookings = [await door.book(TEN + hours * HOUR) for hours in range(4)]
    client = bookings[0]["client_id"]
    ids["booking_id"], ids["client_id"] = [one["id"] for one in bookings], [client]
    ids["person_id"] = [str(UUID(int=3))]
    ids["token"] = [
        bookings[0]["calendar_url"].rpartition("=")[2],
        SIGNER.token("stop-marketing-email", UUID(client)),
    ]
    tokens["a link"] = bookings[0]["manage_token"]
    tokens["the client"] = await door.sign_in("ann@example.org")
    held = await door.made("/v1/holds", a_time(TEN + 5 * HOUR))
    # Of a joint: one of sessions would freeze all that follows.
    await door.hear(a_hold(client, kind="joint", rule="R3", level="hold"))
    ids["hold_id"] = [str(UUID(int=1)), held["id"]]

    async def one(parameter: str, path: str, body: Any, *, bearer: str | None) -> Any:
        made = await door.made(path, body, token=bearer)
        ids[parameter] = [made["id"]]
        return made

    of_client = f"/v1/clients/{client}"
    check_in = {"kind": "daily", "pain": 3}
    await one("submission_id", f"{of_client}/check-ins", check_in, bearer=tokens["the client"])
    await one("plan_id", f"{of_client}/plans", {}, bearer=tokens["trainer01"])
    asked = ClearanceRequested(
        client_id=UUID(client), clearance_id=UUID(int=2), rules=("G2",), at=NOW
    )
    await door.hear(asked)
    ids["clearance_id"] = [str(UUID(int=2))]
    member = {"email": "clinician@limber.example", "role": "physician", "share": ["progress"]}
    await one("member_id", f"{of_client}/care-team", member, bearer=tokens["the client"])
    off = {"start": utc(TEN + 30 * HOUR), "end": utc(TEN + 31 * HOUR)}
    await one("time_off_id", f"/v1/trainers/{AMARA}/time-off", off, bearer=tokens["trainer01"])
    wait = {"service": "training", "mode": "virtual", "from": "2026-05-06", "to": "2026-05-08"}
    waiting = await one(
        "waitlist_id", "/v1/waitlist", wait | {"client": a_client("eve@example.org")}, bearer=None
    )
    repeated = {
        "service": "training",
        "mode": "virtual",
        "trainer": str(AMARA),
        "first": utc(TEN + 168 * HOUR),
        "every_weeks": 1,
        "count": 3,
    }
    await one("series_id", "/v1/series", repeated, bearer=tokens["the client"])
    device = examples.BODIES["DeviceFields"]
    await one("device_id", "/v1/me/devices", device, bearer=tokens["the client"])
    tokens["who waits"] = waiting["waitlist_token"]
    return Seeded(ids, tokens)


async def test_every_answer_is_one_that_the_document_tells(door: FrontDoor) -> None:
    # A long run looks elsewhere each time; the one of the suite is the same every time.
    number = 1 if REQUESTS_EACH < 10 else random.randrange(10**6)
    work = Fuzz(door, await seeded(door), asyncio.get_running_loop(), REQUESTS_EACH, number)

    found = await asyncio.to_thread(work.run)

    print(f"{found.requests} requests, seed {number}")  # noqa: T201 - for `make fuzz`
    for label, statuses in found.statuses.items():
        print(label, sorted(statuses))  # noqa: T201
    if found.faults:
        pytest.fail("\n\n".join(f"{name} {text}" for name, text in found.faults.items()))
