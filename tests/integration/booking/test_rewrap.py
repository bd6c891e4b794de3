"""The master key is changed: everything opens with the new one alone, nothing with the old."""

from uuid import UUID

import pytest

from services.booking.rewrap import FIRST
from services.booking.store.client_keys import ClientKeys, rewrap, rewrap_notes
from shared.sealing import MasterKey, UnreadableError
from tests.integration.booking.front_door import KEYS, TEN, FrontDoor

NEW = b"another 32 bytes, only for tests"
CHECK_IN = {"kind": "daily", "pain": 4, "note": "The stairs, again."}


async def test_after_a_change_the_new_master_key_opens_all_and_the_old_one_nothing(
    door: FrontDoor,
) -> None:
    booked = await door.book(TEN, goal="To dance again")
    client = UUID(booked["client_id"])
    token = await door.sign_in("ann@example.org")
    await door.made(f"/v1/clients/{client}/check-ins", CHECK_IN, token=token)
    both = MasterKey(NEW, old=KEYS.master.key)

    async with door.db.transaction() as tx:
        assert (client, 1) == await rewrap(tx, both, FIRST)
        assert (None, 0) == await rewrap(tx, both, client)
        assert 1 == await rewrap_notes(tx, ClientKeys(both))

    keys = ClientKeys(MasterKey(NEW))
    report, goal = (
        await door.value("select report from submissions"),
        await door.value("select goal from bookings"),
    )
    async with door.db.reading() as connection:
        sealer = await keys.find(connection, client)
        with pytest.raises(UnreadableError):
            await KEYS.find(connection, client)
    assert sealer is not None
    assert "The stairs, again." in sealer.open(report)
    assert "To dance again" == keys.open_note(goal)
    with pytest.raises(UnreadableError):
        KEYS.open_note(goal)
