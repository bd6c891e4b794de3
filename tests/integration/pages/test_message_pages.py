"""What became of messages: kept as notify tells it, shown to desk and staff, forgotten."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.booking.pages.language import tongue
from services.booking.pages.messages import name_of
from services.booking.store import messages, retention
from services.notify.domain.templates import TEMPLATES
from shared.contracts.messages import (
    MessageCancelled,
    MessageFact,
    MessageFailed,
    MessageScheduled,
    MessageSent,
    MessageUnknown,
)
from tests.integration.booking.front_door import NOW, FrontDoor
from tests.integration.pages.clients import MARKUP, a_client
from tests.integration.pages.professionals import at_work

STAFF = "staff@limber.example"
HOUR = timedelta(hours=1)


def a_fact(of: type[MessageFact], number: int, person: str, **other: Any) -> MessageFact:
    """A fact about the message of that number."""
    common = {"template": "reminder-24h", "channel": "email", "at": NOW}
    return of.model_validate(
        {"message_id": UUID(int=number), "recipient_id": UUID(person)} | common | other
    )


async def states(door: FrontDoor) -> dict[int, str]:
    """The state of each message, by its number."""
    async with door.db.reading() as connection:
        rows = await connection.fetch("select id, state from messages")
    return {row["id"].int: row["state"] for row in rows}


async def test_the_newest_fact_of_each_message_counts(door: FrontDoor) -> None:
    ann = str(UUID(int=5))
    await door.hear(
        a_fact(MessageScheduled, 1, ann, due_at=NOW + HOUR),
        a_fact(MessageScheduled, 2, ann, due_at=NOW + HOUR),
        a_fact(MessageSent, 1, ann, at=NOW + HOUR),
        a_fact(MessageSent, 3, ann),
        a_fact(MessageFailed, 3, ann, at=NOW + HOUR, reason="came back: x@example.org"),
    )
    await door.hear(a_fact(MessageCancelled, 2, ann, at=NOW + HOUR, reason="x@example.org"))
    await door.hear(a_fact(MessageScheduled, 1, ann, due_at=NOW))
    assert {1: "sent", 2: "cancelled", 3: "failed"} == await states(door)
    due = "select due_at from messages where id = $1"
    assert NOW + HOUR == await door.value(due, UUID(int=2))
    assert "example.org" not in (await door.tables())["messages"]


async def test_a_batch_of_news_costs_one_statement_for_its_messages(
    door: FrontDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = []
    keep = messages.keep

    async def counted(tx: Any, rows: Any) -> None:
        batches.append(len(rows))
        await keep(tx, rows)

    monkeypatch.setattr(messages, "keep", counted)
    await door.hear(*(a_fact(MessageSent, number, str(UUID(int=5))) for number in range(40)))
    assert [40] == batches


async def test_what_is_old_is_forgotten_and_what_is_yet_to_come_is_not(door: FrontDoor) -> None:
    ann, old = str(UUID(int=5)), NOW - retention.TOLD - HOUR
    await door.hear(
        a_fact(MessageSent, 1, ann, at=old),
        a_fact(MessageScheduled, 2, ann, at=old, due_at=NOW + HOUR),
        a_fact(MessageSent, 3, ann),
    )
    async with door.db.transaction() as tx:
        await retention.forget_old(tx, now=NOW)
    assert {2: "scheduled", 3: "sent"} == await states(door)


async def test_desk_and_staff_see_what_became_of_messages_failures_first(door: FrontDoor) -> None:
    async with a_client(
        door, client={"name": MARKUP, "email": "ann@example.org", "tz": "UTC"}
    ) as ann:
        await door.hear(
            a_fact(MessageSent, 1, ann.id, template="booking-confirmed", at=NOW + HOUR),
            a_fact(MessageUnknown, 2, ann.id),
            a_fact(MessageScheduled, 3, str(UUID(int=5)), due_at=NOW + HOUR, template=MARKUP),
        )
        async with at_work(door, STAFF) as sam, at_work(door) as amara:
            page = await sam.open("/staff/messages")
            assert ["true", "false", "false"] == [
                one["data-grave"] for one in page.tagged["message"]
            ]
            assert "somebody unknown here" in page.text
            assert "may have arrived1" in page.text
            assert "<script>alert" not in page.answer.text
            assert "Rappel de la veille" in (await sam.open("/staff/messages?lang=fr")).text
            desk = await amara.open(f"/desk/clients/{ann.id}")
            assert 2 == len(desk.tagged["message"])
            assert "Confirmation of a booking" in desk.text
        assert 403 == (await ann.open("/staff/messages")).status


def test_every_kind_of_message_has_a_name() -> None:
    assert [] == [name for name in TEMPLATES if name == name_of(name, tongue("fr"))]
