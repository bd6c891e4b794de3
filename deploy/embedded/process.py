"""One process of the stack: started so that it cannot outlive us, kept alive, stopped in time."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.embedded.account import Account
from deploy.embedded.console import Console
from deploy.embedded.errors import StackError
from deploy.embedded.home import Home
from deploy.embedded.ports import Reservation
from deploy.embedded.procfs import Identity, identify

LAUNCHER = Path(__file__).with_name("launch.py")
PROJECT = Path(__file__).resolve().parents[2]

# A process that dies is started again: soon at first, then less and less often; one
# that stayed up this long has proved itself.
FIRST_BACKOFF_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 10.0
PROVED_SECONDS = 30.0

# How much of a log to show when a start fails.
TAIL_BYTES = 2_000


@dataclass(frozen=True)
class Spec:
    """What to run. `death_signal` is what the process gets when its supervisor is killed."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    reservation: Reservation | None = None
    also_releases: tuple[Reservation, ...] = ()
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL
    account: Account | None = None
    working_directory: Path = field(default=PROJECT)

    @property
    def port(self) -> int:
        """The port it serves; 0 where it serves none."""
        return self.reservation.port if self.reservation else 0


async def spawn(spec: Spec, home: Home) -> asyncio.subprocess.Process:
    """Start a process in its own session, output to its log.

    Must run in the main thread: the death signal follows the thread that forked.
    """
    account = f"{spec.account.uid}:{spec.account.gid}" if spec.account else "-"
    launcher = (sys.executable, "-I", "-S", str(LAUNCHER))
    for reservation in (spec.reservation, *spec.also_releases):
        if reservation:
            reservation.release()
    descriptor = os.open(home.rotate_log(spec.name), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        return await asyncio.create_subprocess_exec(
            *launcher,
            str(os.getpid()),
            str(int(spec.death_signal)),
            account,
            *spec.command,
            env=dict(spec.environment),
            cwd=spec.working_directory,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            start_new_session=True,
        )
    finally:
        os.close(descriptor)


class Child:
    """A process that is started again whenever it ends, until it is stopped."""

    def __init__(
        self, spec: Spec, home: Home, console: Console, changed: Callable[[], None]
    ) -> None:
        self.spec = spec
        self.identity: Identity | None = None
        self._home = home
        self._console = console
        self._changed = changed
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._restarts = 0

    async def start(self) -> None:
        """Start the process and go on keeping it alive in the background."""
        began = time.monotonic()
        process = await self._spawn()
        self._keeper = asyncio.create_task(self._keep(process, began), name=self.spec.name)

    async def stop(self, grace: float) -> None:
        """End the process: its stop signal, then after `grace` seconds SIGKILL."""
        self._stopping.set()
        if self._keeper is None:
            return
        self._signal(self.spec.stop_signal)
        done, _ = await asyncio.wait([self._keeper], timeout=grace)
        if not done:
            self._console.say(f"{self.spec.name} does not stop; killing it")
            self._signal(signal.SIGKILL)
            await asyncio.wait([self._keeper])
        self._keeper.result()

    def _signal(self, number: signal.Signals) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        try:
            if number is signal.SIGKILL:
                os.killpg(process.pid, number)
            else:
                process.send_signal(number)
        except ProcessLookupError:
            return

    async def _spawn(self) -> asyncio.subprocess.Process:
        self._process = process = await spawn(self.spec, self._home)
        self.identity = identify(process.pid)
        self._changed()
        return process

    async def _keep(self, process: asyncio.subprocess.Process, began: float) -> None:
        failures = 0
        while True:
            code = await process.wait()
            self.identity = None
            self._changed()
            if self._stopping.is_set():
                return
            if time.monotonic() - began >= PROVED_SECONDS:
                failures = 0
            delay = min(LONGEST_BACKOFF_SECONDS, FIRST_BACKOFF_SECONDS * 2**failures)
            failures += 1
            self._console.say(
                f"{self.spec.name} {_ending(code)}; starting it again in {delay:g} s "
                f"(log: {self._home.log(self.spec.name)})"
            )
            if await self._stopped_within(delay):
                return
            began = time.monotonic()
            process = await self._spawn()
            if self._stopping.is_set():
                self._signal(self.spec.stop_signal)
            else:
                self._console.say(f"{self.spec.name} started again (pid {process.pid})")

    async def _stopped_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return False
        return True


async def run_job(spec: Spec, home: Home) -> None:
    """Run a process that ends by itself; raises StackError with the end of its log if it fails."""
    process = await spawn(spec, home)
    try:
        code = await process.wait()
    except asyncio.CancelledError:
        if process.returncode is None:
            process.kill()
            await process.wait()
        raise
    if code != 0:
        raise StackError(f"{spec.name} {_ending(code)}:\n{tail(home.log(spec.name))}")


def tail(log: Path) -> str:
    """The end of a log, for a person to see what went wrong."""
    if not log.exists():
        return "(no output)"
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - TAIL_BYTES))
        return file.read().decode(errors="replace").strip() or "(no output)"


def _ending(code: int) -> str:
    if code < 0:
        return f"was killed by {signal.Signals(-code).name}"
    return f"ended with code {code}"
