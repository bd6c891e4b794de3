"""A scripted mail server, and a notify service whose events are handed over by the tests."""

import asyncio
import email
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import default
from typing import Any
from uuid import uuid4

from aiosmtpd.smtp import SMTP

from services.notify.channels.mail import Server, mail_channel
from services.notify.channels.providers import Lines
from services.notify.consumers import listen
from services.notify.domain.delivery import Delivery
from services.notify.lanes import Lane, Means
from services.notify.metrics import SendMetrics
from services.notify.senders import Sender
from services.notify.store import digests
from services.notify.writing.company import Company
from services.notify.writing.mail import LetterWriter
from shared.contracts.event import Envelope, Event
from shared.postgres import Database
from shared.records import Tombstone
from shared.telemetry import Metrics
from tests.unit.notify.builders import NOW


@dataclass
class PostOffice:
    """A mail server on a free port.

    Each entry of a script decides one greeting, MAIL, RCPT or DATA; after the last one all is
    taken. Entries: "250 …", "451 …", "550 …", "drop", "hang", and after DATA "keep and drop" and
    "keep and hang". With `tls` it offers STARTTLS.
    """

    at_greeting: list[str] = field(default_factory=list)
    at_sender: list[str] = field(default_factory=list)
    at_recipient: list[str] = field(default_factory=list)
    at_data: list[str] = field(default_factory=list)
    pipelining: bool = False
    tls: ssl.SSLContext | None = None
    starttls: bool | None = None
    per_second: float | None = None
    mails: list[Any] = field(default_factory=list)
    connections: int = 0
    most_at_once: int = 0
    port: int = 0
    _open: set[Any] = field(default_factory=set)
    _server: asyncio.Server | None = None

    async def __aenter__(self) -> "PostOffice":
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        for protocol in list(self._open):
            protocol.transport.abort()

    @property
    def server(self) -> Server:
        return Server("127.0.0.1", self.port, starttls=self.starttls, per_second=self.per_second)

    @property
    def subjects(self) -> list[str]:
        return [mail["Subject"] for mail in self.mails]

    @property
    def templates(self) -> list[str]:
        return [mail["X-Limber-Template"] for mail in self.mails]

    def _protocol(self) -> SMTP:
        office = self

        class Session(SMTP):
            def connection_made(self, transport: Any) -> None:
                office.connections += 1
                office._open.add(self)
                office.most_at_once = max(office.most_at_once, len(office._open))
                if office.at_greeting:
                    transport.write(f"{office.at_greeting.pop(0)}\r\n".encode())
                    transport.close()
                    return
                super().connection_made(transport)

            def connection_lost(self, error: Exception | None) -> None:
                office._open.discard(self)
                super().connection_lost(error)

        return Session(self, enable_SMTPUTF8=True, hostname="post.example", tls_context=self.tls)

    async def handle_EHLO(  # noqa: N802 - named by the library
        self, _server: Any, session: Any, _envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        more = ["250-PIPELINING"] if self.pipelining else []
        return [*responses[:-1], *more, responses[-1]]

    async def handle_MAIL(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        answer = self.at_sender.pop(0) if self.at_sender else "250 ok"
        if answer.startswith("2"):
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return answer

    async def handle_RCPT(  # noqa: N802 - named by the library
        self, server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        answer = self.at_recipient.pop(0) if self.at_recipient else "250 ok"
        if answer == "drop":
            server.transport.abort()
            return "421 bye"
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        answer = self.at_data.pop(0) if self.at_data else "250 ok"
        if answer == "hang":
            await asyncio.Event().wait()
        if answer.startswith(("keep", "2")):
            self.mails.append(
                email.message_from_bytes(envelope.content, _class=EmailMessage, policy=default)
            )
        if answer == "keep and hang":
            await asyncio.Event().wait()
        if "drop" in answer:
            server.transport.abort()
            return "421 bye"
        return answer


class Notify:
    """Handlers and sender on one database, with a clock that the test sets."""

    def __init__(self, db: Database, offices: Sequence[PostOffice], now: datetime = NOW) -> None:
        self.db = db
        self.now = now
        self.woken = 0
        self._events = listen(self.clock, self._wake)
        assert self._events.together is not None
        self._together = self._events.together
        self.sender = self.another_sender(offices)

    def another_sender(self, offices: Sequence[PostOffice]) -> Sender:
        servers = tuple(office.server for office in offices)
        writer = LetterWriter(
            sender="Limber <hello@limber.example>",
            public_url="https://limber.test",
            company=Company("Limber", "100 Example Street, Toronto", "hello@limber.example"),
        )
        metrics = SendMetrics(Metrics().registry)
        means = Means(self.db, self.clock, metrics, lambda: None, digests.gather)
        return Sender(means, [mail_channel(servers, writer)])

    @property
    def lane(self) -> Lane[Any]:
        """The sender's lane of mail."""
        return self.sender.lanes["email"]

    async def claimed(self) -> list[Delivery]:
        """Take what is due, as a sender does, without sending it."""
        return await self.lane.claim()

    async def hand_over(self, delivery: Delivery) -> None:
        """Send a message that was claimed, and write how it ended."""
        lines = Lines(self.lane.providers)
        try:
            await self.lane.handle(lines, delivery)
            await self.lane.ended()
        finally:
            lines.close()

    def clock(self) -> datetime:
        return self.now

    async def hear(self, *events: Event, at: datetime | None = None) -> None:
        """Handle events, each in a transaction of its own."""
        for event in events:
            envelope: Envelope[Any] = Envelope(
                id=str(uuid4()),
                source="/limber/test",
                type=event.type,
                time=at or self.now,
                subject=None,
                data=event,
            )
            async with self.db.transaction() as tx:
                await self._together.handle(tx, [envelope])

    async def forget(self, person: object) -> None:
        async with self.db.transaction() as tx:
            await self._events.tombstones["booking.contacts"](
                tx, Tombstone("booking.contacts", str(person))
            )

    async def send(self) -> None:
        """Send until nothing is due."""
        for _ in range(50):
            if not await self.sender.send_due():
                return
        raise AssertionError("something is due for ever")

    async def states(self) -> dict[tuple[str, int], str]:
        """(template, version) to state."""
        rows = await self.rows("select template, subject_version, state from deliveries")
        return {(row["template"], row["subject_version"]): row["state"] for row in rows}

    async def outcomes(self) -> list[str | None]:
        rows = await self.rows("select outcome from attempts order by started_at, number")
        return [row["outcome"] for row in rows]

    async def tries(self) -> list[tuple[str, str | None]]:
        """(provider, outcome) of all attempts, in order."""
        rows = await self.rows("select * from attempts order by started_at, number")
        return [(row["provider"], row["outcome"]) for row in rows]

    async def told(self) -> list[tuple[str, str]]:
        """(event type, template) of the outbox, in order."""
        rows = await self.rows(
            "select type, payload::jsonb ->> 'template' as template from outbox order by seq"
        )
        return [(row["type"], row["template"]) for row in rows]

    async def rows(self, sql: str, *arguments: object) -> list[Any]:
        async with self.db.reading() as connection:
            found: list[Any] = await connection.fetch(sql, *arguments)
            return found

    def _wake(self) -> None:
        self.woken += 1


async def until(condition: Callable[[], bool], *, within_s: float = 20.0) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - the condition is another program's state
            await asyncio.sleep(0.01)
