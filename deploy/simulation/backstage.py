"""What the simulation does behind the stage, as operators may: the clock, tokens, and waiting."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from deploy.commands.clock import move
from deploy.commands.database import SERVICES, connected
from deploy.commands.failure import Failure
from deploy.stack import Stack
from services.booking.domain.links import LinkSigner
from services.booking.handlers.sign_in import open_session
from services.booking.store.people import lock_person_by_email
from shared.clock import OffsetClock

ROUNDED = timedelta(seconds=1)
"""The clock is kept in whole seconds."""

LOOK_FIRST_S, LOOK_LAST_S = 0.02, 0.3
"""How soon it looks again, and later, so that looking takes little from those at work."""

SETTLED_LOOKS = 2
"""Looks in a row that find nothing at work: one could fall between a record and what follows."""

DRAIN_WITHIN_S = 300.0
"""Statistics of some hundred clients take a minute of a slow machine."""

TOKENS_AT_ONCE = 200

_AT_WORK = """
select (select count(*) from booking.outbox) as booking_outbox,
    (select count(*) from notify.outbox) as notify_outbox,
    (select count(*) from progress.outbox) as progress_outbox,
    (select count(*) from progress.clients where due_at <= $1) as due,
    (select count(*) from progress.clients where reported_version > reflected_version)
        as statistics,
    (select count(*) from notify.deliveries where state = 'sending'
        or state in ('scheduled', 'retrying') and next_at <= $1) as mails,
    (select count(*) from booking.parked_keys) + (select count(*) from notify.parked_keys)
        + (select count(*) from progress.parked_keys) as parked
"""


@dataclass(frozen=True)
class Rest:
    """How a wait for the consumers went: the greatest lag that was seen, and how long it took.

    `at_work` has the seconds in which each kind of work was seen.
    """

    lag: int
    took_s: float
    at_work: dict[str, float]


class Backstage:
    """The operator's connections to one stack; made by `backstage`."""

    def __init__(
        self,
        stack: Stack,
        connection: asyncpg.Connection,
        admin: AIOKafkaAdminClient,
        consumer: AIOKafkaConsumer,
    ) -> None:
        self._stack = stack
        self._connection = connection
        self._admin = admin
        self._consumer = consumer
        self._clock = OffsetClock(stack.clock_file)
        self._parked: int | None = None
        self._signer = LinkSigner(stack.booking_secret.encode())

    def now(self) -> datetime:
        """What time it is for the stack."""
        return self._clock()

    def move_to(self, at: datetime) -> None:
        """Move the clock to an instant, or just past it; never back."""
        ahead = at - self.now() + ROUNDED
        if ahead > ROUNDED:
            move(self._stack.clock_file, ahead)

    async def tokens(self, emails: Iterable[str]) -> dict[str, str]:
        """A bearer token for each of these people.

        Raises:
            Failure: nobody has such an address.
        """
        found: dict[str, str] = {}
        wanted = list(emails)
        for first in range(0, len(wanted), TOKENS_AT_ONCE):
            async with self._connection.transaction():
                for email in wanted[first : first + TOKENS_AT_ONCE]:
                    person = await lock_person_by_email(self._connection, email)
                    if person is None:
                        raise Failure(f"nobody with the address {email}")
                    session = await open_session(
                        self._connection, person, signer=self._signer, now=self.now()
                    )
                    found[email] = session.token
        return found

    async def knows(self, email: str) -> bool:
        """Whether somebody has this address."""
        async with self._connection.transaction():
            return await lock_person_by_email(self._connection, email) is not None

    async def drained(self) -> Rest:
        """Wait until nothing is at work: no outbox, no lag, nothing due, no mail to send.

        Raises:
            Failure: something is at work for too long, or a record was parked since the start.
        """
        began, greatest, settled = time.monotonic(), 0, 0
        before: dict[TopicPartition, int] = {}
        at_work: dict[str, float] = {}
        last, pause = began, LOOK_FIRST_S
        while True:
            row = await self._connection.fetchrow(_AT_WORK, self.now())
            ends, lag = await self._lag()
            greatest = max(greatest, lag)
            working = {name: n for name, n in row.items() if n and name != "parked"}
            self._no_more_parked(row["parked"])
            quiet = not working and not lag and (not settled or ends == before)
            settled, before = settled + 1 if quiet else 0, ends
            since, last = last, time.monotonic()
            for name in (*working, *(("lag",) if lag else ())):
                at_work[name] = at_work.get(name, 0.0) + last - since
            took = last - began
            if settled == SETTLED_LOOKS:
                return Rest(greatest, took, at_work)
            if took > DRAIN_WITHIN_S:
                still = ", ".join(f"{name} {number}" for name, number in working.items())
                raise Failure(f"the stack does not come to rest: lag {lag}; {still}")
            await asyncio.sleep(pause)
            pause = LOOK_FIRST_S if quiet else min(pause * 1.5, LOOK_LAST_S)

    def _no_more_parked(self, parked: int) -> None:
        if self._parked is None:
            self._parked = parked
        if parked > self._parked:
            raise Failure(f"{parked} keys are parked; see `limber dead-letters list`")

    async def _lag(self) -> tuple[dict[TopicPartition, int], int]:
        """The end of each partition that somebody reads, and how far all readers are behind."""
        committed = [await self._admin.list_consumer_group_offsets(one) for one in SERVICES]
        places = {place for group in committed for place in group}
        ends = await self._consumer.end_offsets(list(places)) if places else {}
        behind = sum(
            max(0, ends[place] - max(read.offset, 0))
            for group in committed
            for place, read in group.items()
        )
        return ends, behind


@asynccontextmanager
async def backstage(stack: Stack) -> AsyncIterator[Backstage]:
    """Behind the stage of a stack while the block runs."""
    admin = AIOKafkaAdminClient(**stack.kafka.client())
    consumer = AIOKafkaConsumer(**stack.kafka.client(), group_id=None)
    async with connected(stack, "booking") as connection:
        await admin.start()
        try:
            await consumer.start()
            try:
                yield Backstage(stack, connection, admin, consumer)
            finally:
                await consumer.stop()
        finally:
            await admin.close()
