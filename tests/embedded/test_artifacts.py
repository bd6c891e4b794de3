"""Downloads: truncated, wrong or absent files never reach the cache; whole ones need no network."""

import hashlib
import io
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from deploy.embedded.artifacts import Pin, Repository, read_pins, unpack_postgres
from deploy.embedded.console import Console
from deploy.embedded.errors import StackError
from deploy.embedded.ports import reserve

CONTENT = b"a jar, or something like it" * 100
PIN = Pin(
    coordinate="example.group:thing:1.0",
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    size=len(CONTENT),
)
QUIET = Console(quiet=True)


class FakeRepository(ThreadingHTTPServer):
    """Answers each request with the next of `bodies`, the last one again and again."""

    def __init__(self, bodies: list[bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.bodies = bodies
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: FakeRepository

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        body = self.server.bodies[0]
        if len(self.server.bodies) > 1:
            self.server.bodies.pop(0)
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep quiet."""


@contextmanager
def repository_with(*bodies: bytes) -> Iterator[FakeRepository]:
    server = FakeRepository(list(bodies))
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("M2_REPO", raising=False)


def test_a_download_cut_short_is_fetched_again(tmp_path: Path) -> None:
    with repository_with(CONTENT[:50], CONTENT) as server:
        (path,) = Repository(tmp_path, server.url).fetch((PIN,), QUIET)

    assert path.read_bytes() == CONTENT
    assert server.asked == ["/example/group/thing/1.0/thing-1.0.jar"] * 2


def test_a_truncated_file_in_the_cache_is_fetched_again(tmp_path: Path) -> None:
    with repository_with(CONTENT) as server:
        repository = Repository(tmp_path, server.url)
        (path,) = repository.fetch((PIN,), QUIET)
        path.write_bytes(CONTENT[:-1])
        repository.fetch((PIN,), QUIET)

    assert path.read_bytes() == CONTENT


def test_a_file_with_other_content_never_reaches_the_cache(tmp_path: Path) -> None:
    with repository_with(b"x" * len(CONTENT)) as server:
        repository = Repository(tmp_path, server.url)
        with pytest.raises(StackError, match=r"cannot download example\.group:thing:1\.0"):
            repository.fetch((PIN,), QUIET)

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_warm_cache_needs_no_network(tmp_path: Path) -> None:
    with repository_with(CONTENT) as server:
        Repository(tmp_path, server.url).fetch((PIN,), QUIET)
    with repository_with(b"") as other:
        Repository(tmp_path, other.url).fetch((PIN,), QUIET)

    assert other.asked == []


def test_an_unreachable_repository_is_told_with_what_to_do(tmp_path: Path) -> None:
    closed = reserve(0)
    assert closed is not None
    closed.release()

    with pytest.raises(StackError, match="LIMBER_MAVEN_REPOSITORY"):
        Repository(tmp_path, f"http://127.0.0.1:{closed.port}").fetch((PIN,), QUIET)


def test_an_interrupted_unpacking_leaves_nothing_that_looks_complete(tmp_path: Path) -> None:
    broken = tmp_path / "broken.jar"
    with zipfile.ZipFile(broken, "w") as archive:
        archive.writestr("postgres.txz", _server_tree()[:100])
    places = tmp_path / "places"

    with pytest.raises((EOFError, tarfile.ReadError)):
        unpack_postgres(broken, PIN, places, QUIET)

    assert list(places.iterdir()) == []


def test_the_server_is_unpacked_once_and_readable_by_all(tmp_path: Path) -> None:
    jar = tmp_path / "good.jar"
    with zipfile.ZipFile(jar, "w") as archive:
        archive.writestr("postgres.txz", _server_tree())

    first = unpack_postgres(jar, PIN, tmp_path / "places", QUIET)
    jar.unlink()
    second = unpack_postgres(jar, PIN, tmp_path / "places", QUIET)

    assert first == second
    assert (first / "bin" / "postgres").stat().st_mode & 0o777 == 0o755
    assert (first / "bin").stat().st_mode & 0o777 == 0o755


def test_the_pins_name_postgres_18_and_kafka_4_1() -> None:
    pins = read_pins()

    assert {"linux-amd64", "linux-arm64v8"} == set(pins.postgres)
    assert all(":18." in pin.coordinate for pin in pins.postgres.values())
    assert "org.apache.kafka:kafka_2.13:4.1.1" in {pin.coordinate for pin in pins.kafka}
    kafka = [pin.coordinate for pin in pins.kafka if "org.apache.kafka:" in pin.coordinate]
    assert {"4.1.1"} == {coordinate.rpartition(":")[2] for coordinate in kafka}


def _server_tree() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:xz") as tree:
        entry = tarfile.TarInfo("bin/postgres")
        content = b"#!/bin/sh\n" * 100
        entry.size, entry.mode = len(content), 0o755
        tree.addfile(entry, io.BytesIO(content))
    return packed.getvalue()
