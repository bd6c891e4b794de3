"""The packages that hold Kafka and PostgreSQL: pinned, verified, cached, never half there."""

import hashlib
import os
import platform
import tarfile
import tempfile
import threading
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO
from uuid import uuid4

import requests
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.maven import Artifact, MavenContext, PythonResolver
from jgo.util import http
from pydantic import BaseModel, ConfigDict

from deploy.embedded.console import Console
from deploy.embedded.errors import StackError

PINS = Path(__file__).with_name("artifacts.json")

DOWNLOADS_AT_ONCE = 6
# A broken connection or a truncated body is tried again; a wrong file three times in a
# row is the repository's fault.
TRIES = 3
HTTP_TIMEOUT_SECONDS = 30
CHUNK_BYTES = 1 << 16

ARCHITECTURES = {"x86_64": "linux-amd64", "aarch64": "linux-arm64v8"}

Count = Callable[[int], None]


class Pin(BaseModel):
    """One file of a repository, known by its content."""

    model_config = ConfigDict(frozen=True)

    coordinate: str
    sha256: str
    size: int


class Pins(BaseModel):
    """All files the stack is made of."""

    model_config = ConfigDict(frozen=True)

    kafka: tuple[Pin, ...]
    postgres: dict[str, Pin]


def cache_directory() -> Path:
    """Where downloads are kept: LIMBER_CACHE, else ~/.cache/limber."""
    return Path(os.environ.get("LIMBER_CACHE") or Path.home() / ".cache" / "limber").absolute()


def read_pins() -> Pins:
    """The files this version of Limber runs on."""
    return Pins.model_validate_json(PINS.read_bytes())


def postgres_pin(pins: Pins) -> Pin:
    """The PostgreSQL for this machine; raises StackError where there is none."""
    architecture = ARCHITECTURES.get(platform.machine())
    if architecture is None:
        raise StackError(
            f"no PostgreSQL package for {platform.machine()}; use `docker compose up` there"
        )
    return pins.postgres[architecture]


class Repository:
    """A Maven repository and the local copy of what was taken from it."""

    def __init__(self, cache: Path, url: str | None = None) -> None:
        local = os.environ.get("M2_REPO")
        url = url or os.environ.get("LIMBER_MAVEN_REPOSITORY") or MAVEN_CENTRAL_URL
        self._context = MavenContext(
            resolver=PythonResolver(),
            repo_cache=Path(local) if local else cache / "maven",
            remote_repos={"repository": url.rstrip("/")},
            timeout=HTTP_TIMEOUT_SECONDS,
        )

    def path(self, pin: Pin) -> Path:
        """Where the file of a pin is kept, whether it is there or not."""
        path = self._artifact(pin).cached_path
        if path is None:
            raise StackError(f"no local place for {pin.coordinate}")
        return path

    def fetch(self, pins: tuple[Pin, ...], console: Console) -> list[Path]:
        """Make sure each pinned file is here and whole; without network when all are.

        Raises StackError when a file cannot be had.
        """
        with ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as pool:
            whole = list(pool.map(self.has, pins))
            missing = [pin for pin, there in zip(pins, whole, strict=True) if not there]
            if missing:
                self._download_all(missing, pool, console)
        return [self.path(pin) for pin in pins]

    def has(self, pin: Pin) -> bool:
        """Whether the file is here with exactly the pinned content."""
        path = self.path(pin)
        if not path.is_file() or path.stat().st_size != pin.size:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == pin.sha256

    def _download_all(self, pins: list[Pin], pool: ThreadPoolExecutor, console: Console) -> None:
        total = sum(pin.size for pin in pins)
        show = console.progress("downloading PostgreSQL and Kafka")
        lock = threading.Lock()
        files = size = 0

        def count(read: int) -> None:
            nonlocal size
            with lock:
                size += read
                show(files, len(pins), min(size, total), total)

        def download(pin: Pin) -> None:
            nonlocal files
            self._download(pin, count)
            with lock:
                files += 1

        console.say(f"downloading {len(pins)} files, {total / 1e6:.1f} MB (first time only)")
        for _ in pool.map(download, pins):
            pass
        console.say(f"downloaded {files} files, {total / 1e6:.1f} MB")

    def _download(self, pin: Pin, count: Count) -> None:
        problem = ""
        for _ in range(TRIES):
            try:
                self._try_download(pin, count)
            except (requests.RequestException, _BrokenError) as error:
                problem = str(error)
            else:
                return
        raise StackError(
            f"cannot download {pin.coordinate}: {problem}; "
            "check the network, or set LIMBER_MAVEN_REPOSITORY to a mirror"
        )

    def _try_download(self, pin: Pin, count: Count) -> None:
        path = self.path(pin)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.{uuid4().hex}.part")
        try:
            with part.open("wb") as file:
                self._receive(pin, file, count)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def _receive(self, pin: Pin, part: IO[bytes], count: Count) -> None:
        url = self._url(pin)
        digest, size = hashlib.sha256(), 0
        with http.get(url, stream=True, timeout=HTTP_TIMEOUT_SECONDS) as answer:
            answer.raise_for_status()
            for chunk in answer.iter_content(CHUNK_BYTES):
                part.write(chunk)
                digest.update(chunk)
                size += len(chunk)
                count(len(chunk))
        if digest.hexdigest() != pin.sha256:
            count(-size)
            raise _BrokenError(f"{size} of {pin.size} bytes, or other content than pinned")

    def _artifact(self, pin: Pin) -> Artifact:
        return self._context.create_dependency(pin.coordinate).artifact

    def _url(self, pin: Pin) -> str:
        artifact = self._artifact(pin)
        (repository,) = self._context.remote_repos.values()
        folder = artifact.component.path_prefix.as_posix()
        return f"{repository}/{folder}/{artifact.filename}"


class _BrokenError(Exception):
    """A download that is not what was asked for."""


def unpack_postgres(jar: Path, pin: Pin, parent: Path, console: Console) -> Path:
    """Unpack the server below `parent` once; return the directory with bin, lib and share."""
    target = parent / f"postgres-{pin.sha256[:16]}"
    if target.is_dir():
        return target
    console.say("unpacking PostgreSQL")
    parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    with tempfile.TemporaryDirectory(dir=parent, prefix=".postgres-") as scratch:
        room = Path(scratch) / "tree"
        room.mkdir(mode=0o755)
        with zipfile.ZipFile(jar) as archive:
            (name,) = (name for name in archive.namelist() if name.endswith(".txz"))
            with archive.open(name) as packed, tarfile.open(fileobj=packed, mode="r|xz") as tree:
                # Python before 3.11.4 knows no filters; the pinned content is trusted anyway.
                tree.extraction_filter = getattr(tarfile, "data_filter", None)
                tree.extractall(room)  # noqa: S202
        for place in (room, *(path for path in room.rglob("*") if path.is_dir())):
            place.chmod(0o755)
        try:
            room.rename(target)
        except OSError:
            # Another start was quicker; its tree is as good as ours.
            if not target.is_dir():
                raise
    return target
