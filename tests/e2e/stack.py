"""A stack of its own for a test: `limber up` in a new home, or compose in a new project."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from tests.e2e.reach import Reach
from tests.servers import free_port

CHECKOUT = Path(__file__).parents[2]
LIMBER = str(Path(sys.executable).with_name("limber"))

UP_WITHIN_S = 150.0
"""Cold downloads included; a warm start takes a tenth."""

STOP_WITHIN_S = 15.0


@asynccontextmanager
async def embedded(
    home: Path, *, replicas: str | None = None, variables: Mapping[str, str] | None = None
) -> AsyncIterator[Reach]:
    """`limber up` until ready, with more variables than the test's own; stopped afterwards."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("LIMBER_")},
        "LIMBER_HOME": str(home),
        "LIMBER_PORT": str(free_port()),
        "LIMBER_TEST_CLOCK": "1",
        **(variables or {}),
    }
    if cache := os.environ.get("LIMBER_CACHE"):
        environment["LIMBER_CACHE"] = cache
    arguments = ["up", *(["--replicas", replicas] if replicas else [])]
    up = await asyncio.create_subprocess_exec(
        LIMBER,
        *arguments,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        base_url = await asyncio.wait_for(_ready(up), UP_WITHIN_S)
        draining = asyncio.create_task(_drain(up))
        yield Reach(base_url, [LIMBER], environment)
        draining.cancel()
    finally:
        if up.returncode is None:
            up.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(up.wait(), STOP_WITHIN_S)
        except TimeoutError:
            up.kill()
            await up.wait()
            raise


def engine_answers() -> bool:
    """Whether `docker compose` works here."""
    if shutil.which("docker") is None:
        return False
    for probe in (["docker", "info"], ["docker", "compose", "version"]):
        if subprocess.run(probe, capture_output=True, check=False, timeout=20).returncode:
            return False
    return True


@asynccontextmanager
async def compose() -> AsyncIterator[Reach]:
    """`docker compose up --build --wait` in a project of its own; removed afterwards."""
    port, mail_port = free_port(), free_port()
    project = ["docker", "compose", "-p", f"limber-test-{os.getpid()}"]
    environment = {
        **os.environ,
        "LIMBER_PORT": str(port),
        "LIMBER_MAIL_PORT": str(mail_port),
        "LIMBER_TEST_CLOCK": "1",
    }
    try:
        await _run([*project, "up", "--build", "--wait", "--wait-timeout", "180"], environment)
        command = [*project, "exec", "-T", "booking", "limber"]
        yield Reach(f"http://127.0.0.1:{port}", command, environment)
    finally:
        await _run([*project, "down", "--volumes", "--timeout", "10"], environment)


async def _run(command: list[str], environment: dict[str, str]) -> None:
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, cwd=CHECKOUT, stdout=PIPE, stderr=asyncio.subprocess.STDOUT
    )
    out, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}:\n{out.decode()[-3000:]}")


async def _ready(up: asyncio.subprocess.Process) -> str:
    printed = []
    assert up.stdout is not None
    async for line in up.stdout:
        text = line.decode().strip()
        printed.append(text)
        if text.startswith("ready "):
            return text.removeprefix("ready ")
    raise AssertionError("limber up ended:\n" + "\n".join(printed[-30:]))


async def _drain(up: asyncio.subprocess.Process) -> None:
    assert up.stdout is not None
    async for _ in up.stdout:
        pass
