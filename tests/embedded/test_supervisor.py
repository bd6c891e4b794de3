"""`limber up` as a process: readiness, restarts, kills, the second start, the stop."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.embedded import ports
from deploy.embedded.procfs import Identity, identify
from deploy.embedded.ready import kafka_answers, wait_until
from deploy.stack import ProcessEntry, StackFile, read_last, read_running

pytestmark = pytest.mark.embedded

# What a loaded machine may take; the expectation is a few seconds.
PATIENCE_SECONDS = 90.0
POLL_SECONDS = 0.05
# The promise is ten seconds; the interpreter's own end comes on top.
STOP_SECONDS = 11.0

NAMES = {"postgres", "kafka", "mail", "booking-1", "notify-1", "notify-2", "progress-1"}


class Up:
    """One home, with a supervisor in it while `process` lives."""

    def __init__(self, home: Path, port: int) -> None:
        self.home = home
        self.environment = {
            **os.environ,
            "LIMBER_HOME": str(home),
            "LIMBER_PORT": str(port),
            "PYTHONUNBUFFERED": "1",
        }
        self.output = home.parent / "output"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait for the line `ready`."""
        self.process = self._run(self.output)
        until(self._ready, "ready")

    def refused(self) -> subprocess.CompletedProcess[str]:
        """Start a second one and wait for its end."""
        second = self.home.parent / "second"
        process = self._run(second)
        code = process.wait(timeout=PATIENCE_SECONDS)
        return subprocess.CompletedProcess((), code, second.read_text())

    def stop(self) -> int:
        """Ask it to stop; its exit code. Fails when that takes longer than promised."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(timeout=STOP_SECONDS)

    def limber(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command in this home."""
        return subprocess.run(
            (sys.executable, "-m", "deploy.cli", *arguments),
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )

    def running(self) -> StackFile:
        """What it says of itself."""
        found = read_running(self.home)
        assert found is not None
        return found

    def entry(self, name: str) -> ProcessEntry | None:
        """One process, None while it is down."""
        return {process.name: process for process in self.running().processes}.get(name)

    def kill(self, name: str) -> ProcessEntry:
        """SIGKILL a process and wait for its successor."""
        before = self.entry(name)
        assert before is not None
        os.kill(before.pid, signal.SIGKILL)
        until(lambda: self._other(name, before), f"{name} started again")
        after = self.entry(name)
        assert after is not None
        return after

    def _other(self, name: str, before: ProcessEntry) -> bool:
        now = self.entry(name)
        return now is not None and now.pid != before.pid

    def _run(self, output: Path) -> subprocess.Popen[bytes]:
        with output.open("wb") as file:
            return subprocess.Popen(
                (sys.executable, "-m", "tests.embedded.standin", "up", "notify=2"),
                env=self.environment,
                stdout=file,
                stderr=subprocess.STDOUT,
            )

    def _ready(self) -> bool:
        assert self.process is not None
        lines = self.output.read_text().splitlines()
        assert self.process.poll() is None, "\n".join(lines)
        return bool(lines) and lines[-1].startswith("ready ")


def until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline, f"not yet: {what}"
        time.sleep(POLL_SECONDS)


def alive(entry: ProcessEntry) -> bool:
    return identify(entry.pid) == Identity(entry.pid, entry.boot, entry.started)


def health(port: int) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


async def accepts_query(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval("select 40 + 2"))
    finally:
        await connection.close()


@pytest.fixture(scope="module")
def home() -> Iterator[Up]:
    place = Path(tempfile.mkdtemp(prefix="limber-test-"))
    place.chmod(0o711)
    spare = ports.choose(["booking-1"], 27_000, {})["booking-1"]
    spare.release()
    up = Up(place / "home", spare.port)
    yield up
    if up.process and up.process.poll() is None:
        up.process.terminate()
        up.process.wait(timeout=STOP_SECONDS)
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
def up(home: Up) -> Up:
    """A running stack, the same for all tests as long as they leave it running."""
    if home.process is None or home.process.poll() is not None:
        home.start()
    return home


def test_every_process_is_listed_with_its_pid_and_port(up: Up) -> None:
    rows = [line.split() for line in up.limber("ps").stdout.splitlines()]

    assert {name for name, _, _ in rows} == NAMES
    assert all(identify(int(pid)) for _, pid, _ in rows)
    assert {name: int(port) for name, _, port in rows} == {
        name: up.running().ports[name] for name in NAMES
    }


async def test_the_addresses_it_tells_are_real(up: Up) -> None:
    lines = dict(line.split("=", 1) for line in up.limber("env").stdout.splitlines())

    assert set(lines) == {"BASE_URL", "KAFKA_BOOTSTRAP", "DATABASE_URL", "MAIL_URL"}
    assert await accepts_query(lines["DATABASE_URL"]) == 42
    assert lines["BASE_URL"] == up.running().base_url
    assert health(up.running().ports["mail"]) == 200


def test_a_second_start_is_refused_and_names_the_first(up: Up) -> None:
    second = up.refused()

    assert second.returncode == 1
    assert up.process is not None
    assert f"pid {up.process.pid}" in second.stdout
    assert up.process.poll() is None


def test_secrets_belong_to_their_owner_alone(up: Up) -> None:
    modes = {
        name: (up.home / name).stat().st_mode & 0o777
        for name in ("secrets.json", "stack.json", "logs", "kafka", "postgres", "mail.sqlite")
    }

    assert modes == {
        "secrets.json": 0o600,
        "stack.json": 0o600,
        "logs": 0o700,
        "kafka": 0o700,
        "postgres": 0o700,
        "mail.sqlite": 0o600,
    }


async def test_the_database_is_reached_by_password_only(up: Up) -> None:
    address = up.running().database_url.rpartition("@")[2]

    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(f"postgresql://postgres:wrong@{address}")


def test_a_killed_service_starts_again_on_its_port(up: Up) -> None:
    before = up.running().ports["notify-2"]

    after = up.kill("notify-2")
    until(lambda: health(after.port) == 200, "notify-2 healthy")

    assert after.port == before
    assert "notify-2 was killed by SIGKILL; starting it again in 0.5 s" in up.output.read_text()


async def test_a_killed_database_comes_back_with_its_data(up: Up) -> None:
    url = up.running().database_url
    connection = await asyncpg.connect(url)
    await connection.execute("create table if not exists kept (n int)")
    await connection.execute("insert into kept values (1)")
    connection.terminate()

    up.kill("postgres")

    connection = await _connect_again(url)
    try:
        assert await connection.fetchval("select count(*) from kept") >= 1
    finally:
        await connection.close()


async def _connect_again(url: str) -> "asyncpg.Connection[asyncpg.Record]":
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return await asyncpg.connect(url)
        except (OSError, asyncpg.CannotConnectNowError, asyncpg.PostgresConnectionError):
            assert time.monotonic() < deadline


async def test_events_of_a_killed_broker_are_still_there(up: Up) -> None:
    bootstrap = up.running().kafka_bootstrap
    topic = f"kept-{time.monotonic_ns()}"
    await _create(bootstrap, topic)
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        headers = [("ce_type", b"test.done.v1")]
        await producer.send_and_wait(topic, b'{"n": 1}', key=b"k", headers=headers)
        await producer.send_and_wait(topic, b"no json \xff", key=None)

    after = up.kill("kafka")
    await wait_until(lambda: kafka_answers(after.port), seconds=PATIENCE_SECONDS, what="Kafka")
    printed = up.limber("events", topic, "--from-beginning", "--max", "2")

    assert printed.stderr == ""
    first, second = (json.loads(line) for line in printed.stdout.splitlines())
    assert first == {
        "key": "k",
        "headers": {"ce_type": "test.done.v1"},
        "value": {"n": 1},
        "partition": 0,
        "offset": 0,
    }
    assert (second["key"], second["value"]) == (None, "no json �")


async def _create(bootstrap: str, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])
    finally:
        await admin.close()


def test_an_unknown_topic_is_an_error_and_makes_none(up: Up) -> None:
    printed = up.limber("events", "typing.mistake", "--from-beginning", "--max", "1")

    assert (printed.returncode, printed.stdout) == (1, "")
    assert "no topic 'typing.mistake'" in printed.stderr


def test_a_killed_supervisor_leaves_no_orphan_and_no_lock(up: Up) -> None:
    children = up.running().processes
    assert up.process is not None
    up.process.kill()
    up.process.wait()
    until(lambda: not any(alive(child) for child in children), "all children gone")

    assert up.limber("ps").returncode == 1
    up.start()

    assert {process.name for process in up.running().processes} == NAMES


def test_a_start_right_after_a_kill_waits_for_the_old_processes(up: Up) -> None:
    children = up.running().processes
    assert up.process is not None
    up.process.kill()
    up.process.wait()

    up.start()

    assert not any(alive(child) for child in children)
    assert health(up.running().ports["booking-1"]) == 200


def test_a_stop_ends_everything_and_keeps_the_ports_for_the_next_start(up: Up) -> None:
    before = up.running()

    assert up.stop() == 0
    assert not any(alive(child) for child in before.processes)
    assert "no stack is running" in up.limber("ps").stderr
    assert up.limber("env").returncode == 1

    up.start()
    assert up.running().ports == before.ports


def test_a_stop_while_starting_ends_everything(up: Up) -> None:
    up.stop()
    up.process = up._run(up.output)
    until(lambda: bool((last := read_last(up.home)) and last.processes), "something runs")

    assert up.stop() == 0
    last = read_last(up.home)
    assert last is not None
    assert not any(alive(child) for child in last.processes)


def test_a_taken_port_moves_the_front_door_and_says_so(up: Up) -> None:
    up.stop()
    wanted = int(up.environment["LIMBER_PORT"])
    with socket.create_server(("127.0.0.1", wanted)):
        up.start()
        moved = up.running().ports["booking-1"]
        up.stop()

    assert moved != wanted
    assert f"port {wanted} is taken; Limber is on port {moved} instead" in up.output.read_text()
    assert f"ready http://127.0.0.1:{moved}" in up.output.read_text()
