"""Notifications on devices: a switch in the settings where the server has a key, and only there."""

import hashlib
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import Depends, FastAPI, Request

from services.booking.api.access import SESSION_COOKIE, Access
from services.booking.api.limits import Limits
from services.booking.pages import me_devices, me_settings
from services.booking.pages.shell import Shell
from tests.integration.booking.front_door import NOW, PUBLIC_URL, SIGNER, FrontDoor
from tests.integration.booking.test_preferences import DEVICE
from tests.integration.pages.clients import MARKUP, OURS, a_client
from tests.integration.pages.visiting import Visitor

FORM = {"endpoint": DEVICE["endpoint"], **DEVICE["keys"]}


@pytest.fixture(scope="module")
def shell() -> Shell:
    """Templates are compiled once."""
    return Shell(PUBLIC_URL, lambda: NOW)


@pytest.fixture
async def ann(door: FrontDoor, shell: Shell) -> AsyncIterator[Visitor]:
    """A client whose server can send notifications."""
    access = Access(door.db, SIGNER, door.clock)
    limits = Limits(door.db, door.clock, spare_loopback=True)

    async def identify(request: Request) -> None:
        request.state.caller = await access.by_cookie(request)

    app = FastAPI(dependencies=[Depends(identify)])
    given = door.clock, door.writer, SIGNER
    app.include_router(me_settings.routes(shell, door.db, *given, "a-key"))
    app.include_router(me_devices.routes(shell, *given, limits, "a-key"))
    await door.book()
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as http:
        http.cookies.set(SESSION_COOKIE, await door.sign_in("ann@example.org"))
        yield Visitor(http)


async def test_a_device_is_allowed_named_and_ended_by_forms(door: FrontDoor, ann: Visitor) -> None:
    page = await ann.open("/me/settings")
    assert "No device receives notifications." in page.text

    page = await ann.send(page, "/me/devices", **FORM)

    mark = hashlib.sha256(FORM["endpoint"].encode()).hexdigest()
    assert [mark] == [one["data-mark"] for one in page.tagged["device"]]
    assert FORM["endpoint"] not in page.answer.text
    assert 1 == await door.value("select count(*) from push_devices")
    ended = await ann.send(page, "/remove", press="remove-device")
    assert "device" not in ended.tagged
    assert 0 == await door.value("select count(*) from push_devices")


async def test_what_is_no_subscription_is_refused(door: FrontDoor, ann: Visitor) -> None:
    for wrong in ({"endpoint": "http://10.0.0.1/"}, {"auth": MARKUP}, {"p256dh": ""}):
        answer = await ann.http.post("/me/devices", data=FORM | wrong, headers=OURS)
        assert (400, False) == (answer.status_code, "<script>alert" in answer.text)
    assert 0 == await door.value("select count(*) from push_devices")


async def test_nothing_is_offered_where_the_server_cannot_send(door: FrontDoor) -> None:
    async with a_client(door) as ann:
        page = await ann.open("/me/settings")
        assert ("allow-device" in page.tagged, "sign-out" in page.tagged) == (False, True)
        assert 404 == (await ann.post("/me/devices", **FORM)).status


async def test_the_worker_stands_where_it_may_speak_for_the_clients_pages(ann: Visitor) -> None:
    answer = await ann.http.get("/me/worker.js")
    assert (200, "text/javascript; charset=utf-8", True) == (
        answer.status_code,
        answer.headers["content-type"],
        "showNotification" in answer.text,
    )
