"""A mail server that misbehaves as it is told, and writes down each text that it was handed."""

import asyncio
import email
import random
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.policy import default
from typing import Literal

Fate = Literal["taken", "taken and cut", "lost and cut", "deferred"]

LINE_LIMIT = 1 << 20
HURRY_S = 60.0
"""Nobody speaks to a mail server as slowly as this; a connection that is dead ends by itself."""

_ADDRESS = re.compile(rb"<([^>]*)>")


@dataclass(frozen=True)
class Handed:
    """A text that was handed over to the last dot, and what became of it.

    `at` is the driver's clock and `moment` the machine's; `sender` the replica that spoke.
    """

    fate: Fate
    at: datetime
    moment: float
    sender: int
    to: str
    message_id: str
    template: str
    unsubscribable: bool

    @property
    def kept(self) -> bool:
        """Whether the recipient can read it."""
        return self.fate.startswith("taken")


@dataclass(frozen=True)
class Moods:
    """How often out of one the server misbehaves, at each step of a mail."""

    closing: float = 0.005
    deferred_early: float = 0.02
    dropped_early: float = 0.01
    deferred_late: float = 0.01
    taken_and_cut: float = 0.01
    lost_and_cut: float = 0.005
    slow: float = 0.01
    slow_s: float = 0.3


@dataclass
class RecordingOffice:
    """One door per replica, so that it is known who speaks. `dead` addresses do not exist.

    `before_data` and `after_data` strike when they are set, once each: by then nothing, or the
    whole text, has been handed over, and no answer was given.
    """

    clock: Callable[[], datetime]
    moods: Moods
    chance: random.Random
    dead: frozenset[str] = frozenset()
    handed: list[Handed] = field(default_factory=list)
    early_cuts: int = 0
    before_data: Callable[[int], bool] | None = None
    after_data: Callable[[int], bool] | None = None
    _servers: list[asyncio.Server] = field(default_factory=list)
    _lines: set[asyncio.Task[None]] = field(default_factory=set)

    async def open_door(self, sender: int) -> int:
        """Listen for one replica; returns the port."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            if task is not None:
                self._lines.add(task)
                task.add_done_callback(self._lines.discard)
            with suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
                await _Line(self, sender, reader, writer).serve()
            writer.transport.abort()

        server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=LINE_LIMIT)
        self._servers.append(server)
        port: int = server.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        """Stop listening and hang up."""
        for server in self._servers:
            server.close()
        for line in self._lines:
            line.cancel()
        await asyncio.gather(*self._lines, return_exceptions=True)

    def happens(self, odds: float) -> bool:
        """Whether something that rare happens now."""
        return self.chance.random() < odds

    def struck_before(self, sender: int) -> bool:
        """Whether somebody struck while the text was still at the sender's."""
        strike, self.before_data = self.before_data, None
        return strike is not None and strike(sender)

    def struck_after(self, sender: int) -> bool:
        """Whether somebody struck while the sender waited for the answer to its text."""
        strike, self.after_data = self.after_data, None
        return strike is not None and strike(sender)


class _Line:
    """One connection."""

    def __init__(
        self,
        office: RecordingOffice,
        sender: int,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._office = office
        self._sender = sender
        self._reader = reader
        self._writer = writer
        self._to = ""

    async def serve(self) -> None:
        """Speak until the other side or a mood ends it."""
        if self._office.happens(self._office.moods.closing):
            self._say("421 closing")
            return
        self._say("220 recording.example")
        while True:
            command = await self._line()
            match command[:4].upper():
                case b"EHLO" | b"HELO":
                    self._say("250-recording.example\r\n250-8BITMIME\r\n250 SMTPUTF8")
                case b"MAIL" | b"RSET" | b"NOOP":
                    self._say("250 ok")
                case b"RCPT":
                    if not self._recipient(command):
                        return
                case b"DATA":
                    if not await self._data():
                        return
                case b"QUIT":
                    self._say("221 bye")
                    return
                case _:
                    self._say("500 what?")

    def _recipient(self, command: bytes) -> bool:
        office, moods = self._office, self._office.moods
        found = _ADDRESS.search(command)
        self._to = found[1].decode() if found else ""
        if office.happens(moods.dropped_early):
            office.early_cuts += 1
            return False
        if self._to in office.dead:
            self._say("550 5.1.1 no such user")
        elif office.happens(moods.deferred_early):
            self._say("451 4.3.0 try later")
        else:
            self._say("250 ok")
        return True

    async def _data(self) -> bool:
        office, moods = self._office, self._office.moods
        if office.struck_before(self._sender):
            office.early_cuts += 1
            return False
        self._say("354 go ahead")
        text = bytearray()
        while (line := await self._line()) != b".":
            text += (line[1:] if line.startswith(b".") else line) + b"\r\n"
        if office.happens(moods.slow):
            await asyncio.sleep(moods.slow_s)
        if office.happens(moods.deferred_late):
            self._note(bytes(text), "deferred")
            self._say("452 4.3.1 no room")
            return True
        if office.happens(moods.taken_and_cut):
            self._note(bytes(text), "taken and cut")
            return False
        if office.happens(moods.lost_and_cut):
            self._note(bytes(text), "lost and cut")
            return False
        if office.struck_after(self._sender):
            # The text is the recipient's, whatever became of the sender.
            self._note(bytes(text), "taken and cut")
            return False
        self._note(bytes(text), "taken")
        self._say("250 2.0.0 taken")
        return True

    def _note(self, text: bytes, fate: Fate) -> None:
        mail = email.message_from_bytes(text, policy=default)
        self._office.handed.append(
            Handed(
                fate,
                self._office.clock(),
                time.monotonic(),
                self._sender,
                self._to,
                str(mail["Message-ID"]),
                str(mail["X-Limber-Template"]),
                "List-Unsubscribe" in mail,
            )
        )

    async def _line(self) -> bytes:
        async with asyncio.timeout(HURRY_S * 10):
            line = await self._reader.readuntil(b"\r\n")
        return line[:-2]

    def _say(self, answer: str) -> None:
        self._writer.write(answer.encode() + b"\r\n")
