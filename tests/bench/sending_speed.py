"""Notify's sender and a bare loop by turns: `python -m tests.bench.sending_speed DATABASE KIND`.

KIND is the kind of the mail server (`tests.bench.mail_sink`).
"""

import asyncio
import json
import pickle
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import uvloop
from aiosmtplib import SMTP

from shared.postgres import Database
from tests.bench.mail_sink import Kept, SinkProcess, sink_process
from tests.e2e.reach import eventually
from tests.integration.notify.post_office import Notify, PostOffice
from tests.unit.notify.builders import NOW, START, a_booking_access, a_contact, a_fact

ROUNDS = 3
BOOKINGS = 500
"""Of one round; each is a mail to the client, with a calendar file, and one to the trainer."""

TRAINERS = 20
WARM_UP = 50
WITHIN_S = 120.0
AT_ONCE = 4
"""Connections of the loop that finds out how fast the server itself is."""

SCHEMA = "notify"


class Sending:
    """Notify with mails to send, and the server that they go to."""

    def __init__(self, db: Database, sink: SinkProcess, folder: Path) -> None:
        self._notify = Notify(db, [PostOffice(port=sink.port)], NOW)
        self._sink = sink
        self._place = folder / "mails"
        self._booked = 0

    async def introduce_trainers(self) -> None:
        """Trainers are known before anybody books."""
        await self._notify.hear(
            *(
                a_contact(_trainer(n), role="trainer", email=f"t{n}@example.org", bookings=())
                for n in range(TRAINERS)
            )
        )

    async def fill(self, bookings: int) -> int:
        """Let people book; returns how many mails are due."""
        for number in range(self._booked, self._booked + bookings):
            client, booking = UUID(int=10_000 + number), UUID(int=1_000_000 + number)
            fact = a_fact(
                booking_id=booking,
                client_id=client,
                trainer_id=_trainer(number % TRAINERS),
                start=START + timedelta(days=number % 60),
            )
            access = a_booking_access(booking)
            contact = a_contact(client, email=f"c{number}@example.org", bookings=(access,))
            await self._notify.hear(contact, fact)
        self._booked += bookings
        return 2 * bookings

    async def ours(self, mails: int) -> tuple[float, float, list[Kept]]:
        """Seconds until the server has them all, this process' own until they are written as sent,
        and what the server has."""
        began, worked = time.perf_counter(), time.process_time()
        running = asyncio.create_task(self._notify.sender.run())
        try:
            await asyncio.wait_for(self._sink.ask(f"count {mails}"), WITHIN_S)
            took = time.perf_counter() - began
            await eventually(self._all_sent, "all mails written as sent", within_s=WITHIN_S)
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
        return took, time.process_time() - worked, await self._kept()

    async def bare(self, mails: list[Kept]) -> float:
        """Seconds of a plain loop over one connection, with the same bytes."""
        client = SMTP(hostname="127.0.0.1", port=self._sink.port, start_tls=False)
        await client.connect()
        began = time.perf_counter()
        for sender, recipient, text in mails:
            await client.sendmail(sender, [recipient], text)
        took = time.perf_counter() - began
        await client.quit()
        await self._kept()
        return took

    async def ceiling(self, mails: list[Kept]) -> float:
        """Seconds of raw sockets that send the same bytes: no client is faster than the server."""
        began = time.perf_counter()
        await asyncio.gather(*(self._raw(mails[n::AT_ONCE]) for n in range(AT_ONCE)))
        took = time.perf_counter() - began
        await self._kept()
        return took

    async def _raw(self, mails: list[Kept]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._sink.port)
        await reader.readline()
        writer.write(b"EHLO bench.example\r\n")
        while not (await reader.readline()).startswith(b"250 "):
            pass
        for sender, recipient, text in mails:
            writer.write(f"MAIL FROM:<{sender}>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n".encode())
            for _ in range(3):
                await reader.readline()
            writer.write(text + b".\r\n")
            await reader.readline()
        writer.close()

    async def _kept(self) -> list[Kept]:
        await self._sink.ask(f"keep {self._place}")
        mails: list[Kept] = pickle.loads(await asyncio.to_thread(self._place.read_bytes))
        return mails

    async def _all_sent(self) -> bool:
        [row] = await self._notify.rows(
            "select count(*) from deliveries where nature = 'announcement' and state <> 'sent'"
        )
        return not row["count"]


def _trainer(number: int) -> UUID:
    return UUID(int=1_000 + number)


async def main(url: str, kind: str) -> None:
    """Print the mails a second of each round."""
    found = defaultdict[str, list[float]](list)
    with tempfile.TemporaryDirectory(prefix="limber-mails-") as folder:
        async with Database(url, SCHEMA).opened() as db, sink_process(kind) as sink:
            sending = Sending(db, sink, Path(folder))
            await sending.introduce_trainers()
            await sending.ours(await sending.fill(WARM_UP))
            for _ in range(ROUNDS):
                count = await sending.fill(BOOKINGS)
                took, worked, mails = await sending.ours(count)
                if len(mails) != count:
                    raise RuntimeError(f"{count} mails were due, {len(mails)} came")
                found["ours"].append(count / took)
                found["ms_of_processor"].append(worked / count * 1000)
                found["bare"].append(count / await sending.bare(mails))
                found["ceiling"].append(count / await sending.ceiling(mails))
                found["bytes"].append(sum(len(text) for *_, text in mails) / count)
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:3]))
