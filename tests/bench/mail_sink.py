"""A mail server that takes everything, in a process of its own: `python -m tests.bench.mail_sink`.

There are two kinds: `bare` does nothing but take, so it shows what a sender costs; `library` is the
aiosmtpd that the inbox of the embedded stack is made of, about as busy with a mail as a server is.
It prints its port, then answers each line of its input with one line of JSON: `count N` once N
more mails have come since it last said so, `keep PATH` when the mails kept since then are written
there (pickled envelopes and texts).
"""

import asyncio
import json
import pickle
import re
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import uvloop
from aiosmtpd.smtp import SMTP, Envelope, Session

EHLO = b"250-sink.example\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"

_ADDRESS = re.compile(rb"<([^>]*)>")

Kept = tuple[str, str, bytes]
"""Envelope sender, recipient, text."""


class Sink:
    """What has come."""

    def __init__(self) -> None:
        self.mails: list[Kept] = []
        self.awaited = 0
        self.enough = asyncio.Event()

    def take(self, mail: Kept) -> None:
        """Keep a mail."""
        self.mails.append(mail)
        if len(self.mails) >= self.awaited:
            self.enough.set()


class Door(asyncio.Protocol):
    """One connection: the few commands that a mail needs."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._came = bytearray()
        self._in_data = False
        self._sender = self._recipient = ""

    def connection_made(self, transport: Any) -> None:
        """Greet."""
        self._transport = transport
        transport.write(b"220 sink.example\r\n")

    def data_received(self, data: bytes) -> None:
        """Answer all that is complete."""
        self._came += data
        answers = []
        while (answer := self._next()) is not None:
            answers.append(answer)
        if answers:
            self._transport.write(b"".join(answers))

    def _next(self) -> bytes | None:
        if self._in_data:
            end = self._came.find(b"\r\n.\r\n")
            if end < 0:
                return None
            text = bytes(self._came[: end + 2]).replace(b"\r\n..", b"\r\n.")
            del self._came[: end + 5]
            self._in_data = False
            self._sink.take((self._sender, self._recipient, text))
            return b"250 2.0.0 taken\r\n"
        end = self._came.find(b"\r\n")
        if end < 0:
            return None
        line = bytes(self._came[:end])
        del self._came[: end + 2]
        return self._answer(line)

    def _answer(self, line: bytes) -> bytes:
        match line[:4].upper():
            case b"EHLO":
                return EHLO
            case b"MAIL":
                self._sender = _address(line)
            case b"RCPT":
                self._recipient = _address(line)
            case b"DATA":
                self._in_data = True
                return b"354 go ahead\r\n"
            case b"QUIT":
                return b"221 bye\r\n"
            case _:
                pass
        return b"250 ok\r\n"


class Taking:
    """What aiosmtpd hands over."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    async def handle_DATA(  # noqa: N802 - named by the library
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Take one mail."""
        text = envelope.original_content or b""
        self._sink.take((envelope.mail_from or "", str(envelope.rcpt_tos[0]), text))
        return "250 2.0.0 taken"


DOORS: dict[str, Callable[[Sink], Callable[[], asyncio.Protocol]]] = {
    "bare": lambda sink: partial(Door, sink),
    "library": lambda sink: partial(SMTP, Taking(sink), enable_SMTPUTF8=True, hostname="sink"),
}


class SinkProcess:
    """The server as seen from the process that sends to it."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self._process = process
        self.port = port

    async def ask(self, line: str) -> int:
        """Give an order; returns the number that it answers."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the mail server has no pipes")
        self._process.stdin.write(f"{line}\n".encode())
        answer: int = json.loads(await self._process.stdout.readline())
        return answer


@asynccontextmanager
async def sink_process(kind: str) -> AsyncIterator[SinkProcess]:
    """The server in a process of its own while the block runs."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.mail_sink", kind),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        if process.stdout is None:
            raise RuntimeError("the mail server has no pipes")
        yield SinkProcess(process, int(await process.stdout.readline()))
    finally:
        process.kill()
        await process.wait()


async def main(kind: str) -> None:
    """Serve, and obey the lines of the input."""
    sink = Sink()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(DOORS[kind](sink), "127.0.0.1", 0)
    _say(server.sockets[0].getsockname()[1])
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while order := (await orders.readline()).decode().split():
        match order:
            case ["count", number]:
                sink.awaited = int(number)
                if len(sink.mails) < sink.awaited:
                    sink.enough.clear()
                    await sink.enough.wait()
            case ["keep", place]:
                await asyncio.to_thread(Path(place).write_bytes, pickle.dumps(sink.mails))
                sink.mails = []
            case _:
                raise ValueError(f"no such order: {order}")
        _say(len(sink.mails))


def _address(line: bytes) -> str:
    found = _ADDRESS.search(line)
    return found[1].decode() if found else ""


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:2]))
