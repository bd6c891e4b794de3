"""What notify tells of its messages, kept for those who are asked whether a mail went out."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from uuid import UUID

from services.booking.domain.messages import MessageState
from services.booking.store import messages
from services.booking.store.messages import Message
from shared.contracts.messages import (
    MessageCancelled,
    MessageFact,
    MessageFailed,
    MessageScheduled,
    MessageSent,
    MessageUnknown,
)
from shared.postgres import Transaction

STATES: Mapping[type[MessageFact], MessageState] = {
    MessageScheduled: "scheduled",
    MessageSent: "sent",
    MessageFailed: "failed",
    MessageUnknown: "unknown",
    MessageCancelled: "cancelled",
}
"""What each fact makes of a message."""


async def keep(tx: Transaction, facts: Iterable[MessageFact]) -> None:
    """The newest of these facts counts for each message; they come in their order."""
    newest: dict[UUID, Message] = {}
    for fact in facts:
        known, told = newest.get(fact.message_id), _message(fact)
        if known is not None and told.due_at is None:
            told = replace(told, due_at=known.due_at)
        newest[fact.message_id] = told
    if newest:
        await messages.keep(tx, newest.values())


def _message(fact: MessageFact) -> Message:
    return Message(
        id=fact.message_id,
        recipient_id=fact.recipient_id,
        template=fact.template,
        channel=fact.channel,
        booking_id=fact.booking_id,
        state=STATES[type(fact)],
        due_at=fact.due_at if isinstance(fact, MessageScheduled) else None,
        at=fact.at,
    )
