"""Mail servers: which one to use, one reused connection each, and how a send ended."""

import asyncio
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog
from aiosmtplib import SMTP, SMTPException, SMTPResponseException

from services.notify.domain.outcome import Outcome

CONNECT_TIMEOUT_S = 5.0
COMMAND_TIMEOUT_S = 10.0
SEND_TIMEOUT_S = 12.0
"""A whole send; less than the lease (`store.queue.LEASE`), so that nobody takes over meanwhile."""

DOWN_FIRST_S = 1.0
DOWN_LONGEST_S = 30.0
"""A server that cannot be reached is left alone for so long, doubling each time."""

START_INPUT = 354
PERMANENT = 500
CLOSING = 421

log = structlog.get_logger()


class UnreachableError(Exception):
    """No mail server can be reached now."""


@dataclass(frozen=True)
class Server:
    """A mail server. `starttls`: True insists on it, None uses it when it is offered."""

    host: str
    port: int
    tls: bool = False
    starttls: bool | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """host:port, as attempts and logs name it."""
        return f"{self.host}:{self.port}"


@dataclass
class _Standing:
    failures: int = 0
    down_until: float = 0.0


class Servers:
    """The servers in order of preference, and which of them to leave alone for a while."""

    def __init__(
        self, servers: Sequence[Server], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._standing = {server: _Standing() for server in servers}
        self._monotonic = monotonic

    def usable(self) -> list[Server]:
        """Those worth a try now, the primary first."""
        now = self._monotonic()
        return [server for server, standing in self._standing.items() if standing.down_until <= now]

    def rest_s(self) -> float:
        """Seconds until a server is worth a try; zero when one is now."""
        soonest = min(standing.down_until for standing in self._standing.values())
        return max(0.0, soonest - self._monotonic())

    def failed(self, server: Server) -> None:
        """The server could not be reached."""
        standing, now = self._standing[server], self._monotonic()
        if standing.down_until > now:
            return
        # The exponent is bounded before the power is taken.
        rest = min(DOWN_FIRST_S * 2 ** min(standing.failures, 10), DOWN_LONGEST_S)
        standing.failures += 1
        standing.down_until = now + rest
        log.warning("mail-server-down", server=server.name, rest_s=rest)

    def answered(self, server: Server) -> None:
        """The server was reached."""
        if self._standing[server].failures:
            log.info("mail-server-back", server=server.name)
            self._standing[server] = _Standing()


class Line:
    """One sender's connection; it moves to another server when its own cannot be reached."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers
        self._server: Server | None = None
        self._client: SMTP | None = None
        self._handed_over = False

    async def connect(self) -> Server:
        """Be connected to the best server that answers.

        Raises:
            UnreachableError: none does.
        """
        for server in self._servers.usable():
            if server == self._server and self._client is not None and self._client.is_connected:
                return server
            self.close()
            if await self._connect_to(server):
                return server
        raise UnreachableError

    async def send(self, sender: str, recipient: str, text: bytes) -> Outcome:
        """Hand a message over; `text` has CRLF line ends. Never raises for what a server does."""
        self._handed_over = False
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                answer = await self._converse(sender, recipient, text)
        except _RefusedAtError as refusal:
            return await self._refused(refusal.code, at_recipient=refusal.at_recipient)
        except UnreachableError:
            return Outcome("unreachable")
        except (SMTPException, OSError, TimeoutError) as fault:
            log.warning(
                "mail-link-lost",
                fault=type(fault).__name__,
                after_handing_over=self._handed_over,
            )
            self.close()
            return Outcome("unknown" if self._handed_over else "lost")
        return Outcome("accepted", answer)

    async def _converse(self, sender: str, recipient: str, text: bytes) -> int:
        """Envelope, DATA, text; the code of acceptance."""
        client = await self._envelope(sender, recipient)
        answer = await client.execute_command(b"DATA")
        if answer.code != START_INPUT:
            raise _RefusedAtError(answer.code, at_recipient=False)
        protocol = client.protocol
        if protocol is None:
            raise UnreachableError
        # Not the library's own DATA: it does not tell whether the text went out before a loss.
        protocol.write(_dot_stuffed(text))
        self._handed_over = True
        answer = await protocol.read_response(timeout=COMMAND_TIMEOUT_S)
        if answer.code >= START_INPUT:
            raise _RefusedAtError(answer.code, at_recipient=False)
        return answer.code

    def close(self) -> None:
        """Drop the connection."""
        client, self._client = self._client, None
        self._server = None
        if client is not None:
            client.close()

    async def _connect_to(self, server: Server) -> bool:
        client = SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.tls,
            start_tls=False if server.tls else server.starttls,
            username=server.username,
            password=server.password,
            # The library would look the name up over the network for every connection.
            local_hostname=socket.gethostname(),
            timeout=COMMAND_TIMEOUT_S,
        )
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await client.connect()
                await client.ehlo()
        except (SMTPException, OSError, TimeoutError, ValueError) as fault:
            log.warning("mail-server-unreachable", server=server.name, fault=type(fault).__name__)
            client.close()
            self._servers.failed(server)
            return False
        self._servers.answered(server)
        self._client, self._server = client, server
        return True

    async def _envelope(self, sender: str, recipient: str) -> SMTP:
        """MAIL and RCPT. Nothing is handed over yet, so an idle link that died is renewed once."""
        for fresh in (False, True):
            if self._client is None or not self._client.is_connected:
                await self.connect()
            client = self._client
            if client is None:
                raise UnreachableError
            beyond_ascii = not (sender.isascii() and recipient.isascii())
            options, encoding = (["SMTPUTF8"], "utf-8") if beyond_ascii else ([], "ascii")
            at_recipient = False
            try:
                await client.mail(sender, options=options, encoding=encoding)
                at_recipient = True
                await client.rcpt(recipient, encoding=encoding)
            except SMTPResponseException as refusal:
                raise _RefusedAtError(refusal.code, at_recipient=at_recipient) from None
            except (SMTPException, OSError):
                self.close()
                if fresh:
                    raise
            else:
                return client
        raise UnreachableError

    async def _refused(self, code: int, *, at_recipient: bool) -> Outcome:
        if code == CLOSING or self._client is None or not self._client.is_connected:
            self.close()
        else:
            try:
                await self._client.rset()
            except (SMTPException, OSError, TimeoutError):
                self.close()
        if code < PERMANENT:
            return Outcome("deferred", code)
        return Outcome("bounced" if at_recipient else "refused", code)


class _RefusedAtError(Exception):
    def __init__(self, code: int, *, at_recipient: bool) -> None:
        super().__init__(code)
        self.code = code
        self.at_recipient = at_recipient


def _dot_stuffed(text: bytes) -> bytes:
    """The text as it follows DATA: lone dots doubled, ended by a line with a dot."""
    if not text.endswith(b"\r\n"):
        text += b"\r\n"
    stuffed = text.replace(b"\r\n.", b"\r\n..")
    return (b"." if stuffed.startswith(b".") else b"") + stuffed + b".\r\n"
