"""What is said to a mail server once it is connected: commands out, replies in, several at once."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass

REPLY_MAX_BYTES = 64 * 1024
"""Replies are a few hundred bytes; a server that never ends one must not fill our memory."""

_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})\b")
_QUEUED_AS = re.compile(r"\b(?:queued as|id=|Message accepted for delivery:?)\s*([\w.@<>-]{4,100})")


@dataclass(frozen=True)
class Reply:
    """A server's reply: its code and all its text."""

    code: int
    text: str

    @property
    def status(self) -> str | None:
        """The enhanced status, such as 5.1.1, where the text begins with one."""
        found = _ENHANCED.match(self.text)
        return found[1] if found else None

    @property
    def reference(self) -> str | None:
        """The server's name for a message it took, where it tells one."""
        found = _QUEUED_AS.search(self.text)
        return found[1] if found else None


class LinkLostError(ConnectionError):
    """The connection is gone, or what came over it is no SMTP."""


class Talk(asyncio.Protocol):
    """Takes a connection over after greeting, TLS and login. One conversation at a time."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._received = bytearray()
        self._replies: list[Reply] = []
        self._lines: list[str] = []
        self._wanted = 0
        self._answered: asyncio.Future[list[Reply]] | None = None
        self._lost = False

    @property
    def alive(self) -> bool:
        """Whether something can be said; an idle server may have hung up without our knowing."""
        return not self._lost and not self._transport.is_closing()

    async def ask(self, *commands: bytes) -> list[Reply]:
        """Send commands in one go and wait for the reply to each.

        Raises:
            LinkLostError: not all replies came.
        """
        # What came unasked, such as a farewell to an idle client, answers nothing.
        if not self.alive or self._received or self._replies:
            raise LinkLostError
        answered: asyncio.Future[list[Reply]] = asyncio.get_running_loop().create_future()
        self._answered, self._wanted = answered, len(commands)
        self._transport.write(b"".join(commands))
        try:
            return await answered
        finally:
            self._answered = None

    def close(self) -> None:
        """Hang up."""
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        """Bytes from the server."""
        self._received += data
        try:
            while (end := self._received.find(b"\n")) >= 0:
                line = self._received[: end + 1].decode("utf-8", "replace").rstrip("\r\n")
                del self._received[: end + 1]
                self._read(line)
        except ValueError:
            self._broken()
        if len(self._received) + sum(map(len, self._lines)) > REPLY_MAX_BYTES:
            self._broken()
        if self._answered is not None and len(self._replies) >= self._wanted:
            replies, self._replies = self._replies, []
            if not self._answered.done():
                self._answered.set_result(replies)

    def connection_lost(self, _: Exception | None) -> None:
        """The connection is gone."""
        self._lost = True
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(LinkLostError())

    def _read(self, line: str) -> None:
        """One line of a reply: 250-more, or 250 last.

        Raises:
            ValueError: it is none.
        """
        code = int(line[:3])
        self._lines.append(line[4:].strip())
        if line[3:4] != "-":
            self._replies.append(Reply(code, "\n".join(self._lines)))
            self._lines = []

    def _broken(self) -> None:
        self._transport.abort()
        self._received.clear()
        self.connection_lost(None)


def command(verb: str, *words: str) -> bytes:
    """A line of SMTP.

    Raises:
        ValueError: a word holds a line end or another control character.
    """
    line = " ".join((verb, *words))
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in line):
        raise ValueError("a control character in a mail address")
    return line.encode() + b"\r\n"


def dot_stuffed(text: bytes) -> bytes:
    """The text as it follows DATA: lone dots doubled, ended by a line with a dot."""
    if not text.endswith(b"\r\n"):
        text += b"\r\n"
    stuffed = text.replace(b"\r\n.", b"\r\n..")
    return (b"." if stuffed.startswith(b".") else b"") + stuffed + b".\r\n"


def first_refusal(replies: Sequence[Reply]) -> int | None:
    """The place of the first reply that is no yes; of DATA a yes is 354."""
    return next((n for n, reply in enumerate(replies) if not 200 <= reply.code < 400), None)
