"""PostgreSQL, Kafka and the inbox alone, in a home of their own: for tests.

`with running(home) as servers:` starts them in a child process, so that no event loop of
the caller is involved; a process of theirs that is killed is started again.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.embedded.console import Console
from deploy.embedded.errors import StackError
from deploy.embedded.home import Home
from deploy.embedded.infrastructure import STOP_SECONDS, Infrastructure
from deploy.embedded.process import LAUNCHER, PROJECT
from deploy.embedded.stopping import STOP_SIGNALS, first_failure, unless_stopped
from deploy.stack import read_running

# Away from where a person's own stack looks for ports.
BASE_PORT = 23_000

LAST_GRACE_SECONDS = 3.0


@dataclass(frozen=True)
class Servers:
    """Where the servers are; `database_url` is the superuser's, in the database `postgres`."""

    home: str
    database_url: str
    kafka_bootstrap: str
    mail_url: str
    smtp_url: str

    def pid(self, name: str) -> int:
        """The pid of `postgres`, `kafka` or `mail`; raises StackError while it is down."""
        running = read_running(Path(self.home))
        for process in running.processes if running else ():
            if process.name == name:
                return process.pid
        raise StackError(f"{name} is not running")


@contextmanager
def running(home: Path) -> Iterator[Servers]:
    """Real servers while the block runs; raises StackError when they do not start.

    Must be called in the main thread: the servers die with the thread that started them.
    """
    command = (
        *(sys.executable, "-I", "-S", str(LAUNCHER)),
        *(str(os.getpid()), str(int(signal.SIGTERM)), "-"),
        *(sys.executable, "-m", "deploy.embedded.servers", str(home)),
    )
    with subprocess.Popen(
        command, cwd=PROJECT, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                raise StackError(f"the servers in {home} did not start")
            yield Servers(**json.loads(line))
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS + LAST_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


async def serve(path: Path) -> None:
    """Run the servers until SIGTERM; print their addresses as one JSON line."""
    stop = asyncio.Event()
    for number in STOP_SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with Home(path) as home:
        base = Infrastructure(home, Console(quiet=True), base_port=BASE_PORT)
        try:
            if await unless_stopped(stop, _start(base)):
                print(json.dumps(asdict(_addresses(base))), flush=True)
                await stop.wait()
        finally:
            await base.stop()
            base.forget()


async def _start(base: Infrastructure) -> None:
    await base.claim()
    await base.fetch()
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(base.start_postgres())
            tasks.create_task(base.start_kafka())
            tasks.create_task(base.start_mail())
    except ExceptionGroup as group:
        raise first_failure(group) from None


def _addresses(base: Infrastructure) -> Servers:
    return Servers(
        home=str(base.home.path),
        database_url=base.superuser_url("postgres"),
        kafka_bootstrap=base.kafka_bootstrap,
        mail_url=base.mail_url,
        smtp_url=base.smtp_url,
    )


if __name__ == "__main__":
    try:
        asyncio.run(serve(Path(sys.argv[1])))
    except StackError as failure:
        sys.exit(f"limber: {failure}")
