"""What a killed supervisor left: its own processes are ended, strangers never."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.embedded import leftovers
from deploy.embedded.console import Console
from deploy.embedded.procfs import identify
from deploy.stack import ProcessEntry

SLEEPER = (sys.executable, "-uc", "import sys; print(); sys.stdin.read()")
QUIET = Console(quiet=True)


@contextmanager
def sleeper(place: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A process that waits, in a directory, until it is ended."""
    with subprocess.Popen(
        SLEEPER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=place
    ) as process:
        try:
            # Until it has spoken it may still look like the process it was forked from.
            assert process.stdout is not None
            process.stdout.readline()
            yield process
        finally:
            process.kill()


def entry_of(process: subprocess.Popen[bytes]) -> ProcessEntry:
    identity = identify(process.pid)
    assert identity is not None
    return ProcessEntry(
        name="notify-1",
        pid=process.pid,
        port=0,
        boot=identity.boot,
        started=identity.started,
        command=SLEEPER,
    )


async def test_a_recorded_process_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "PATIENCE_SECONDS", 0.0)
    with sleeper() as process:
        await leftovers.reap([entry_of(process)], tmp_path, QUIET)

        assert process.wait() == -9


@pytest.mark.parametrize(
    "change", [{"started": 1}, {"boot": "another"}, {"command": ("something", "else")}]
)
async def test_a_stranger_with_the_same_pid_is_left_alone(
    change: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leftovers, "PATIENCE_SECONDS", 0.0)
    with sleeper() as process:
        stale = entry_of(process).model_copy(update=change)
        await leftovers.reap([stale], tmp_path, QUIET)

        assert process.poll() is None


async def test_a_pid_file_that_names_a_stranger_is_removed(tmp_path: Path) -> None:
    pid_file = tmp_path / "postmaster.pid"
    with sleeper() as process:
        pid_file.write_text(f"{process.pid}\n{tmp_path}\n")
        await leftovers.reap([], tmp_path, QUIET)

        assert process.poll() is None
    assert not pid_file.exists()


async def test_a_server_that_works_in_the_data_directory_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leftovers, "PATIENCE_SECONDS", 0.0)
    with sleeper(tmp_path) as process:
        (tmp_path / "postmaster.pid").write_text(f"{process.pid}\n{tmp_path}\n")
        await leftovers.reap([], tmp_path, QUIET)

        assert process.wait() == -9
    assert not (tmp_path / "postmaster.pid").exists()
