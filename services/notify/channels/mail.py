"""Mail servers: a reused connection to each, and how a send over it ended."""

import asyncio
import socket
from dataclasses import dataclass, field
from typing import cast

import structlog
from aiosmtplib import SMTP, SMTPException, SMTPResponseException

from services.notify.channels import (
    READY_TIMEOUT_S,
    SEND_TIMEOUT_S,
    Channel,
    UnreachableError,
)
from services.notify.channels.talk import (
    LinkLostError,
    Reply,
    Talk,
    command,
    dot_stuffed,
    first_refusal,
)
from services.notify.domain.delivery import Delivery
from services.notify.domain.outcome import Outcome
from services.notify.writing.mail import Letter, LetterWriter

START_INPUT = 354
PERMANENT = 500
CLOSING = 421

NO_SUCH_ADDRESS = frozenset({550, 551, 553})
"""Codes at RCPT that speak of the address, where no enhanced status says of what."""

OF_THE_SENDER = frozenset({"5.1.7", "5.1.8"})
"""Enhanced statuses 5.1.x speak of the recipient's address, but for these."""

DISABLED = "5.2.1"

AT_SENDER, AT_RECIPIENT = 0, 1
"""Places of the envelope's commands: MAIL, RCPT, DATA."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Server:
    """A mail server. `starttls`: True insists on it, None uses it when it is offered."""

    host: str
    port: int
    tls: bool = False
    starttls: bool | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    per_second: float | None = None

    @property
    def name(self) -> str:
        """host:port, as attempts and logs name it."""
        return f"{self.host}:{self.port}"

    def line(self) -> "MailLine":
        """A connection, not connected yet."""
        return MailLine(self)


class MailLine:
    """A connection to a mail server."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._talk: Talk | None = None
        self._pipelining = False
        self._handed_over = False

    async def ready(self) -> None:
        """Be connected.

        Raises:
            UnreachableError: the server is not there, or turns us away.
        """
        if self._talk is None or not self._talk.alive:
            self.close()
            await self._connect()

    async def send(self, delivery: Delivery, written: Letter) -> Outcome:
        """Hand a mail over; its text has CRLF line ends. Never raises for what a server does."""
        self._handed_over = False
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                return await self._converse(written)
        except UnreachableError as fault:
            return Outcome("unreachable", fault.code)
        except (OSError, TimeoutError) as fault:
            log.warning(
                "mail-link-lost",
                message=str(delivery.id),
                server=self._server.name,
                fault=type(fault).__name__,
                after_handing_over=self._handed_over,
            )
            self.close()
            return Outcome("unknown" if self._handed_over else "lost")
        except BaseException:
            # What was said half cannot be taken up again.
            self.close()
            raise

    def close(self) -> None:
        """Drop the connection."""
        talk, self._talk = self._talk, None
        if talk is not None:
            talk.close()

    async def _converse(self, letter: Letter) -> Outcome:
        talk, replies = await self._envelope(letter)
        if (place := first_refusal(replies)) is not None:
            if replies[-1].code == START_INPUT:
                # It wants a text for nobody, and gets an empty one.
                await talk.ask(b".\r\n")
            return await self._refused(talk, replies[place], place)
        # From here on the server may have it, whatever becomes of the link.
        self._handed_over = True
        [answer] = await talk.ask(dot_stuffed(letter.text))
        if first_refusal([answer]) is None:
            return Outcome("accepted", answer.code, answer.status, answer.reference)
        self._handed_over = False
        return await self._refused(talk, answer, None)

    async def _envelope(self, letter: Letter) -> tuple[Talk, list[Reply]]:
        """Sender, recipient, DATA. Nothing is handed over yet, so a dead link is renewed once."""
        for renewed in (False, True):
            await self.ready()
            talk = self._talk
            if talk is None:
                raise UnreachableError
            try:
                return talk, await self._said(talk, letter)
            except LinkLostError:
                self.close()
                if renewed:
                    raise
        raise UnreachableError

    async def _said(self, talk: Talk, letter: Letter) -> list[Reply]:
        beyond_ascii = not (letter.sender.isascii() and letter.recipient.isascii())
        commands = [
            command(f"MAIL FROM:<{letter.sender}>", *(["SMTPUTF8"] if beyond_ascii else [])),
            command(f"RCPT TO:<{letter.recipient}>"),
            b"DATA\r\n",
        ]
        if self._pipelining:
            return await talk.ask(*commands)
        replies: list[Reply] = []
        for line in commands:
            replies += await talk.ask(line)
            if first_refusal(replies) is not None:
                break
        return replies

    async def _refused(self, talk: Talk, reply: Reply, place: int | None) -> Outcome:
        if reply.code == CLOSING or not talk.alive:
            self.close()
        else:
            try:
                await talk.ask(b"RSET\r\n")
            except LinkLostError:
                self.close()
        if reply.code < PERMANENT:
            # Not this mail is put off, but we are.
            ours = reply.code == CLOSING or place == AT_SENDER
            return Outcome("busy" if ours else "deferred", reply.code, reply.status)
        bad_address = place == AT_RECIPIENT and _of_the_address(reply)
        return Outcome("bounced" if bad_address else "refused", reply.code, reply.status)

    async def _connect(self) -> None:
        server = self._server
        client = SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.tls,
            start_tls=False if server.tls else server.starttls,
            username=server.username,
            password=server.password,
            # The library would look the name up over the network for every connection.
            local_hostname=socket.gethostname(),
            timeout=READY_TIMEOUT_S,
        )
        try:
            async with asyncio.timeout(READY_TIMEOUT_S):
                await client.connect()
                await client.ehlo()
        except (SMTPException, OSError, TimeoutError, ValueError) as fault:
            log.warning("mail-server-unreachable", server=server.name, fault=type(fault).__name__)
            client.close()
            code = fault.code if isinstance(fault, SMTPResponseException) else None
            raise UnreachableError(type(fault).__name__, code=code) from None
        except BaseException:
            client.close()
            raise
        transport = cast("asyncio.Transport | None", client.transport)
        if transport is None:
            raise UnreachableError
        self._pipelining = client.supports_extension("pipelining")
        self._talk = Talk(transport)
        # The library speaks one command at a time, and does not tell what was said before a loss.
        transport.set_protocol(self._talk)


def mail_channel(servers: tuple[Server, ...], writer: LetterWriter) -> Channel[Letter]:
    """Mail by these servers, the primary first."""
    return Channel("email", servers, lambda delivery, now: writer.write(delivery, now=now))


def _of_the_address(reply: Reply) -> bool:
    """Whether a refusal for good says that the address itself is no good."""
    status = reply.status
    if status is None:
        return reply.code in NO_SUCH_ADDRESS
    return status == DISABLED or (status.startswith("5.1.") and status not in OF_THE_SENDER)
