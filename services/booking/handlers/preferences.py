"""What somebody has set: who they say they are, what they agreed to, and when it may come."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.booking.domain import consents as rules
from services.booking.domain.consents import Kind, Line, Standing
from services.booking.domain.links import LinkSigner
from services.booking.domain.people import Person
from services.booking.domain.preferences import check_leaves_time
from services.booking.handlers.consents import record
from services.booking.handlers.tell import tell
from services.booking.store import consents, people
from services.booking.store import preferences as kept
from shared.contracts.contacts import Preferences
from shared.errors import Invalid, NotFound, StaleVersion
from shared.postgres import Transaction


@dataclass(frozen=True)
class Settings:
    """A person, the ledger as it stands, and the preferences."""

    person: Person
    standing: Standing
    preferences: Preferences


async def read(connection: Transaction, person_id: UUID) -> Settings:
    """What somebody has set.

    Raises:
        NotFound: the person has left.
    """
    # The version first: should the rest be newer, a change that relies on it is refused.
    person = await people.find_person(connection, person_id)
    if person is None:
        raise _nobody()
    standing = await consents.standing(connection, person_id)
    return Settings(person, standing, await kept.find(connection, person_id))


async def change(
    tx: Transaction,
    person_id: UUID,
    *,
    changes: Mapping[str, Any],
    answers: Mapping[Kind, bool],
    preferences: Preferences | None = None,
    version: int | None,
    signer: LinkSigner,
    now: datetime,
) -> Settings:
    """Store what somebody set, and tell it when it is news. What is not named stays.

    `changes` are fields of the person; `answers` come from a page that shows how things stand.

    Raises:
        NotFound: the person has left.
        StaleVersion: the caller holds an older version.
        Invalid: text messages without a number, or times that leave none for any message.
    """
    before = await people.lock_person(tx, person_id)
    if before is None:
        raise _nobody()
    if version is not None and version != before.contact_version:
        raise StaleVersion(
            "stale-version",
            f"You are at version {before.contact_version}, and hold {version}. Read again first.",
            extra={"version": before.contact_version},
        )
    after = replace(before, **changes)
    standing = await consents.standing(tx, person_id)
    lines = rules.answered(standing, answers, source="settings", now=now, shown=True)
    if after.phone is None:
        if any(channel == "sms" and yes for (_, channel), yes in answers.items()):
            raise Invalid.field(
                "phone", "is needed for text messages; give a number such as +1 416 555 0123"
            )
        lines += rules.number_removed(_with(standing, lines), now=now)
    found = await kept.find(tx, person_id)
    wished = found if preferences is None else preferences
    if after == before and wished == found and not lines:
        return Settings(before, standing, found)
    if after != before:
        await people.update_person(tx, after)
    if wished != found:
        check_leaves_time(wished)
        await kept.save(tx, person_id, wished, now=now)
    await tell(tx, person_id, await record(tx, person_id, lines), signer, now=now)
    # The document that was told has the next version.
    after = replace(after, contact_version=before.contact_version + 1)
    return Settings(after, _with(standing, lines), wished)


def _with(standing: Standing, lines: list[Line]) -> Standing:
    return {**standing, **{(line.message_class, line.channel): line for line in lines}}


def _nobody() -> NotFound:
    return NotFound("no-such-person", "There is no such person.")
